import { z } from 'zod'
import { constant, type Tensor } from '../../autodiff/index.ts'
import { countOf, type Misfit } from './kind.ts'

/** `[height, width, channels]` of the picture that a row of numbers is; that of the data where it is left out. */
const picture = z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]).optional()

const mask = z.strictObject({
  kind: z.literal('mask'),
  /** Indices of what is seen; or a 0 or 1 for each number of a point. */
  keep: z.array(z.int().min(0)).min(1),
})
const downsample = z.strictObject({
  kind: z.literal('downsample'),
  /** Side of the blocks of which the mean is seen, pixels. */
  factor: z.int().min(2),
  shape: picture,
})
const blur = z.strictObject({
  kind: z.literal('blur'),
  /** Standard deviation of the kernel, pixels. */
  width: z.number().positive(),
  shape: picture,
})
const matrix = z
  .strictObject({ kind: z.literal('matrix'), rows: z.array(z.array(z.number()).min(1)).min(1) })
  .refine(({ rows: [first, ...others] }) => others.every(({ length }) => length === first.length), {
    path: ['rows'],
    error: 'expected rows of as many numbers each',
  })

/** What is seen of a point, by name; all are linear. */
export const operatorSchema = z.discriminatedUnion('kind', [mask, downsample, blur, matrix], {
  error: 'expected one of mask, downsample, blur, matrix',
})

export type OperatorConfig = z.infer<typeof operatorSchema>

/** An operator for points of one shape. */
export interface Operator {
  /** Numbers that it gives. */
  readonly size: number
  /** `[B, D]` to `[B, size]`. */
  graph(rows: Tensor): Tensor
  value(point: Readonly<ArrayLike<number>>): Float64Array
}

/** A list of zeros and ones as long as a point says of each number whether it is kept; any other one holds indices. */
function keptOf(keep: readonly number[], count: number): number[] {
  const flags = keep.length === count && keep.includes(1) && keep.every(value => value <= 1)
  return flags ? keep.flatMap((value, d) => (value === 1 ? [d] : [])) : [...keep]
}

function masked(keep: readonly number[], count: number): Operator {
  const kept = keptOf(keep, count)
  return {
    size: kept.length,
    graph: rows =>
      rows
        .transpose()
        .gather(constant(kept, [kept.length], 'int64'))
        .transpose(),
    value: point => Float64Array.from(kept, d => point[d]),
  }
}

/** One matrix for the rows of a picture and one for its columns, `[to][from]`; channels are alike. */
function separable(
  vertical: readonly (readonly number[])[],
  horizontal: readonly (readonly number[])[],
  [height, width, channels]: readonly number[],
): Operator {
  const [tall, wide] = [vertical.length, horizontal.length]
  return {
    size: tall * wide * channels,
    graph(rows) {
      const batch = rows.shape[0]
      const of = (m: readonly (readonly number[])[]) =>
        constant(m.flat(), [m.length, m[0].length], rows.dtype)
      const across = rows
        .reshape([batch, height, width, channels])
        .transpose([0, 1, 3, 2])
        .matmul(of(horizontal).transpose())
      const down = across.transpose([0, 2, 3, 1]).matmul(of(vertical).transpose())
      return down.transpose([0, 3, 2, 1]).reshape([batch, tall * wide * channels])
    },
    value(point) {
      const out = new Float64Array(tall * wide * channels)
      vertical.forEach((column, i) => {
        horizontal.forEach((row, j) => {
          for (let c = 0; c < channels; c++) {
            let sum = 0
            column.forEach((a, y) => {
              if (a === 0) return
              row.forEach((b, x) => {
                sum += a * b * point[(y * width + x) * channels + c]
              })
            })
            out[(i * wide + j) * channels + c] = sum
          }
        })
      })
      return out
    },
  }
}

const means = (count: number, factor: number): number[][] =>
  Array.from({ length: count / factor }, (_, i) =>
    Array.from({ length: count }, (_, x) => (Math.floor(x / factor) === i ? 1 / factor : 0)),
  )

/** The kernel about each place; at the edges what is left of it has the sum 1, so that a flat picture stays as it is. */
const kernels = (count: number, width: number): number[][] =>
  Array.from({ length: count }, (_, i) => {
    const weights = Array.from({ length: count }, (_, x) => Math.exp(-(((x - i) / width) ** 2) / 2))
    const total = weights.reduce((a, b) => a + b)
    return weights.map(value => value / total)
  })

function product(rows: readonly (readonly number[])[]): Operator {
  return {
    size: rows.length,
    graph: x => x.matmul(constant(rows.flat(), [rows.length, rows[0].length], x.dtype), { transposeB: true }),
    value: point => Float64Array.from(rows, row => row.reduce((sum, value, d) => sum + value * point[d], 0)),
  }
}

/** What of an operator does not go with points of a shape. */
export function operatorMisfit(operator: OperatorConfig, shape: readonly number[]): Misfit | undefined {
  const count = countOf(shape)
  switch (operator.kind) {
    case 'mask': {
      const kept = keptOf(operator.keep, count)
      const wrong = kept.find((d, i) => d >= count || kept.indexOf(d) !== i)
      const expected = `different indices below ${count} or ${count} zeros and ones`
      return wrong === undefined ? undefined : { key: 'keep', expected, found: wrong }
    }
    case 'matrix': {
      const [{ length }] = operator.rows
      return length === count
        ? undefined
        : { key: 'rows', expected: `rows of ${count} numbers`, found: length }
    }
    default: {
      const own = operator.shape ?? shape
      if (own.length !== 3 || countOf(own) !== count) {
        const expected = `[height, width, channels] of pictures of ${count} numbers`
        return { key: 'shape', expected, found: own }
      }
      if (operator.kind === 'blur') return undefined
      const { factor } = operator
      const isWhole = own[0] % factor === 0 && own[1] % factor === 0
      const expected = `a factor of the height ${own[0]} and the width ${own[1]}`
      return isWhole ? undefined : { key: 'factor', expected, found: factor }
    }
  }
}

/** An operator for points of a shape that it goes with. */
export function operatorOf(operator: OperatorConfig, shape: readonly number[]): Operator {
  switch (operator.kind) {
    case 'mask':
      return masked(operator.keep, countOf(shape))
    case 'matrix':
      return product(operator.rows)
    case 'downsample': {
      const own = operator.shape ?? shape
      return separable(means(own[0], operator.factor), means(own[1], operator.factor), own)
    }
    case 'blur': {
      const own = operator.shape ?? shape
      return separable(kernels(own[0], operator.width), kernels(own[1], operator.width), own)
    }
  }
}
