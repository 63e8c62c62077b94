import { z } from 'zod'
import { type Solver, said } from './solver.ts'

const none = z.strictObject({})
type None = z.infer<typeof none>
const never = () => false

/** `x + (t-s) v(x, s)`, in a curved space `exp_x((t-s) v)`. */
export const euler: Solver<None> = {
  id: 'euler',
  title: "Euler's method on the velocity",
  paper: 'Lipman et al. 2023, arXiv:2210.02747',
  order: { path: 1, law: 1 },
  evaluations: 1,
  options: none,
  needs: () => [],
  adds: never,
  curved: true,
  begin: (_, tools) =>
    function* (x, { s, t }) {
      const { velocity } = yield* said(tools, x, s)
      if (tools.isCurved) return yield { x, s, along: tools.combine([t - s, velocity]) }
      return tools.combine([1, x], [t - s, velocity])
    },
}

/** `x + (t-s) (v(x, s) + v(y, t))/2`, `y` the end of Euler's step. */
export const heun: Solver<None> = {
  id: 'heun',
  title: "Heun's method on the velocity",
  paper: 'Karras et al. 2022, arXiv:2206.00364, alg. 1',
  order: { path: 2, law: 2 },
  evaluations: 2,
  options: none,
  needs: () => ['velocity-at-end'],
  adds: never,
  begin: (_, tools) =>
    function* (x, { s, t }) {
      const h = t - s
      const first = (yield* said(tools, x, s)).velocity
      const second = (yield* said(tools, tools.combine([1, x], [h, first]), t)).velocity
      return tools.combine([1, x], [h / 2, first], [h / 2, second])
    },
}

/** `x + (t-s) v(y, m)`, `y = x + (m-s) v(x, s)`, `m` midway. */
export const midpoint: Solver<None> = {
  id: 'midpoint',
  title: 'The midpoint method on the velocity',
  paper: 'Runge 1895, Math. Ann. 46',
  order: { path: 2, law: 2 },
  evaluations: 2,
  options: none,
  needs: () => [],
  adds: never,
  begin: (_, tools) =>
    function* (x, { s, t }) {
      const m = (s + t) / 2
      const first = (yield* said(tools, x, s)).velocity
      const second = (yield* said(tools, tools.combine([1, x], [m - s, first]), m)).velocity
      return tools.combine([1, x], [t - s, second])
    },
}

/** The classical method of Runge and Kutta, of order 4. */
export const rk4: Solver<None> = {
  id: 'rk4',
  title: 'The classical Runge-Kutta method on the velocity',
  paper: 'Kutta 1901, Z. Math. Phys. 46',
  order: { path: 4, law: 4 },
  evaluations: 4,
  options: none,
  needs: () => ['velocity-at-end'],
  adds: never,
  begin: (_, tools) =>
    function* (x, { s, t }) {
      const h = t - s
      const m = (s + t) / 2
      const k1 = (yield* said(tools, x, s)).velocity
      const k2 = (yield* said(tools, tools.combine([1, x], [h / 2, k1]), m)).velocity
      const k3 = (yield* said(tools, tools.combine([1, x], [h / 2, k2]), m)).velocity
      const k4 = (yield* said(tools, tools.combine([1, x], [h, k3]), t)).velocity
      return tools.combine([1, x], [h / 6, k1], [h / 3, k2], [h / 3, k3], [h / 6, k4])
    },
}
