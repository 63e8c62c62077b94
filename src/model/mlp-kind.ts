import { z } from 'zod'
import { sizeOf, type Tensor } from '../autodiff/index.ts'
import { onRows } from './bound-network.ts'
import { differenceOf, keepsTimes } from './conversion.ts'
import {
  type Activation,
  applyMlp,
  initializeMlp,
  type MlpOptions,
  type MlpParameters,
  mlpShapes,
  sourceLayersOf,
} from './mlp.ts'
import type { CommonKeys, Conversion, Named, NetworkKind, ParameterSpec, PointSpec } from './network.ts'

/** Keys of `network` for a perceptron; see `MlpOptions`. */
export interface MlpKeys {
  readonly hidden: number
  readonly layers: number
  readonly activation: Activation
  readonly embedding: 'fourier' | 'raw'
  readonly frequencies: number
  readonly injection: 'input' | 'layers'
  readonly sourceLayers: number | null
}

type Config = CommonKeys & MlpKeys

const count = z.int().positive()

const optionsOf = (config: Config, { shape }: PointSpec): MlpOptions => ({
  dimension: sizeOf(shape),
  ...config,
})

const named = <T>(layers: MlpParameters<T>): Named<T> =>
  Object.fromEntries(
    layers.flatMap(({ weight, bias }, i) => [
      [`${i}.weight`, weight],
      [`${i}.bias`, bias],
    ]),
  )

const layersOf = <T>(parameters: Named<T>): MlpParameters<T> =>
  Array.from({ length: Object.keys(parameters).length / 2 }, (_, i) => ({
    weight: parameters[`${i}.weight`],
    bias: parameters[`${i}.bias`],
  }))

/** Keys that no conversion changes. */
const KEPT = ['hidden', 'layers', 'activation', 'embedding', 'frequencies'] as const
/** Keys that say which layer sees which time. */
const TIMES = ['conditioning', 'injection', 'sourceLayers'] as const

/** Keys as they work, so that a default and the same number said are the same. */
const settled = (config: Config): Config => ({
  ...config,
  sourceLayers: config.conditioning === 'decoupled' ? sourceLayersOf(config) : null,
  frequencies: config.embedding === 'raw' ? 0 : config.frequencies,
})

/** Why a trained perceptron cannot be the start of another; nothing when it can. */
function conversionProblem(trained: Config, wanted: Config): string | undefined {
  const [from, to] = [settled(trained), settled(wanted)]
  const shape = differenceOf(from, to, KEPT)
  if (shape) return shape
  const times = differenceOf(from, to, TIMES)
  if (!times) return undefined
  if (from.conditioning !== 's') return `${times}; only a velocity network ("s") becomes another kind`
  if (to.conditioning === 's-t') {
    return `${times}; a velocity depends on s, which a network that sees only s-t never knows`
  }
  if (from.injection === 'layers' && to.injection === 'input') {
    return `${times}; its later layers use the time, which they would not see`
  }
  if (from.injection === 'input' && to.conditioning === 'decoupled') {
    return `${times}; its later layers never learnt to use a time, so that none could see t; train it with --network.injection layers`
  }
  return undefined
}

/**
 * Parameters of one perceptron as those of another that sees more times: weights of what is new are zero. A velocity
 * becomes a map with `V(x, s, t) = v(x, s)` for every `t`; where the shapes are the same, this is a copy.
 *
 * With times in every layer a velocity and a decoupled map have the same shapes: `V(x, s, s) = v(x, s)`, and `V(x, s, t)`
 * is a guess that needs no training (Lee et al. 2025, arXiv:2510.24474).
 */
function conversion(from: Config, to: Config, point: PointSpec): Conversion | string {
  const problem = conversionProblem(from, to)
  if (problem) return problem
  const shapes = named(mlpShapes(optionsOf(to, point)))
  return parameters =>
    Object.fromEntries(
      Object.entries(parameters).map(([name, values]) => {
        // Times come last in a layer's input, and what is new comes last among them.
        const grown = new Float32Array(sizeOf(shapes[name]))
        grown.set(values)
        return [name, grown]
      }),
    )
}

/** The perceptron: the network of the flow-map tutorials. */
export const mlp: NetworkKind<MlpKeys> = {
  kind: 'mlp',
  keys: {
    hidden: count.max(8192),
    layers: count.max(64),
    activation: z.enum(['silu', 'gelu', 'tanh']),
    embedding: z.enum(['fourier', 'raw']),
    frequencies: count.max(24),
    injection: z.enum(['input', 'layers']),
    sourceLayers: count.nullable(),
  },
  defaults: {
    hidden: 192,
    layers: 2,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: 4,
    injection: 'input',
    sourceLayers: null,
  },
  width: 'hidden',
  network: (config, point) => {
    const options = optionsOf(config, point)
    const shapes = mlpShapes(options)
    const specs = shapes.map(({ weight, bias }): { weight: ParameterSpec; bias: ParameterSpec } => ({
      weight: { shape: weight, transposed: true },
      bias: { shape: bias },
    }))
    return {
      parameters: named(specs),
      initialize: random =>
        named(
          initializeMlp(options, random).map(({ weight, bias }) => ({
            weight: weight.data,
            bias: bias.data,
          })),
        ),
      apply: (parameters: Named<Tensor>) => onRows(applyMlp(options, layersOf(parameters)), point.shape),
    }
  },
  activations: ({ hidden, layers }, { shape }) => hidden * layers + sizeOf(shape),
  describe: ({ hidden, layers, activation, embedding, frequencies }) =>
    `${layers} x ${hidden} ${activation}, times ${embedding === 'raw' ? 'bare' : `by ${frequencies} frequencies each`}`,
  problem: ({ conditioning, injection, sourceLayers, layers }) => {
    if (conditioning === 'decoupled' && injection === 'input') {
      return 'network.injection: "decoupled" shows each layer one of the times and needs "layers", found "input"'
    }
    if (sourceLayers !== null && conditioning !== 'decoupled') {
      return `network.sourceLayers: only the conditioning "decoupled" divides the layers; found ${sourceLayers} with "${conditioning}"`
    }
    if (sourceLayers !== null && sourceLayers > layers) {
      return `network.sourceLayers: expected 1 to ${layers}, so that the last of the ${layers + 1} linear layers sees t; found ${sourceLayers}`
    }
    return undefined
  },
  inherit: (trained, asked, map) => {
    const { conditioning, injection, sourceLayers, ...shape } = trained
    return {
      ...shape,
      injection: asked.conditioning === 'decoupled' ? 'layers' : injection,
      ...(keepsTimes(trained, asked, map) && { conditioning, sourceLayers }),
    }
  },
  conversion,
}
