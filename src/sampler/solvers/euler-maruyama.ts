import { z } from 'zod'
import { processAt } from '../../model/index.ts'
import { type Solver, said } from './solver.ts'

const options = z.strictObject({
  /** `w^2`: that of the path's own diffusion, or `sigma`. */
  diffusion: z.enum(['sde', 'sigma']).default('sde'),
  /** What multiplies it; 0 for the ODE. */
  scale: z.number().min(0).default(1),
})

/**
 * `x + (t-s) (v + (w^2/2) eps/sigma) + w sqrt(s-t) z`, with `w^2 = scale g^2` or `scale sigma`: the same law at every time,
 * whatever `w`. Nothing is added in the last step.
 */
export const eulerMaruyama: Solver<z.infer<typeof options>> = {
  id: 'euler-maruyama',
  title: 'Euler-Maruyama on a reverse diffusion',
  paper: 'Song et al. 2021, arXiv:2011.13456; Ma et al. 2024 (SiT), arXiv:2401.08740',
  order: { path: null, law: 1 },
  evaluations: 1,
  options,
  needs: ({ diffusion }) => (diffusion === 'sde' ? ['falling', 'finite-ratio'] : ['falling']),
  adds: ({ scale }, { isLast }) => scale > 0 && !isLast,
  begin: ({ diffusion, scale }, tools) =>
    function* (x, { s, t, from, isLast }) {
      const { velocity, eps } = yield* said(tools, x, s)
      const w2 = scale * (diffusion === 'sde' ? processAt(tools.path, s).diffusionSquared : from.sigma)
      const h = t - s
      const drifted = [
        [1, x],
        [h, velocity],
        [(h * w2) / 2 / from.sigma, eps],
      ] as const
      if (isLast || w2 === 0) return tools.combine(...drifted)
      return tools.combine(...drifted, [Math.sqrt(w2 * -h), tools.noise()])
    },
}
