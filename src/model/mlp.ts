import { block, concat, sizeOf, type Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import { type BoundNetwork, divergenceOf, withHeads } from './bound-network.ts'
import {
  type Conditioning,
  conditionings,
  type EmbeddingName,
  embeddingSize,
  embeddings,
  timeCount,
} from './embedding.ts'
import { scaledInput } from './input-scale.ts'
import { type LinearWeight, product } from './linear.ts'

const activations = {
  silu: (x: Tensor) => x.silu(),
  gelu: (x: Tensor) => x.gelu(),
  tanh: (x: Tensor) => x.tanh(),
} as const

export type Activation = keyof typeof activations

/** Which layers see the times: the first one alone, or every one. */
export type Injection = 'input' | 'layers'

/** A perceptron on `[x, e(time), ...]`: the network of the flow-map tutorials. */
export interface MlpOptions {
  /** Coordinates of a point, `D`. */
  readonly dimension: number
  /** Numbers of an output; default `dimension`. */
  readonly outputs?: number
  /** Whether it sees `x c(s)`; see `scaledInput`. Default not. */
  readonly scalesInput?: boolean
  /** Width of each hidden layer. */
  readonly hidden: number
  /** Number of hidden layers. */
  readonly layers: number
  readonly activation: Activation
  readonly embedding: EmbeddingName
  /** Frequencies of the Fourier embedding; unused by `raw`. */
  readonly frequencies: number
  readonly conditioning: Conditioning
  /** `layers` appends the embedded times to the input of every linear layer; `input` (default) to the first one's. */
  readonly injection?: Injection
  /** Numbers that a condition adds to what the layers see, before the times; default 0. */
  readonly conditionSize?: number
  /** Linear layers that see `s` where the conditioning is `decoupled`; see `sourceLayersOf`. */
  readonly sourceLayers?: number | null
  /** How many of the first layers see the condition alone; the others, its head, the points and times beside them. Default 0. */
  readonly backbone?: number
}

/** A second last layer, `[in, 1]`: the average divergence over `scale`. */
export interface DivergenceLayer<T> extends Layer<T> {
  readonly scale: number
}

/** A dense array with its shape. */
export interface Parameter<Data = Float32Array> {
  readonly shape: readonly number[]
  readonly data: Data
}

/** Weight `[in, out]` and bias `[out]` of one layer. */
export interface Layer<T> extends LinearWeight<T> {
  readonly bias: T
}

/** Parameters of a perceptron, first layer first. */
export type MlpParameters<T> = readonly Layer<T>[]

/** How many of the `layers + 1` linear layers see `s` and not `t`: two thirds unless told, and never none or all. */
export const sourceLayersOf = ({
  layers,
  sourceLayers,
}: Pick<MlpOptions, 'layers' | 'sourceLayers'>): number =>
  sourceLayers ?? Math.min(layers, Math.max(1, Math.round((2 * (layers + 1)) / 3)))

/** The head of a perceptron with a backbone: one whose condition is what the backbone makes of its own. */
const headOptions = ({ backbone = 0, ...options }: MlpOptions): MlpOptions => ({
  ...options,
  layers: options.layers - backbone,
  conditionSize: options.hidden,
})

const seesTimes = ({ injection }: MlpOptions, layer: number): boolean => layer === 0 || injection === 'layers'

/** Shapes of the parameters, in the nesting that `applyMlp` takes. */
export function mlpShapes(options: MlpOptions): MlpParameters<readonly number[]> {
  const { dimension, hidden, layers, embedding, frequencies, conditioning, backbone = 0 } = options
  if (backbone > 0) {
    const first = Array.from({ length: backbone }, (_, i) => ({
      weight: [i === 0 ? (options.conditionSize ?? 0) : hidden, hidden],
      bias: [hidden],
    }))
    return [...first, ...mlpShapes(headOptions(options))]
  }
  const features =
    (options.conditionSize ?? 0) + timeCount(conditioning) * embeddingSize(embedding, frequencies)
  const widths = [dimension, ...new Array<number>(layers).fill(hidden), options.outputs ?? dimension]
  return widths
    .slice(1)
    .map((out, i) => ({ weight: [widths[i] + (seesTimes(options, i) ? features : 0), out], bias: [out] }))
}

/** The shapes of a second last layer of `outputs`, beside the layers of `mlpShapes`. */
export function headShapes(layers: MlpParameters<readonly number[]>, outputs: number) {
  const last = layers[layers.length - 1].weight[0]
  return { weight: [last, outputs], bias: [outputs] } satisfies Layer<readonly number[]>
}

/** Weights and biases uniform in `±1/sqrt(fan_in)`: PyTorch's default, which the published toy results used. */
export const initializeMlp = (options: MlpOptions, random: Random): MlpParameters<Parameter> =>
  mlpShapes(options).map(shapes => initializeLayer(shapes, random))

/** The same of one layer. */
export function initializeLayer(
  { weight, bias }: Layer<readonly number[]>,
  random: Random,
): Layer<Parameter> {
  const bound = 1 / Math.sqrt(weight[0])
  const draw = (shape: readonly number[]): Parameter => {
    return {
      shape,
      data: Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * random.uniform() - 1)),
    }
  }
  return { weight: draw(weight), bias: draw(bias) }
}

/**
 * The network with its parameters: `x [B, D]`, times `[B, 1]`, result `[B, D]`.
 *
 * @param condition  `[B, conditionSize]` for the points, where there is one
 * @param divergence  the layer of its divergence head, where it has one
 */
export function applyMlp(
  options: MlpOptions,
  parameters: MlpParameters<Tensor>,
  condition?: (x: Tensor) => Tensor,
  divergence?: DivergenceLayer<Tensor>,
): BoundNetwork {
  const { activation, embedding, frequencies, conditioning } = options
  const last = parameters.length - 1
  const split = sourceLayersOf(options)
  const applied = ({ bias, ...weights }: Layer<Tensor>, i: number, before: Tensor, told: Told): Tensor => {
    const seen = seesTimes(options, i) ? (i < split ? told.early : told.late) : []
    const layer = (h: Tensor, ...told: Tensor[]): Tensor => {
      const input = told.length > 0 ? concat([h, ...told]) : h
      const linear = product(input, weights).add(bias)
      return i === last ? linear : activations[activation](linear)
    }
    return block(layer, before, ...seen)
  }
  const trunkOf = (x: Tensor, s: Tensor, t: Tensor): Trunk => {
    const own = condition ? [condition(x)] : []
    const features = (late: boolean) => [
      ...own,
      ...conditionings[conditioning](s, t, late).map(time => embeddings[embedding](time, frequencies)),
    ]
    const early = features(false)
    const told = { early, late: conditioning === 'decoupled' ? features(true) : early }
    const hidden = parameters.slice(0, -1)
    const seen = options.scalesInput ? scaledInput(x, s) : x
    return { told, h: hidden.reduce((before, layer, i) => applied(layer, i, before, told), seen) }
  }
  const through =
    (layer: Layer<Tensor>, trunkOf: (x: Tensor, s: Tensor, t: Tensor) => Trunk) =>
    (x: Tensor, s: Tensor, t: Tensor): Tensor => {
      const { h, told } = trunkOf(x, s, t)
      return applied(layer, last, h, told)
    }
  if (!divergence) return through(parameters[last], trunkOf)

  /** Both outputs at the same point and times share what they have in common, and its derivatives. */
  let latest: { readonly asked: readonly Tensor[]; readonly trunk: Trunk } | undefined
  const shared = (...asked: readonly [x: Tensor, s: Tensor, t: Tensor]): Trunk => {
    if (!latest || asked.some((tensor, i) => tensor !== latest!.asked[i])) {
      latest = { asked, trunk: trunkOf(...asked) }
    }
    return latest.trunk
  }
  const { scale, ...layer } = divergence
  const average = through(layer, shared)
  return withHeads(through(parameters[last], shared), {
    divergence: divergenceOf((x, s, t) => average(x, s, t).mul(scale), scale),
  })
}

/**
 * The same of a perceptron with a backbone, which is asked once for all points and times.
 *
 * @param told  `[B, conditionSize]`; without it `none`, `[1, conditionSize]`, stands for every point
 */
export function applyWithBackbone(
  options: MlpOptions,
  parameters: MlpParameters<Tensor>,
  told: Tensor | undefined,
  none: (x: Tensor) => Tensor,
): BoundNetwork {
  const { activation, backbone = 0 } = options
  const layer = (h: Tensor, { bias, ...weights }: Layer<Tensor>): Tensor =>
    block((h: Tensor) => activations[activation](product(h, weights).add(bias)), h)
  const featuresOf = (seen: Tensor): Tensor => parameters.slice(0, backbone).reduce(layer, seen)
  const features = told && featuresOf(told)
  const head = parameters.slice(backbone)
  return applyMlp(
    headOptions(options),
    head,
    x =>
      features ??
      x
        .sum(-1, true)
        .mul(0)
        .add(featuresOf(none(x))),
  )
}

/** What layers see beside the layer before: of times before the split, and behind it. */
interface Told {
  readonly early: readonly Tensor[]
  readonly late: readonly Tensor[]
}

/** What the outputs of a network have in common: its last hidden layer. */
interface Trunk {
  readonly h: Tensor
  readonly told: Told
}
