import {
  type CorePrimitive,
  DYNAMIC,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
  vjp,
} from '../../autodiff/index.ts'
import type { Config } from '../../config/index.ts'
import { mapOf, type PointSpec, parameterCount } from '../../model/index.ts'

const inputsOf = (config: Config, point: PointSpec) => ({
  parameters: spec([parameterCount(config, point)]),
  x: spec([DYNAMIC, 2]),
  s: spec([DYNAMIC, 1]),
  t: spec([DYNAMIC, 1]),
  ...(point.condition && { class: spec([DYNAMIC], 'int64') }),
})

/**
 * A value of a flow map of the plane as a graph of its parameters `[P]`, points `[n, 2]`, times `[n, 1]` and, where it is told one,
 * classes `[n]`: compiled once, it serves a whole training.
 */
export const mapGraph = (
  config: Config,
  point: PointSpec,
  value: 'jump' | 'velocity',
): Graph<CorePrimitive> =>
  simplify(
    trace(
      ({ parameters, x, s, t, ...condition }) => ({
        y: mapOf(config, point, parameters, condition)[value](x, s, t),
      }),
      inputsOf(config, point),
    ),
  )

/** The gradient by `x` of `g` times that value: inputs as before, and behind them `g [n, 2]`. */
export const pullbackGraph = (
  config: Config,
  point: PointSpec,
  value: 'jump' | 'velocity',
): Graph<CorePrimitive> =>
  simplify(
    trace(
      ({ parameters, x, s, t, g, ...condition }) => {
        const map = mapOf(config, point, parameters, condition)
        const [, pull] = vjp((at: Tensor) => map[value](at, s, t), [x])
        return { y: pull(g)[0] }
      },
      { ...inputsOf(config, point), g: spec([DYNAMIC, 2]) },
    ),
  )
