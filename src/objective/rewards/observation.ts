import { z } from 'zod'
import { constant } from '../../autodiff/index.ts'
import { squaredNorm } from '../loss.ts'
import {
  countOf,
  likeTimes,
  listOf,
  numbersText,
  oneOrMany,
  type RewardKind,
  rowsOf,
  unitsOf,
} from './kind.ts'
import { type Operator, operatorMisfit, operatorOf, operatorSchema } from './operators.ts'

const schema = z.strictObject({
  kind: z.literal('observation'),
  operator: operatorSchema,
  /** What was observed. */
  y: oneOrMany(z.number(), 'one number for each that the operator gives'),
  /** Standard deviation of the noise in it. */
  sd: z.number().positive(),
})

/** What of a configuration, and beside it what the points were before they were brought to another scale. */
type Observation = z.infer<typeof schema> & {
  readonly units?: readonly number[]
  readonly shift?: readonly number[]
}

/** What is seen of the points where all are as the network sees them. */
const observedShift = ({ shift }: Observation, { size, value }: Operator): Float64Array =>
  shift ? value(shift) : new Float64Array(size)

/** The rows `A` of an operator, `[size][D]`. */
function rowsOfOperator(operator: Operator, dimension: number): number[][] {
  const rows = Array.from({ length: operator.size }, () => new Array<number>(dimension).fill(0))
  const unit = new Float64Array(dimension)
  for (let d = 0; d < dimension; d++) {
    unit[d] = 1
    operator.value(unit).forEach((value, i) => {
      rows[i][d] = value
    })
    unit[d] = 0
  }
  return rows
}

/** `-|y - A x|^2 / (2 sd^2)` */
export const observation = {
  schema,
  graph: (reward: Observation) => x => {
    const { operator: config, y, sd, units } = reward
    const operator = operatorOf(config, x.shape.slice(1))
    const row = (values: ArrayLike<number>) => constant(Array.from(values), [1, values.length], x.dtype)
    const base = observedShift(reward, operator)
    // What the data's middle gives is taken off in double precision.
    const known = row(listOf(y, operator.size).map((value, i) => value - base[i]))
    const rows = rowsOf(x)
    const residual = operator.graph(units ? rows.mul(row(units)) : rows).sub(known)
    return likeTimes(squaredNorm(residual, 'sum', true).mul(-1 / (2 * sd * sd)), x)
  },
  value(reward: Observation, shape) {
    const { operator: config, sd, units } = reward
    const operator = operatorOf(config, shape)
    const y = listOf(reward.y, operator.size)
    const base = observedShift(reward, operator)
    return point => {
      const at = units ? units.map((unit, d) => unit * point[d]) : point
      return operator
        .value(at)
        .reduce((sum, value, i) => sum - (y[i] - base[i] - value) ** 2 / (2 * sd * sd), 0)
    }
  },
  misfit({ operator: config, y }, shape) {
    const wrong = operatorMisfit(config, shape)
    if (wrong) return { ...wrong, key: `operator.${wrong.key}` }
    const { size } = operatorOf(config, shape)
    return typeof y === 'number' || y.length === size
      ? undefined
      : { key: 'y', expected: numbersText(size), beside: ', or one for all', found: y.length }
  },
  seen: (reward: Observation, by) => ({ ...reward, units: unitsOf(by), shift: by.shift }),
  bounds: () => [Number.NEGATIVE_INFINITY, 0],
  quadratic(reward: Observation, shape) {
    const { operator: config, y, sd, units } = reward
    const operator = operatorOf(config, shape)
    const base = observedShift(reward, operator)
    const seen = listOf(y, operator.size).map((value, i) => value - base[i])
    const dimension = countOf(shape)
    const H = rowsOfOperator(operator, dimension).map(row =>
      row.map((value, d) => value * (units ? units[d] : 1)),
    )
    const sum = (of: (row: readonly number[], i: number) => number) =>
      H.reduce((all, row, i) => all + of(row, i), 0) / (sd * sd)
    const coordinates = Array.from({ length: dimension }, (_, d) => d)
    return {
      A: coordinates.map(i => coordinates.map(j => sum(row => row[i] * row[j]))),
      center: coordinates.map(() => 0),
      b: coordinates.map(d => sum((row, i) => row[d] * seen[i])),
      constant: -seen.reduce((all, value) => all + value * value, 0) / (2 * sd * sd),
    }
  },
} satisfies RewardKind<Observation>
