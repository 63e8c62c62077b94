import type { Config } from '../config/index.ts'
import { type MlpOptions, mlpShapes, sourceLayersOf } from '../model/index.ts'
import { joinArrays } from '../serialization/arrays.ts'

type Network = Config['network']

/** Keys that no conversion changes. */
const KEPT = ['hidden', 'layers', 'activation', 'embedding', 'frequencies', 'parameterization'] as const

/** Keys that say which layer sees which time. */
const TIMES = ['conditioning', 'injection', 'sourceLayers'] as const

/** `sourceLayers` as it works, so that a default and the same number said are the same. */
const settled = (network: Network): Network => ({
  ...network,
  sourceLayers: network.conditioning === 'decoupled' ? sourceLayersOf(network) : null,
  frequencies: network.embedding === 'raw' ? 0 : network.frequencies,
})

const difference = (from: Network, to: Network, keys: readonly (keyof Network)[]): string =>
  keys
    .filter(key => from[key] !== to[key])
    .map(key => `network.${key} is ${JSON.stringify(from[key])} there and ${JSON.stringify(to[key])} here`)
    .join(', ')

/** Why a trained network cannot be the start of another; nothing when it can. */
export function conversionProblem(trained: Network, wanted: Network): string | undefined {
  const [from, to] = [settled(trained), settled(wanted)]
  const shape = difference(from, to, KEPT)
  if (shape) return shape
  const times = difference(from, to, TIMES)
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
 * Parameters `[P]` of one network as those of another that sees more times: weights of what is new are zero. A velocity
 * becomes a map with `V(x, s, t) = v(x, s)` for every `t`; where the shapes are the same, this is a copy.
 *
 * With times in every layer a velocity and a decoupled map have the same shapes: `V(x, s, s) = v(x, s)`, and `V(x, s, t)`
 * is a guess that needs no training (Lee et al. 2025, arXiv:2510.24474).
 */
export function convertParameters(parameters: Float32Array, from: MlpOptions, to: MlpOptions): Float32Array {
  const shapes = mlpShapes(to)
  let start = 0
  const take = (size: number) => parameters.subarray(start, (start += size))
  // Times come last in a layer's input, and what is new comes last among them.
  const parts = mlpShapes(from).flatMap(({ weight: [rows, columns], bias: [out] }, i) => {
    const added = shapes[i].weight[0] - rows
    return [take(rows * columns), new Float32Array(added * columns), take(out)]
  })
  return joinArrays(parts)
}
