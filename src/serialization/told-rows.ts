import { constant, select, type Tensor } from '../autodiff/index.ts'
import { guidanceRecord } from '../config/guidance.ts'
import { pointOf } from '../config/index.ts'
import { asRows, divergenceOf, type FlowMap } from '../model/index.ts'
import { checkGiven, type Given, knownCondition, toldBy } from './conditions.ts'
import { usualScale, withGuidance } from './guidance.ts'
import { asRowMap, type Model, toldInputs, toldMap } from './model.ts'

/** A row `[1, ...]` for each of as many rows as there are points. */
function forEach(x: Tensor, row: Tensor): Tensor {
  const first = x.slice(1, 0, 1)
  return select((row.rank === 1 ? first.reshape([x.shape[0]]) : first).less(0), row, row)
}

/**
 * The map of rows `[B, D]` as `asRowMap`, in float64, that is told the same of every point: what is given, or that nothing is told.
 *
 * @param name  of the model, in messages
 * @throws ArgumentError when it cannot be told that, such as nothing where it does not know the data as a whole
 */
export function toldRowMap(model: Model, name: string, given: Given = {}): FlowMap {
  const { config, data } = model
  const known = knownCondition(config, data)
  checkGiven(name, given, known)
  const plain = asRowMap(model)
  const inputs = Object.entries(toldInputs(model))
  if (inputs.length === 0) return plain
  const told = known && toldBy(name, known, given[known.kind] ?? null)
  const guidance = guidanceRecord(config)
  const scaled =
    guidance.applied === 'input' ? withGuidance(told, guidance, { scale: usualScale(guidance) }) : told
  const values = scaled?.(0, 1, 1) ?? []
  const rows = inputs.map(([key, { shape, dtype }], i) => {
    const numbers = Array.from(values[i] as ArrayLike<number | bigint>, Number)
    return [key, constant(numbers, [1, ...shape.slice(1)], dtype === 'int64' ? dtype : 'float64')] as const
  })
  const { shape } = pointOf(config, data)
  const at = (x: Tensor): FlowMap =>
    asRows(
      toldMap(model, Object.fromEntries(rows.map(([key, row]) => [key, forEach(x, row)])), 'float64'),
      shape,
    )
  return {
    velocity: (x, s, t = s) => at(x).velocity(x, s, t),
    jump: (x, s, t) => at(x).jump(x, s, t),
    ...(plain.divergence && {
      divergence: divergenceOf((x, s, t) => at(x).divergence!(x, s, t), plain.divergence.scale),
    }),
  }
}
