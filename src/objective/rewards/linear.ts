import { z } from 'zod'
import { constant } from '../../autodiff/index.ts'
import {
  type Box,
  countOf,
  lengthMisfit,
  likeTimes,
  listOf,
  type OneOrMany,
  oneOrMany,
  type RewardKind,
  rowsOf,
  unitsOf,
} from './kind.ts'

const schema = z.strictObject({
  kind: z.literal('linear'),
  b: oneOrMany(z.number(), 'one number for each coordinate'),
  offset: z.number().default(0),
})

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d]
  return sum
}

/** `b'x` for points of a box: the least and the greatest. */
function extremes(b: OneOrMany, { minimum, maximum }: Box): [low: number, high: number] {
  const all = listOf(b, minimum.length)
  const sum = (pick: (...values: number[]) => number) =>
    all.reduce((sum, value, d) => sum + pick(value * minimum[d], value * maximum[d]), 0)
  return [sum(Math.min), sum(Math.max)]
}

/** `b'x + offset` */
export const linear = {
  schema,
  graph:
    ({ b, offset }) =>
    x => {
      const rows = rowsOf(x)
      const count = rows.shape[1]
      const product = rows.matmul(constant(listOf(b, count), [1, count], x.dtype), { transposeB: true })
      return likeTimes(product.add(offset), x)
    },
  value({ b, offset }, shape) {
    const row = listOf(b, countOf(shape))
    return point => dot(row, point) + offset
  },
  misfit: ({ b }, shape) => lengthMisfit({ b }, shape),
  seen({ b, offset, ...rest }, by) {
    const row = listOf(b, by.shift.length)
    const units = unitsOf(by)
    return { ...rest, b: row.map((value, d) => value * units[d]), offset: offset + dot(row, by.shift) }
  },
  bounds({ b, offset }, box) {
    const [low, high] = extremes(b, box)
    return [low + offset, high + offset]
  },
  quadratic({ b, offset }, shape) {
    const row = listOf(b, countOf(shape))
    const zeros = row.map(() => 0)
    return { A: row.map(() => zeros), center: zeros, b: row, constant: offset }
  },
} satisfies RewardKind<z.infer<typeof schema>>
