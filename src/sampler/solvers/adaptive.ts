import { z } from 'zod'
import { dormandPrince } from '../dormand-prince.ts'
import type { Step } from '../steps.ts'
import { type Solver, type Stepper, said, type Tools } from './solver.ts'

const options = z.strictObject({
  /** Largest local error of any coordinate, absolute and relative. */
  tolerance: z.number().positive().default(1e-4),
  /** Steps that are tried in an interval of the grid. */
  maxSteps: z.int().positive().default(10_000),
})

type Options = z.infer<typeof options>

/** Dormand and Prince's pair of orders 5 and 4: steps of its own between the times of the grid. */
export const adaptive: Solver<Options> = {
  id: 'adaptive',
  title: 'The adaptive method of Dormand and Prince on the velocity',
  paper: 'Dormand & Prince 1980, J. Comput. Appl. Math. 6(1)',
  order: { path: 5, law: 5 },
  evaluations: null,
  options,
  needs: () => ['velocity-at-end', 'points'],
  adds: () => false,
  begin: <X>({ tolerance, maxSteps }: Options, tools: Tools<X>): Stepper<X> => {
    function* velocity(x: X, t: number): Step<X> {
      return (yield* said(tools, x, t)).velocity
    }
    const arithmetic = { combine: tools.combine, errorRatio: tools.errorRatio! }
    return (x, { s, t }) => {
      const firstStep = Math.abs(t - s) / 10
      return dormandPrince(arithmetic, velocity, x, s, t, { tolerance, maxSteps, firstStep })
    }
  },
}
