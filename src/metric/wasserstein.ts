import { assign } from './assignment.ts'
import { type Estimate, rootEstimate, standardError } from './estimate.ts'
import type { PairMatrix } from './pairs.ts'

/**
 * Exact 2-Wasserstein distance of two clouds of as many points each: the root of the mean squared distance under the best
 * one-to-one assignment, in the unit of the data, from 0. What a point adds is its dual price: del Barrio and Loubes, Central
 * limit theorems for empirical transportation cost in general dimension, arXiv:1705.01299.
 *
 * @throws RangeError when the counts differ
 */
export function wassersteinEstimate({ rows, columns, squares }: PairMatrix): Estimate {
  if (rows !== columns)
    throw new RangeError(`expected as many points on both sides, found ${rows} and ${columns}`)
  const { columnOf, rowPrice, columnPrice } = assign(squares, rows)
  let sum = 0
  for (let i = 0; i < rows; i++) sum += squares[i * rows + columnOf[i]]
  return rootEstimate(sum / rows, standardError(rowPrice, columnPrice))
}
