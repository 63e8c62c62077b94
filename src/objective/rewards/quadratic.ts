import { z } from 'zod'
import { constant } from '../../autodiff/index.ts'
import {
  countOf,
  lengthMisfit,
  likeTimes,
  listOf,
  oneOrMany,
  type Quadratic,
  type RewardKind,
  rowsOf,
  seenPlace,
  unitsOf,
} from './kind.ts'

const each = 'one number for each coordinate'

const schema = z.strictObject({
  kind: z.literal('quadratic'),
  /** `[D][D]`; only its symmetric part counts. */
  A: z.array(z.array(z.number()).min(1)).min(1),
  center: oneOrMany(z.number(), each).default(0),
  b: oneOrMany(z.number(), each).default(0),
  offset: z.number().default(0),
})

/** `-(x - center)'A(x - center)/2 + b'x + constant` of a point. */
function quadraticValue({ A, center, b, constant }: Quadratic): (x: ArrayLike<number>) => number {
  return x => {
    let sum = constant
    for (let i = 0; i < center.length; i++) {
      const from = x[i] - center[i]
      sum += b[i] * x[i]
      for (let j = 0; j < center.length; j++) sum -= (from * A[i][j] * (x[j] - center[j])) / 2
    }
    return sum
  }
}

const symmetric = (A: readonly (readonly number[])[]): number[][] =>
  A.map((row, i) => row.map((value, j) => (value + A[j][i]) / 2))

/** The greatest value, at `A(x - center) = b`; without end where `A` is not positive definite. */
function greatest(form: Quadratic): number {
  const { A, center, b } = form
  // By pivots without exchanges: all are positive exactly where a symmetric matrix is positive definite.
  const rest = A.map((row, k) => [...row, b[k]])
  for (const [k, row] of rest.entries()) {
    if (!(row[k] > 1e-12 * Math.abs(A[k][k]))) return Number.POSITIVE_INFINITY
    for (const below of rest.slice(k + 1)) {
      const factor = below[k] / row[k]
      below.forEach((_, j) => {
        below[j] -= factor * row[j]
      })
    }
  }
  const move = new Array<number>(A.length).fill(0)
  for (let k = A.length - 1; k >= 0; k--) {
    const above = rest[k]
    let sum = above[A.length]
    for (let j = k + 1; j < A.length; j++) sum -= above[j] * move[j]
    move[k] = sum / above[k]
  }
  return quadraticValue(form)(center.map((value, d) => value + move[d]))
}

const formOf = ({ A, center, b, offset }: z.infer<typeof schema>, dimension: number): Quadratic => ({
  A: symmetric(A),
  center: listOf(center, dimension),
  b: listOf(b, dimension),
  constant: offset,
})

/** `-(x - center)'A(x - center)/2 + b'x + offset` */
export const quadratic = {
  schema,
  graph:
    ({ A, center, b, offset }) =>
    x => {
      const rows = rowsOf(x)
      const count = rows.shape[1]
      const row = (values: readonly number[]) => constant(values, [1, values.length], x.dtype)
      const from = rows.sub(row(listOf(center, count)))
      const bent = from.matmul(constant(symmetric(A).flat(), [count, count], x.dtype))
      const halves = bent.mul(from).sum(-1, true).mul(0.5)
      return likeTimes(
        rows
          .matmul(row(listOf(b, count)), { transposeB: true })
          .sub(halves)
          .add(offset),
        x,
      )
    },
  value: (reward, shape) => quadraticValue(formOf(reward, countOf(shape))),
  misfit({ A, center, b }, shape) {
    const count = countOf(shape)
    const isSquare = A.length === count && A.every(({ length }) => length === count)
    const sizes = [...new Set(A.map(({ length }) => length))].join(' or ')
    return isSquare
      ? lengthMisfit({ center, b }, shape)
      : { key: 'A', expected: `${count} lists of ${count} numbers`, found: `${A.length} of ${sizes}` }
  },
  seen({ A, b, ...reward }, by) {
    const units = unitsOf(by)
    const row = listOf(b, units.length)
    return {
      ...reward,
      A: A.map((values, i) => values.map((value, j) => units[i] * value * units[j])),
      center: seenPlace(reward.center, by),
      b: row.map((value, d) => value * units[d]),
      offset: row.reduce((sum, value, d) => sum + value * by.shift[d], reward.offset),
    }
  },
  bounds: (reward, { minimum }) => [Number.NEGATIVE_INFINITY, greatest(formOf(reward, minimum.length))],
  quadratic: (reward, shape) => formOf(reward, countOf(shape)),
} satisfies RewardKind<z.infer<typeof schema>>
