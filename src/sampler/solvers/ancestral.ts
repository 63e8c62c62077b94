import { z } from 'zod'
import { type Solver, said } from './solver.ts'

const options = z.strictObject({
  /** Of the noise: that of the posterior given the data, or that of the step from data to noise. */
  variance: z.enum(['posterior', 'forward']).default('posterior'),
})

/**
 * `(sigma_t/sigma_s) q x + alpha_t (1 - q^2) x0 + S z`, `S = sigma_t sqrt(1 - q^2)`, or `sigma_s/sigma_t S` with the forward
 * variance; nothing is added in the step to `sigma = 0`.
 */
export const ancestral: Solver<z.infer<typeof options>> = {
  id: 'ancestral',
  title: 'Ancestral sampling, that of DDPM',
  paper: 'Ho et al. 2020, arXiv:2006.11239, alg. 2',
  order: { path: null, law: 1 },
  evaluations: 1,
  options,
  needs: () => ['falling'],
  adds: (_, { to }) => to.sigma > 0,
  begin: ({ variance }, tools) =>
    function* (x, { s, from, to, q }) {
      const { x0 } = yield* said(tools, x, s)
      const mean = [
        [(to.sigma / from.sigma) * q, x],
        [to.alpha * (1 - q * q), x0],
      ] as const
      if (to.sigma === 0) return tools.combine(...mean)
      const S = (variance === 'forward' ? from.sigma : to.sigma) * Math.sqrt(1 - q * q)
      return tools.combine(...mean, [S, tools.noise()])
    },
}
