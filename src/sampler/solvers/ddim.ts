import { z } from 'zod'
import { type Solver, said } from './solver.ts'

const options = z.strictObject({ eta: z.number().min(0).max(1).default(0) })

/**
 * `alpha_t x0 + sqrt(sigma_t^2 - eta^2 S^2) eps + eta S z`, `S = sigma_t sqrt(1 - q^2)`. With `eta` 0 it is Euler's step in
 * `x/alpha` and `sigma/alpha`, exact wherever `x0` does not change; with 1 it is `ancestral`.
 */
export const ddim: Solver<z.infer<typeof options>> = {
  id: 'ddim',
  title: 'DDIM; eta adds noise',
  paper: 'Song et al. 2021, arXiv:2010.02502, eq. 12',
  order: { path: 1, law: 1 },
  evaluations: 1,
  options,
  needs: ({ eta }) => (eta > 0 ? ['falling'] : ['noise-at-start']),
  adds: ({ eta }, { to }) => eta > 0 && to.sigma > 0,
  begin: ({ eta }, tools) =>
    function* (x, { s, to, q }) {
      const { x0, eps } = yield* said(tools, x, s)
      if (eta === 0) return tools.combine([to.alpha, x0], [to.sigma, eps])
      const S = eta * to.sigma * Math.sqrt(1 - q * q)
      const kept = Math.sqrt(to.sigma ** 2 - S * S)
      if (S === 0) return tools.combine([to.alpha, x0], [kept, eps])
      return tools.combine([to.alpha, x0], [kept, eps], [S, tools.noise()])
    },
}
