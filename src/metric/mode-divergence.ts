import type { Mixture, Values } from '../data/dataset.ts'
import { allFinite, countPoints } from './points.ts'

/**
 * Jensen-Shannon divergence in nats, from 0 to log 2, of how often each mode is visited against the weights of the
 * mixture. A point (`[N, D]`, `D` that of the mixture) visits the mode whose mean is nearest. It sees whether modes
 * are missed or favoured and nothing of their shape. NaN when a coordinate is not finite.
 *
 * Lin, Divergence measures based on the Shannon entropy, 1991.
 */
export function modeJS(samples: Values, mixture: Mixture): number {
  const weights = mixture.components.map(component => component.weight)
  return allFinite(samples) ? jensenShannon(modeFrequencies(samples, mixture), weights) : Number.NaN
}

/** How often each mode's mean is the nearest one; sums to 1. */
export function modeFrequencies(samples: Values, { components }: Mixture): number[] {
  const dimension = components[0].mean.length
  const count = countPoints(samples, dimension)
  const means = Float64Array.from(components.flatMap(component => component.mean))
  const visits = new Array<number>(components.length).fill(0)
  for (let at = 0; at < samples.length; at += dimension) {
    let nearest = 0
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < components.length; k++) {
      let square = 0
      for (let i = 0; i < dimension; i++) square += (samples[at + i] - means[k * dimension + i]) ** 2
      if (square < least) {
        least = square
        nearest = k
      }
    }
    visits[nearest]++
  }
  return visits.map(visit => visit / count)
}

function jensenShannon(p: readonly number[], q: readonly number[]): number {
  const towards = (a: number, b: number) => (a === 0 ? 0 : a * Math.log((2 * a) / (a + b)))
  const sum = p.reduce((total, value, i) => total + towards(value, q[i]) + towards(q[i], value), 0)
  return Math.max(0, sum / 2)
}
