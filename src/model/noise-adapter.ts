import type { Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import { flattenArrays, type Named, type Network } from './network.ts'

/** What a noise adapter is a network of: an observation to the mean and the logarithm of the scale of each coordinate of the noise. */
export interface NoiseAdapterSpec {
  /** Numbers of an observation. */
  readonly observed: number
  /** Coordinates of a point, `D`. */
  readonly dimension: number
  /** Width of each hidden layer. */
  readonly hidden: number
}

const HIDDEN_LAYERS = 3

/** Arrays of a noise adapter, in the order of the flat vector. */
export function noiseAdapterSpecs({
  observed,
  dimension,
  hidden,
}: NoiseAdapterSpec): Pick<Network, 'parameters'> {
  const widths = [observed, ...new Array<number>(HIDDEN_LAYERS).fill(hidden), 2 * dimension]
  return {
    parameters: Object.fromEntries(
      widths.slice(1).flatMap((out, i) => [
        [`${i}.weight`, { shape: [widths[i], out], transposed: true }],
        [`${i}.bias`, { shape: [out] }],
      ]),
    ),
  }
}

/** Flat parameters to begin with: weights of deviation `1/sqrt(inputs)`, the last layer 0, so that the noise is standard normal. */
export function initialNoiseAdapter(spec: NoiseAdapterSpec, random: Random): Float32Array {
  const specs = noiseAdapterSpecs(spec)
  const values = Object.entries(specs.parameters).map(
    ([
      name,
      {
        shape: [inputs, outputs],
      },
    ]) => {
      if (outputs === undefined) return [name, new Float32Array(inputs)]
      const isLast = name === `${HIDDEN_LAYERS}.weight`
      const draw = () => (isLast ? 0 : random.normal() / Math.sqrt(inputs))
      return [name, Float32Array.from({ length: inputs * outputs }, draw)]
    },
  )
  return flattenArrays(specs, Object.fromEntries(values))
}

/** @param y  observations `[B, m]` of about unit size; @returns means, then logarithms of scales, `[B, 2 D]` */
export function applyNoiseAdapter(parameters: Named<Tensor>, y: Tensor): Tensor {
  let h = y
  for (let i = 0; i <= HIDDEN_LAYERS; i++) {
    const linear = h.matmul(parameters[`${i}.weight`]).add(parameters[`${i}.bias`])
    h = i === HIDDEN_LAYERS ? linear : linear.silu()
  }
  return h
}
