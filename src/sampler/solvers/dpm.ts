import { z } from 'zod'
import { type Interval, type Solver, said, type Tools } from './solver.ts'

const options = z.strictObject({
  /** 1 takes every step as the first is taken. */
  order: z.union([z.literal(1), z.literal(2)]).default(2),
})

/** `D = x0 + (h/2h') (x0 - x0')`, from the step before; `x0` at the first step and where a step is infinite. */
function extrapolation<X>(order: 1 | 2, { combine }: Tools<X>): (x0: X, interval: Interval) => X {
  let before: { x0: X; h: number } | undefined
  return (x0, { h }) => {
    const last = before
    before = { x0, h }
    if (order === 1 || !last || !Number.isFinite(h) || !Number.isFinite(last.h)) return x0
    const w = h / (2 * last.h)
    return combine([1 + w, x0], [-w, last.x0])
  }
}

/** `(sigma_t/sigma_s) x + alpha_t (1 - q) D` */
export const dpm: Solver<z.infer<typeof options>> = {
  id: 'dpm++2m',
  title: 'DPM-Solver++, second order, multistep',
  paper: 'Lu et al. 2022, arXiv:2211.01095, alg. 2',
  order: { path: 2, law: 2 },
  evaluations: 1,
  options,
  needs: () => ['falling'],
  adds: () => false,
  grid: 'log-ratio',
  begin({ order }, tools) {
    const extrapolated = extrapolation(order, tools)
    return function* (x, interval) {
      const { from, to, q, s } = interval
      const D = extrapolated((yield* said(tools, x, s)).x0, interval)
      return tools.combine([to.sigma / from.sigma, x], [to.alpha * (1 - q), D])
    }
  },
}

/** `(sigma_t/sigma_s) q x + alpha_t (1 - q^2) D + sigma_t sqrt(1 - q^2) z` */
export const sdeDpm: Solver<z.infer<typeof options>> = {
  id: 'sde-dpm++2m',
  title: 'DPM-Solver++ of the reverse diffusion, second order, multistep',
  paper: 'Lu et al. 2022, arXiv:2211.01095',
  order: { path: null, law: 2 },
  evaluations: 1,
  options,
  needs: () => ['falling'],
  adds: (_, { to }) => to.sigma > 0,
  grid: 'log-ratio',
  begin({ order }, tools) {
    const extrapolated = extrapolation(order, tools)
    return function* (x, interval) {
      const { from, to, q, s } = interval
      const D = extrapolated((yield* said(tools, x, s)).x0, interval)
      const mean = [
        [(to.sigma / from.sigma) * q, x],
        [to.alpha * (1 - q * q), D],
      ] as const
      if (to.sigma === 0) return tools.combine(...mean)
      return tools.combine(...mean, [to.sigma * Math.sqrt(1 - q * q), tools.noise()])
    }
  },
}
