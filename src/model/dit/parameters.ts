import { sizeOf } from '../../autodiff/index.ts'
import { embeddingSize } from '../embedding.ts'
import type { Named, ParameterSpec } from '../network.ts'
import { type DitOptions, ENDS, forkOf, gridOf, headsOf, signalsOf, sizeOfPatch, timesOf } from './options.ts'

/** What an array of parameters is, which decides how it begins. */
export type Role = 'weight' | 'embedder' | 'table' | 'tokens' | 'sines' | 'one' | 'zero'

/** The learned positions. */
export const POSITION = 'position'

export interface DitParameter extends ParameterSpec {
  readonly role: Role
}

type Specs = Named<DitParameter>

/**
 * A linear layer, whose weight is `[in, out]` here and `[out, in]` in files.
 *
 * @param hiddenMatrices  see `ParameterSpec`: those of blocks alone are hidden
 */
const linear = (
  name: string,
  inputs: number,
  outputs: number,
  role: Role = 'weight',
  hiddenMatrices = 0,
): Specs => ({
  [`${name}.weight`]: { shape: [inputs, outputs], transposed: true, linear: true, hiddenMatrices, role },
  [`${name}.bias`]: { shape: [outputs], role: 'zero' },
})

/** Two linear layers with SiLU between them. */
const embedder = (name: string, inputs: number, width: number): Specs => ({
  ...linear(`${name}.0`, inputs, width, 'embedder'),
  ...linear(`${name}.1`, width, width, 'embedder'),
})

const vectorOf = (name: string, size: number, role: Role): Specs => ({ [name]: { shape: [size], role } })

function block(name: string, options: DitOptions): Specs {
  const { width, heads, hidden, injection, qkNorm, activation } = options
  const branches = activation === 'swiglu' ? 2 : 1
  return {
    ...(injection === 'adaln'
      ? linear(`${name}.modulation`, width, 6 * width, 'zero', 6)
      : {
          ...vectorOf(`${name}.norm1.scale`, width, 'one'),
          ...vectorOf(`${name}.norm2.scale`, width, 'one'),
          ...vectorOf(`${name}.gate1`, width, 'zero'),
          ...vectorOf(`${name}.gate2`, width, 'zero'),
        }),
    ...linear(`${name}.qkv`, width, 3 * width, 'weight', 3),
    ...(qkNorm && {
      ...vectorOf(`${name}.q.scale`, width / heads, 'one'),
      ...vectorOf(`${name}.k.scale`, width / heads, 'one'),
    }),
    ...linear(`${name}.out`, width, width, 'weight', 1),
    ...linear(`${name}.mlp.0`, width, branches * hidden, 'weight', branches),
    ...linear(`${name}.mlp.1`, hidden, width, 'weight', 1),
  }
}

/** What adapters call a parameter: the part of a block, the same in all of them, or what stands outside of the blocks. */
const groupOf = (name: string): string =>
  /^(?:velocity\.|divergence\.)?(?:blocks\.\d+\.)?(\w+)/.exec(name)![1]

/** The parameters of a transformer by their names, in the order of the flat vectors. */
export const ditParameters = (options: DitOptions): Specs =>
  Object.fromEntries(
    Object.entries(arraysOf(options)).map(([name, spec]) => [name, { ...spec, group: groupOf(name) }]),
  )

function arraysOf(options: DitOptions): Specs {
  const { shape, width, depth, embedding, frequencies, injection, classes, vector } = options
  const numbers = sizeOfPatch(options) * shape.at(-1)!
  const shown = embeddingSize(embedding, frequencies)
  const embedded = [
    ...timesOf(options),
    ...(options.scale === 'none' ? [] : ['scale']),
    ...(options.interval ? ENDS : []),
  ]
  // Components of a policy that begin alike would stay alike.
  const first = options.policy ? 'weight' : 'zero'
  const final = (prefix: string, outputs: number): Specs => ({
    ...(injection === 'adaln'
      ? linear(`${prefix}final.modulation`, width, 2 * width, 'zero')
      : vectorOf(`${prefix}final.norm.scale`, width, 'one')),
    ...linear(`${prefix}final.out`, width, outputs, first),
  })
  return Object.assign(
    linear('patch', numbers, width),
    options.position === 'learned' && {
      [POSITION]: { shape: [sizeOf(gridOf(options)), width], role: 'sines' },
    },
    options.backbone > 0 && {
      ...linear('state.patch', numbers, width),
      ...embedder('state.time', shown, width),
    },
    ...embedded.map(name => embedder(name, shown, width)),
    vector !== undefined && {
      ...embedder('vector', vector, width),
      ...vectorOf('vector.null', width, 'table'),
    },
    classes !== undefined && { 'class.table': { shape: [classes + 1, width], role: 'table' } },
    ...(injection === 'tokens' ? signalsOf(options) : []).map(({ name, tokens }) => ({
      [`tokens.${name}`]: { shape: [tokens, width], role: 'tokens' },
    })),
    ...headsOf(options).map(({ name, prefix, outputs }) =>
      Object.assign(
        {},
        ...Array.from({ length: depth }, (_, i) => i)
          .filter(i => name === 'average' || (name === 'velocity' && i >= forkOf(options)))
          .map(i => block(`${prefix}blocks.${i}`, options)),
        final(prefix, outputs),
      ),
    ),
  )
}
