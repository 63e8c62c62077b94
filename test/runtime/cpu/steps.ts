import type { CorePrimitive, Graph, Value } from '../../../src/autodiff/index.ts'
import { sizeOf } from '../../../src/autodiff/primitive.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../../src/config/index.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { fromVelocity } from '../../../src/model/index.ts'
import { objectives } from '../../../src/objective/index.ts'
import { type Random, random } from '../../../src/random/random.ts'
import type { Buffer } from '../../../src/runtime/program.ts'
import { buildStep } from '../../../src/training/step.ts'
import { buffers } from './near.ts'

/** A mean `[K]` and second moments `[K, K]` of `size` numbers in all: a covariance of 1. */
function momentsOf(size: number, mean: number): Float64Array {
  const K = Math.round((Math.sqrt(1 + 4 * size) - 1) / 2)
  return Float64Array.from({ length: size }, (_, i) =>
    i < K ? mean : mean ** 2 + Number((i - K) % (K + 1) === 0),
  )
}

/** Values for all inputs of a graph: small parameters, and positive numbers, so that roots and logarithms are finite. */
export function valuesFor(graph: Graph, seed = 1): Value[] {
  const source = random(seed, 'values')
  return graph.inputs.map(({ shape, dtype, params }) => {
    const [, vector] = /\.(samples|data)$/.exec(params.name) ?? []
    if (vector) return { shape, data: momentsOf(sizeOf(shape), vector === 'data' ? 0.3 : 0.1) }
    const isNetwork = /\.(parameters|average)$/.test(params.name)
    // Below all source times, so that a width of their difference is one.
    const isTarget = /\.t$/.test(params.name)
    const draw = () => {
      if (dtype === 'int64') return source.integer(2)
      if (isTarget) return 0.02 + 0.05 * source.uniform()
      return isNetwork ? 0.1 * source.normal() : 0.1 + 0.2 * source.uniform()
    }
    return { shape, data: Float64Array.from({ length: sizeOf(shape) }, draw) }
  })
}

/** Inputs of so many steps: its state once, and all others as often, each time a bit larger. */
export function scannedFor(graph: Graph, carried: number, steps: number): Buffer[] {
  return buffers(graph, valuesFor(graph)).map((values, i) => {
    if (i < carried) return values
    if (values instanceof BigInt64Array)
      return BigInt64Array.from({ length: steps * values.length }, (_, k) => values[k % values.length])
    const { length } = values
    return Float32Array.from(
      { length: steps * length },
      (_, k) => Number(values[k % length]) * (1 + 0.01 * Math.floor(k / length)),
    )
  })
}

/** A change of one word of a program, or of two that may belong together: pairs of a place and the word there. */
export function changeOf(words: Int32Array, drawn: Random): [number, number][] {
  const first = drawn.integer(words.length)
  const places =
    drawn.integer(3) > 0 ? [first] : [first, Math.min(first + 1 + drawn.integer(8), words.length - 1)]
  return places.map(at => {
    const { [at]: word } = words
    const others = [0, 1, -1, word + 1, word - 1, 2 * word, 1 << 20, -(2 ** 31), 2 ** 31 - 1]
    const found = others[drawn.integer(others.length)] | 0
    // Its memory would be taken.
    return [at, at < 3 ? Math.min(found, 1 << 20) : found]
  })
}

export interface Step {
  readonly graph: Graph<CorePrimitive>
  /** Inputs in front that are its state. */
  readonly carried: number
}

/** The training step of a configuration; where it has a teacher, that is a velocity towards 0. */
export function stepOf(user: UserConfig): Step {
  const config = resolveConfig(user)
  const field = fromVelocity(x => x.neg())
  const dataset = generatedDataset(config.data)
  const { network, ...rest } = config
  const point = pointOf(rest, dataset)
  const [height, width] = dataset.shape
  const isSequence = network.kind === 'transformer'
  const { graph, state } = buildStep(config, isSequence ? { ...point, shape: [height, width] } : point, {
    teacher: field,
    pretrained: field,
    weak: field,
    energy: x => x.square().sum(-1),
  })
  return { graph, carried: state.length }
}

const network = { hidden: 24, layers: 2, frequencies: 4 } as const

/** A small training with an objective of the catalogue. */
export function ofObjective(id: string, own: UserConfig = {}): UserConfig {
  const { needs, parts, defaults } = objectives.get(id)!
  return {
    batch: 20,
    objective: id,
    network: parts ? network : { ...network, conditioning: 's' },
    ...(needs.some(need => need.endsWith('teacher')) && { teacher: 'x' }),
    ...(defaults.guidance && { condition: 'class' }),
    coupling: { pairs: 64 },
    ...own,
  } as UserConfig
}

const small = { kind: 'dit', patch: 4, width: 16, depth: 2, heads: 2 }
const pictures = { data: { glyphs: { size: 8 } }, batch: 10, condition: 'class', network: small }

/** Small trainings of transformers. */
export const transformers: Readonly<Record<string, UserConfig>> = Object.fromEntries(
  Object.entries({
    'flow-matching': { objective: 'flow-matching', network: { ...small, conditioning: 's' } },
    psd: { objective: 'psd' },
    meanflow: { objective: 'meanflow' },
    'imf, tokens': {
      objective: 'imf',
      guidance: { rule: 'random' },
      network: {
        ...{ ...small, injection: 'tokens', norm: 'rms', qkNorm: true },
        ...{ activation: 'swiglu', position: 'rotary' },
      },
    },
    'tvm, normalised': {
      objective: 'tvm',
      guidance: { rule: 'linear', divide: true },
      network: { ...small, norm: 'rms', modulationNorm: true, scale: 'inverse', outputScale: true },
    },
    piflow: {
      objective: 'piflow',
      teacher: 'x',
      network: { ...small, components: 3, substeps: 4 },
    },
    'meanflow of sequences': {
      objective: 'meanflow',
      network: { kind: 'transformer', width: 16, depth: 2, heads: 2, position: 'learned' },
    },
    'dmf, decoupled': { objective: 'dmf', network: { ...small, conditioning: 'decoupled' } },
  }).map(([name, own]) => [name, { ...pictures, ...own } as UserConfig]),
)
