import { type Estimate, estimate, standardError } from './estimate.ts'

/** Share of points of each class. */
function shares(classes: ArrayLike<number>, count: number): Float64Array {
  const found = new Float64Array(count)
  for (let i = 0; i < classes.length; i++) found[classes[i]] += 1 / classes.length
  return found
}

/**
 * Total variation of the frequencies of classes, `1/2 sum |p_k - q_k|`: the share of samples that would have to be of another class
 * for both to be equal. From 0 to 1.
 *
 * @param reference, samples  the class of each point, from 0
 * @param count  of classes
 */
export function classBalanceEstimate(
  reference: ArrayLike<number>,
  samples: ArrayLike<number>,
  count: number,
): Estimate {
  const [p, q] = [shares(reference, count), shares(samples, count)]
  const slope = Float64Array.from(p, (share, k) => Math.sign(q[k] - share) / 2)
  const influence = (classes: ArrayLike<number>) => Float64Array.from(classes, k => slope[k])
  const value = p.reduce((sum, share, k) => sum + Math.abs(share - q[k]) / 2, 0)
  return estimate(value, standardError(influence(reference), influence(samples)), [0, 1])
}
