import { concat, sizeOf, type Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import { joinArrays } from './arrays.ts'
import type { Named } from './network.ts'

/** What a classifier tells apart. */
export interface ClassifierSpec {
  /** Of a point: `[height, width, channels]` of a picture, `[numbers]` of a row. */
  readonly shape: readonly number[]
  readonly classes: number
}

export interface Classified {
  /** `[batch, 64]`. */
  readonly features: Tensor
  /** `[batch, classes]`. */
  readonly logProbabilities: Tensor
}

const FEATURES = 64
const CHANNELS = [16, 24] as const
const HIDDEN = 128
/** Two halvings of a picture's sides. */
const MULTIPLE = 4

const above = (side: number): number => MULTIPLE * Math.ceil(side / MULTIPLE)

/** Inputs and outputs of each linear layer. */
function layers({ shape, classes }: ClassifierSpec): Named<readonly [number, number]> {
  const last = { features: [0, FEATURES], scores: [FEATURES, classes] } as const
  if (shape.length !== 3) {
    return { first: [sizeOf(shape), HIDDEN], ...last, features: [HIDDEN, FEATURES] }
  }
  const [height, width, channels] = shape
  const cells = (above(height) * above(width)) / MULTIPLE ** 2
  return {
    first: [16 * channels, CHANNELS[0]],
    second: [16 * CHANNELS[0], CHANNELS[1]],
    ...last,
    features: [cells * CHANNELS[1], FEATURES],
  }
}

/** Shapes of the parameters by their names, in the order of the flat vector. */
export const classifierShapes = (spec: ClassifierSpec): Named<readonly number[]> =>
  Object.fromEntries(
    Object.entries(layers(spec)).flatMap(([name, [inputs, outputs]]) => [
      [`${name}.weight`, [inputs, outputs]],
      [`${name}.bias`, [outputs]],
    ]),
  )

/** Length `P` of the flat vector of the parameters. */
export const classifierSize = (spec: ClassifierSpec): number =>
  Object.values(classifierShapes(spec)).reduce((sum, shape) => sum + sizeOf(shape), 0)

/** Cuts the flat vector `[P]` into parameters. */
export function cutClassifier(flat: Tensor, spec: ClassifierSpec): Named<Tensor> {
  let at = 0
  return Object.fromEntries(
    Object.entries(classifierShapes(spec)).map(([name, shape]) => [
      name,
      flat.slice(0, at, (at += sizeOf(shape))).reshape(shape),
    ]),
  )
}

/** Parameters to begin with, flat: weights of deviation `1/sqrt(inputs)`, biases 0. */
export function initialClassifier(spec: ClassifierSpec, random: Random): Float32Array {
  const values = Object.values(layers(spec)).flatMap(([inputs, outputs]) => [
    Float32Array.from({ length: inputs * outputs }, () => random.normal() / Math.sqrt(inputs)),
    new Float32Array(outputs),
  ])
  return joinArrays(values)
}

/**
 * The 4 x 4 windows of pictures at every second pixel, as a convolution sees them: `[batch, height/2, width/2, 16 channels]`. Windows
 * reach one cell beyond the right and the lower edge, where there are zeros.
 */
function windows(x: Tensor): Tensor {
  const [batch, height, width, channels] = x.shape
  const [rows, columns] = [height / 2, width / 2]
  const cells = x
    .reshape([batch, rows, 2, columns, 2, channels])
    .transpose([0, 1, 3, 2, 4, 5])
    .reshape([batch, rows, columns, 4 * channels])
  const padded = cells.pad([0, 0, 0, 0], [0, 1, 1, 0])
  const shifted = [0, 1].flatMap(down =>
    [0, 1].map(across => padded.slice(1, down, down + rows).slice(2, across, across + columns)),
  )
  return concat(shifted)
}

/**
 * A small classifier: two convolutions of 4 x 4 pixels with stride 2 (one wide layer for rows of numbers), then 64 features, then the
 * classes, all with SiLU.
 *
 * @param x  standardised points, `[batch, height, width, channels]` or `[batch, numbers]`
 */
export function applyClassifier({ shape }: ClassifierSpec, parameters: Named<Tensor>, x: Tensor): Classified {
  const linear = (input: Tensor, name: string): Tensor =>
    input.matmul(parameters[`${name}.weight`]).add(parameters[`${name}.bias`])
  const seen = (): Tensor => {
    if (shape.length !== 3) return linear(x, 'first').silu()
    const [height, width] = shape
    const whole = x.pad([0, 0, 0, 0], [0, above(height) - height, above(width) - width, 0])
    const first = linear(windows(whole), 'first').silu()
    const second = linear(windows(first), 'second').silu()
    return second.reshape([x.shape[0], sizeOf(second.shape.slice(1))])
  }
  const features = linear(seen(), 'features').silu()
  return { features, logProbabilities: linear(features, 'scores').logSoftmax() }
}
