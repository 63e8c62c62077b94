import type { EmbeddingName } from '../model/index.ts'
import type { FoundLayer } from './layers.ts'

/** The order of the Fourier features of one time in a file: all sines first is ours. */
export type FeatureOrder = 'sin,cos' | 'cos,sin' | 'interleaved'

/** A time that a network is shown: `offset + factor s`, where ours is shown `s`. */
export interface AffineTime {
  readonly offset: number
  readonly factor: number
}

/** How a file's first layer sees its inputs, against ours. */
export interface InputLayout {
  /** Coordinates, or hidden units, that come in besides the times. */
  readonly width: number
  /** Where they stand among the inputs: that many times come before them. */
  readonly timesBefore: number
  /** For each of our times, in our order: its place among the file's, and what it is there. */
  readonly times: readonly (AffineTime & { readonly place: number })[]
  readonly embedding: EmbeddingName
  readonly frequencies: number
  readonly features: FeatureOrder
}

const featureCount = ({ embedding, frequencies }: InputLayout): number =>
  embedding === 'raw' ? 1 : 2 * frequencies

/** Columns of the sine and of the cosine of frequency `k` within one time's features. */
function sineAndCosine({ frequencies, features }: InputLayout, k: number): [number, number] {
  if (features === 'interleaved') return [2 * k, 2 * k + 1]
  return features === 'sin,cos' ? [k, frequencies + k] : [frequencies + k, k]
}

/** The weights of one unit on one time's features, as those of our time, and what is added to its bias. */
function foldTime(
  layout: InputLayout,
  { offset, factor }: AffineTime,
  weights: Float64Array,
): { weights: number[]; bias: number } {
  if (layout.embedding === 'raw') return { weights: [weights[0] * factor], bias: weights[0] * offset }
  const [sines, cosines]: number[][] = [[], []]
  for (let k = 0; k < layout.frequencies; k++) {
    const [atSine, atCosine] = sineAndCosine(layout, k)
    const [a, b] = [weights[atSine], weights[atCosine]]
    // sin(w (o + f s)) and cos(w (o + f s)) for f = 1 or -1 are a rotation of sin(w s) and cos(w s).
    const angle = 2 ** k * Math.PI * offset
    const [sine, cosine] = [Math.sin(angle), Math.cos(angle)]
    sines.push(factor * (a * cosine - b * sine))
    cosines.push(a * sine + b * cosine)
  }
  return { weights: [...sines, ...cosines], bias: 0 }
}

/**
 * A layer that sees the same as the file's when it is shown our inputs: the points or hidden units first, then our times
 * in our order.
 */
export function foldInputs(layer: FoundLayer, layout: InputLayout): FoundLayer {
  const { width, timesBefore, times } = layout
  const size = featureCount(layout)
  const before = timesBefore * size
  const inputs = width + times.length * size
  const weight = new Float64Array(layer.outputs * inputs)
  const bias = layer.bias.slice()
  for (let unit = 0; unit < layer.outputs; unit++) {
    const row = layer.weight.subarray(unit * layer.inputs, (unit + 1) * layer.inputs)
    const folded = times.map(time => {
      const start = time.place * size + (time.place < timesBefore ? 0 : width)
      return foldTime(layout, time, row.subarray(start, start + size))
    })
    weight.set(
      [...row.subarray(before, before + width), ...folded.flatMap(({ weights }) => weights)],
      unit * inputs,
    )
    bias[unit] += folded.reduce((sum, { bias }) => sum + bias, 0)
  }
  return { ...layer, inputs, weight, bias }
}

/** A layer whose outputs are multiplied by a number. */
export const scaleOutputs = (layer: FoundLayer, factor: number): FoundLayer => ({
  ...layer,
  weight: layer.weight.map(value => value * factor),
  bias: layer.bias.map(value => value * factor),
})
