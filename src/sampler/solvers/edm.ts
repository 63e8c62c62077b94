import { z } from 'zod'
import { coefficientsAt, timeOfRatio } from '../../model/index.ts'
import { type Solver, said } from './solver.ts'

const options = z.strictObject({
  /** `S_churn`: how much noise the steps of a grid add, over all of them. */
  churn: z.number().min(0).default(0),
  /** `S_noise`: what multiplies that noise. Above 1 it makes up for networks that blur, and makes exact ones wrong. */
  noiseScale: z.number().positive().default(1),
  /** The largest ratio of noise to data at which it may begin: its first step is one Euler step in that ratio. */
  largest: z.number().positive().default(160),
})

/** Most of a step's ratio that is added at once. */
const MOST = Math.SQRT2 - 1

/**
 * In `y = x/alpha` and `r = sigma/alpha`: raises `r` to `r (1 + min(churn/N, sqrt 2 - 1))` with fresh noise, then takes Heun's
 * step with `dy/dr = eps`, and Euler's into `r = 0`.
 */
export const edm: Solver<z.infer<typeof options>> = {
  id: 'edm',
  title: "EDM's sampler: Heun in the ratio of noise to data; churn adds noise",
  paper: 'Karras et al. 2022, arXiv:2206.00364, alg. 2',
  order: { path: 2, law: 2 },
  evaluations: 2,
  options,
  needs: () => ['falling', 'finite-ratio'],
  adds: ({ churn }) => churn > 0,
  grid: 'karras',
  largest: ({ largest }) => largest,
  begin: ({ churn, noiseScale }, tools) =>
    function* (x, { s, t, from, to, steps }) {
      const ratio = from.sigma / from.alpha
      const end = to.sigma / to.alpha
      const raised = churn > 0 ? ratio * (1 + Math.min(churn / steps, MOST)) : ratio
      const time = raised === ratio ? s : timeOfRatio(tools.path, raised)
      const at = time === s ? from : coefficientsAt(tools.path, time)
      // What the path reaches: at its end there is no more noise to add.
      const begun = at.sigma / at.alpha
      const added = noiseScale * Math.sqrt(Math.max(0, begun ** 2 - ratio ** 2))
      const y =
        added > 0
          ? tools.combine([1 / from.alpha, x], [added, tools.noise()])
          : tools.combine([1 / from.alpha, x])
      const ask = (y: typeof x, { alpha }: { alpha: number }, t: number) =>
        said(tools, tools.combine([alpha, y]), t)
      const first = (yield* ask(y, at, time)).eps
      const h = end - begun
      const euler = tools.combine([1, y], [h, first])
      if (end === 0) return tools.combine([to.alpha, euler])
      const second = (yield* ask(euler, to, t)).eps
      return tools.combine([to.alpha, y], [(to.alpha * h) / 2, first], [(to.alpha * h) / 2, second])
    },
}
