import { z } from 'zod'
import { constant, sizeOf, type Tensor } from '../autodiff/index.ts'
import { random } from '../random/random.ts'
import { onRows } from './bound-network.ts'
import { conditionSize, seenConditions, seenSize } from './condition.ts'
import { embeddingOf, otherCondition, wholeState, withRows } from './condition-embedding.ts'
import { differenceOf, keepsTimes } from './conversion.ts'
import {
  DIVERGENCE,
  type DivergenceHeadKey,
  divergenceHeadSchema,
  divergenceScale,
} from './divergence-head.ts'
import { type ScaleInput, scaleInputs } from './guidance.ts'
import { scalesInput } from './input-scale.ts'
import {
  type Activation,
  applyMlp,
  applyWithBackbone,
  headShapes,
  initializeLayer,
  initializeMlp,
  type Layer,
  type MlpOptions,
  type MlpParameters,
  mlpShapes,
  type Parameter,
  sourceLayersOf,
} from './mlp.ts'
import type {
  CommonKeys,
  Conversion,
  Named,
  NetworkKind,
  ParameterSpec,
  PointSpec,
  Sized,
} from './network.ts'
import { FIRST_LOG_WIDTH, type PolicyKeys, policyKeys, policyOutputs } from './policy.ts'
import { spaceOf } from './space-of.ts'

/** Keys of `network` for a perceptron; see `MlpOptions`. */
export interface MlpKeys extends DivergenceHeadKey {
  readonly hidden: number
  readonly layers: number
  readonly activation: Activation
  readonly embedding: 'fourier' | 'raw'
  readonly frequencies: number
  readonly injection: 'input' | 'layers'
  readonly sourceLayers: number | null
  readonly scale: ScaleInput
  readonly backbone: number
}

type Config = CommonKeys & MlpKeys

const count = z.int().positive()

/** Numbers that a network sees of a point. */
const seenOf = (point: PointSpec): number => spaceOf(point).seen(sizeOf(point.shape))

/** Numbers of its output. */
function outputsOf({ parameterization }: Pick<Config, 'parameterization'>, point: PointSpec): number {
  const [space, size] = [spaceOf(point), sizeOf(point.shape)]
  return parameterization === 'point' ? space.pointOutputs(size) : space.outputs(size)
}

function optionsOf({ scale, ...config }: Config, point: PointSpec): MlpOptions {
  const { condition } = point
  const policy = policyKeys(config, point)
  return {
    dimension: seenOf(point),
    outputs: policy ? policyOutputs(policy) : outputsOf(config, point),
    scalesInput: scalesInput(point),
    ...config,
    ...(condition && { conditionSize: embeddingOf(condition, scale).features(condition) }),
  }
}

/** The layers of a policy begin with its narrow width. */
const begun = (layers: MlpParameters<Parameter>, policy: PolicyKeys | undefined): typeof layers => {
  if (policy) layers[layers.length - 1].bias.data.set([FIRST_LOG_WIDTH], policyOutputs(policy) - 1)
  return layers
}

const namedLayer = <T>(name: number | string, { weight, bias }: Layer<T>): Named<T> => ({
  [`${name}.weight`]: weight,
  [`${name}.bias`]: bias,
})

const named = <T>(layers: MlpParameters<T>): Named<T> =>
  Object.assign({}, ...layers.map((layer, i) => namedLayer(i, layer)))

const layerOf = <T>(parameters: Named<T>, name: number | string): Layer<T> => ({
  weight: parameters[`${name}.weight`],
  bias: parameters[`${name}.bias`],
  a: parameters[`${name}.a`],
  b: parameters[`${name}.b`],
})

const layersOf = <T>(parameters: Named<T>): MlpParameters<T> =>
  Array.from({ length: Object.keys(parameters).filter(name => /^\d+\.bias$/.test(name)).length }, (_, i) =>
    layerOf(parameters, i),
  )

/** What adapters call a layer, of so many linear ones. */
const groupOf = (layer: number, count: number): string =>
  layer === 0 ? 'input' : layer === count - 1 ? 'output' : 'hidden'

/** Keys that no conversion changes. */
const KEPT = ['hidden', 'layers', 'activation', 'embedding', 'frequencies', 'backbone'] as const
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
 * Parameters of one perceptron as those of another that is told more: weights of what is new are zero. A velocity becomes
 * a map with `V(x, s, t) = v(x, s)` for every `t`, and one without classes a map that is the same for all of them; where
 * the shapes are the same, this is a copy.
 *
 * With times in every layer a velocity and a decoupled map have the same shapes: `V(x, s, s) = v(x, s)`, and `V(x, s, t)`
 * is a guess that needs no training (Lee et al. 2025, arXiv:2510.24474).
 */
function conversion(from: Sized<MlpKeys>, to: Sized<MlpKeys>): Conversion | string {
  const problem = conversionProblem(from.config, to.config)
  if (problem) return problem
  const [before, after] = [from.point.condition, to.point.condition]
  const other = otherCondition(before, after)
  if (other) return other
  const [old, shapes] = [from, to].map(({ config, point }) => mlpShapes(optionsOf(config, point)))
  const { hidden } = to.config
  const features = ({ config, point: { condition } }: Sized<MlpKeys>) =>
    condition ? embeddingOf(condition, config.scale).features(condition) : 0
  const added = features(to) - features(from)
  if (to.config.backbone > 0 && added > 0) return 'its first layers see no noisy point'
  const kept = features(from)
  return parameters => {
    const layers = layersOf(parameters).map(({ weight, bias }, i) => {
      const [rows, columns] = shapes[i].weight
      // The condition comes behind the points or hidden units; times come last, and what is new last among them.
      const width = kept + (i === 0 ? seenOf(to.point) : hidden)
      const sees = i === 0 || to.config.injection === 'layers'
      const told = sees && added > 0 ? withRows(weight, columns, width, added) : weight
      const more = rows - old[i].weight[0] - (sees ? added : 0)
      return { weight: withRows(told, columns, told.length / columns, more), bias: bias.slice() }
    })
    const head = headOf(to, parameters)
    if (!after) return { ...named(layers), ...head }
    const drawn = embeddingOf(after).draw(after, random(0, 'class table'))
    const own = Object.entries(drawn).map(([name, values]) => [name, parameters[name]?.slice() ?? values])
    return { ...named(layers), ...Object.fromEntries(own), ...head }
  }
}

/** The divergence head of a network that begins with another: its own, or one drawn afresh; nothing where it has none. */
function headOf({ config, point }: Sized<MlpKeys>, parameters: Named<Float32Array>): Named<Float32Array> {
  if (divergenceScale(config, point) === 0) return {}
  const shapes = headShapes(mlpShapes(optionsOf(config, point)), 1)
  const known = layerOf(parameters, DIVERGENCE)
  if (known.weight?.length === shapes.weight[0]) return namedLayer(DIVERGENCE, known)
  const { weight, bias } = initializeLayer(shapes, random(0, 'divergence head'))
  return namedLayer(DIVERGENCE, { weight: weight.data, bias: bias.data })
}

/** The features of none are the same for all samples: their part of each layer belongs to its bias. */
function withoutCondition(config: Config, point: PointSpec, parameters: Named<Float32Array>) {
  const { condition } = point
  if (!condition) return parameters
  const none = embeddingOf(condition, config.scale).none(condition, parameters)
  const untold = ({ weight, bias }: Layer<Float32Array>, i: number): Layer<Float32Array> => {
    if (i > 0 && config.injection !== 'layers') return { weight, bias }
    const columns = bias.length
    const from = (i === 0 ? seenOf(point) : config.hidden) * columns
    const own = weight.subarray(from, from + none.length * columns)
    const rest = new Float32Array(weight.length - own.length)
    rest.set(weight.subarray(0, from))
    rest.set(weight.subarray(from + own.length), from)
    const moved = bias.map((value, j) =>
      none.reduce((sum, feature, k) => sum + feature * own[k * columns + j], value),
    )
    return { weight: rest, bias: moved }
  }
  const layers = layersOf(parameters)
  const hasHead = divergenceScale(config, point) > 0
  return {
    ...named(layers.map(untold)),
    ...(hasHead && namedLayer(DIVERGENCE, untold(layerOf(parameters, DIVERGENCE), layers.length - 1))),
  }
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
    scale: z.enum(scaleInputs),
    divergenceHead: divergenceHeadSchema,
    backbone: z.int().min(0).max(63),
  },
  defaults: {
    hidden: 192,
    layers: 2,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: 4,
    injection: 'input',
    sourceLayers: null,
    scale: 'none',
    divergenceHead: 0,
    backbone: 0,
  },
  conditions: ['class', 'vector', 'state'],
  width: 'hidden',
  network: (config, point) => {
    const options = optionsOf(config, point)
    const shapes = mlpShapes(options)
    const specOf = (
      { weight, bias }: Layer<readonly number[]>,
      group: string,
      own?: Partial<ParameterSpec>,
    ): Layer<ParameterSpec> => ({
      weight: { shape: weight, transposed: true, linear: true, group, ...own },
      bias: { shape: bias, group },
    })
    const { condition } = point
    const policy = policyKeys(config, point)
    const scale = divergenceScale(config, point)
    const head = scale > 0 ? headShapes(shapes, 1) : undefined
    return {
      parameters: {
        ...named(
          shapes.map((shape, i) => {
            const isLast = i === shapes.length - 1
            return specOf(shape, groupOf(i, shapes.length), isLast && head ? { hiddenMatrices: 0 } : {})
          }),
        ),
        ...(condition && embeddingOf(condition).parameters(condition)),
        ...(head && namedLayer(DIVERGENCE, specOf(head, DIVERGENCE, { hiddenMatrices: 0 }))),
      },
      initialize: source => {
        const values = ({ weight, bias }: Layer<Parameter>) => ({ weight: weight.data, bias: bias.data })
        return {
          ...named(begun(initializeMlp(options, source), policy).map(values)),
          ...(condition && embeddingOf(condition).draw(condition, source)),
          ...(head && namedLayer(DIVERGENCE, values(initializeLayer(head, source)))),
        }
      },
      apply: (parameters, given) => {
        if (config.backbone > 0 && condition?.kind === 'state') {
          const told = given?.state && wholeState(condition, given.state)
          const none = (x: Tensor) =>
            wholeState(
              condition,
              constant(
                seenConditions(condition, new Float32Array(conditionSize(condition)), () => true),
                [1, seenSize(condition)],
                x.dtype,
              ),
            )
          return onRows(applyWithBackbone(options, layersOf(parameters), told, none), point.shape)
        }
        const embed =
          condition &&
          embeddingOf(condition, config.scale).embed(
            condition,
            parameters,
            given?.[condition.kind],
            given?.scale,
          )
        const divergence = head && { ...layerOf(parameters, DIVERGENCE), scale }
        const rows = applyMlp(options, layersOf(parameters), embed, divergence)
        const { isCurved, features } = spaceOf(point)
        if (isCurved) return (x, s, t) => rows(features(x), s, t)
        return onRows(rows, point.shape, policy ? [policyOutputs(policy)] : point.shape)
      },
    }
  },
  activations: ({ hidden, layers }, { shape }) => hidden * layers + sizeOf(shape),
  describe: ({ hidden, layers, activation, embedding, frequencies }) =>
    `${layers} x ${hidden} ${activation}, times ${embedding === 'raw' ? 'bare' : `by ${frequencies} frequencies each`}`,
  problem: ({ conditioning, injection, sourceLayers, layers, backbone }) => {
    if (backbone > 0 && injection === 'layers') {
      return 'network.injection: the layers of a backbone see no times; use "input", found "layers"'
    }
    if (backbone > 0 && backbone >= layers) {
      return `network.backbone: expected fewer than the ${layers} hidden layers, so that one sees the points; found ${backbone}`
    }
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
    const { conditioning, injection, sourceLayers, scale: _, ...shape } = trained
    return {
      ...shape,
      injection: asked.conditioning === 'decoupled' ? 'layers' : injection,
      ...(keepsTimes(trained, asked, map) && { conditioning, sourceLayers }),
    }
  },
  // The last layer of points in the plane is smaller than any product.
  adapter: ({ layers }) => ({ targets: ['input', ...(layers > 1 ? ['hidden'] : [])], train: [] }),
  ofVelocity: () => ({ sourceLayers: null, scale: 'none', divergenceHead: 0, backbone: 0 }),
  headShare: (config, point) => {
    const sizes = mlpShapes(optionsOf(config, point)).map(({ weight }) => sizeOf(weight))
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0)
    return sum(sizes.slice(config.backbone)) / sum(sizes)
  },
  seesScale: ({ scale }) => scale !== 'none',
  conversion,
  withoutCondition,
}
