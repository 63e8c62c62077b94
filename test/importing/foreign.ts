import { random } from '../../src/random/random.ts'

/** A perceptron as other programs keep it, evaluated in float64 apart from all of ours. */
export interface ForeignNetwork {
  readonly layers: readonly { readonly weight: number[][]; readonly bias: number[] }[]
  /** The output for a point and the times, in the order in which the network takes them. */
  readonly call: (x: readonly number[], times: readonly number[]) => number[]
}

export interface ForeignOptions {
  readonly dimension: number
  readonly hidden: number
  readonly times: number
  /** 0 for the bare time. */
  readonly frequencies: number
  readonly features: 'sin,cos' | 'cos,sin' | 'interleaved'
  /** Place of the point among the inputs. */
  readonly pointAt: number
  /** Every layer is shown the times. */
  readonly everywhere: boolean
  readonly seed: number
}

const silu = (v: number) => v / (1 + Math.exp(-v))

function featuresOf(time: number, { frequencies, features }: ForeignOptions): number[] {
  if (frequencies === 0) return [time]
  const angles = Array.from({ length: frequencies }, (_, k) => 2 ** k * Math.PI * time)
  if (features === 'interleaved') return angles.flatMap(angle => [Math.sin(angle), Math.cos(angle)])
  const [sines, cosines] = [angles.map(Math.sin), angles.map(Math.cos)]
  return features === 'sin,cos' ? [...sines, ...cosines] : [...cosines, ...sines]
}

/** A random network of two hidden layers. */
export function foreignNetwork(options: ForeignOptions): ForeignNetwork {
  const { dimension, hidden, times, frequencies, pointAt, everywhere, seed } = options
  const source = random(seed, 'foreign network')
  const size = times * Math.max(1, 2 * frequencies)
  const widths = [dimension, hidden, hidden, dimension]
  const layers = widths.slice(1).map((out, i) => {
    const inputs = widths[i] + (i === 0 || everywhere ? size : 0)
    const row = () => Array.from({ length: inputs }, () => Math.fround(source.normal() / Math.sqrt(inputs)))
    return {
      weight: Array.from({ length: out }, row),
      bias: Array.from({ length: out }, () => Math.fround(0.3 * source.normal())),
    }
  })
  const call = (x: readonly number[], given: readonly number[]): number[] => {
    const blocks = given.map(time => featuresOf(time, options))
    const shown = (h: readonly number[]) => [
      ...blocks.slice(0, pointAt).flat(),
      ...h,
      ...blocks.slice(pointAt).flat(),
    ]
    return layers.reduce<number[]>(
      (h, { weight, bias }, i) => {
        const input = i === 0 || everywhere ? shown(h) : h
        const linear = weight.map((row, k) => row.reduce((sum, w, j) => sum + w * input[j], bias[k]))
        return i === layers.length - 1 ? linear : linear.map(silu)
      },
      [...x],
    )
  }
  return { layers, call }
}
