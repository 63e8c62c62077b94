import { z } from 'zod'
import type { Solver } from './solver.ts'

const none = z.strictObject({})
type None = z.infer<typeof none>

/** `F(x, s, t)` */
export const jump: Solver<None> = {
  id: 'jump',
  title: 'The jumps of the map; of a velocity, Euler steps',
  paper: 'Boffi et al. 2024, arXiv:2406.07507',
  order: { path: null, law: null },
  evaluations: 1,
  options: none,
  needs: () => [],
  adds: () => false,
  curved: true,
  jumps: 'each',
  begin: () =>
    function* (x, { s, t }) {
      return yield { x, s, t }
    },
}

/**
 * `F(x, s, 0)`, then back to `t` along the bridge that keeps the joint law of a noisy point and its data:
 * `x_t = (sigma_t/sigma_s)^2 (alpha_s/alpha_t) x_s + alpha_t (1 - q^2) F + sigma_t sqrt(1 - q^2) z` with
 * `q = (sigma_t alpha_s)/(sigma_s alpha_t)`. Salimans et al. 2024, arXiv:2406.04103, alg. 1.
 */
export const bridge: Solver<None> = {
  id: 'bridge',
  title: 'Jumps to data, and back along the bridge to it',
  paper: 'Salimans et al. 2024, arXiv:2406.04103, alg. 1',
  order: { path: null, law: null },
  evaluations: 1,
  options: none,
  needs: () => ['falling'],
  adds: (_, { isLast }) => !isLast,
  jumps: 'to-data',
  begin: (_, { combine, noise }) =>
    function* (x, { s, from, to, q, isLast }) {
      const data = yield { x, s, t: 0 }
      if (isLast) return data
      const rest = 1 - q * q
      return combine(
        [(q * to.sigma) / from.sigma, x],
        [to.alpha * rest, data],
        [to.sigma * Math.sqrt(rest), noise()],
      )
    },
}

/** `F(x, 1, 0)`, then `F(alpha(s) x + sigma(s) z, s, 0)` at each inner time. */
export const renoise: Solver<None> = {
  id: 'renoise',
  title: 'Jumps to data, and back with fresh noise',
  paper: 'Song et al. 2023, arXiv:2303.01469, alg. 1',
  order: { path: null, law: null },
  evaluations: 1,
  options: none,
  needs: () => ['ends'],
  adds: (_, { isFirst }) => !isFirst,
  jumps: 'to-data',
  begin: (_, { combine, noise }) =>
    function* (x, { s, from, isFirst }) {
      return yield { x: isFirst ? x : combine([from.alpha, x], [from.sigma, noise()]), s, t: 0 }
    },
}

const inner = z.strictObject({ inner: z.int().min(1).max(64).nullable().default(null) })

/** `x_t = x_s + (t-s) y`, `y` drawn anew for each step by inner jumps from noise. Nie et al. 2026, arXiv:2601.09881. */
export const transition: Solver<z.infer<typeof inner>> = {
  id: 'transition',
  title: 'Steps along velocities that inner jumps draw',
  paper: 'Nie et al. 2026, arXiv:2601.09881',
  order: { path: null, law: null },
  evaluations: 1,
  options: inner,
  needs: () => ['falling'],
  adds: () => true,
  begin: ({ inner }, { combine, noise }) =>
    function* (x, { s, t }) {
      const y = yield { x, s, drawn: { noise: noise(), inner } }
      return combine([1, x], [t - s, y])
    },
}
