import { constant, select, type Tensor } from '../../autodiff/index.ts'
import { type Interpolant, one, rootOf } from './interpolant.ts'

const STEPS = 1000
const BETA = [1e-4, 0.02] as const

/** `ln(1 - beta_k)`, `k = 1 .. 1000`, `beta` rising linearly. */
const LOGS = Array.from({ length: STEPS }, (_, i) =>
  Math.log1p(-(BETA[0] + ((BETA[1] - BETA[0]) * i) / (STEPS - 1))),
)

/** `ln(abar)`, the sum of these logarithms up to `k = 1000 t`; between two of them a part of the next. */
function logAlphaBar(t: Tensor): Tensor {
  const row = (values: readonly number[]) =>
    constant(values, [...t.shape.map(() => 1), values.length], t.dtype)
  const into = t
    .mul(STEPS)
    .reshape([...t.shape, 1])
    .sub(row(LOGS.map((_, i) => i)))
  // Where one step ends and the next begins, the slope is that of the next alone; the last has no next.
  const within = select(into.less(row(LOGS.map((_, i) => (i < STEPS - 1 ? 1 : 2)))), into, row([1]))
  const passed = select(into.less(0), row([0]), within)
  return passed.mul(row(LOGS)).sum(-1)
}

/**
 * The discrete diffusion of Ho et al. 2020 (DDPM), arXiv:2006.11239, at `t = k/1000`: `alpha^2 = abar_k = prod_i (1 - beta_i)`,
 * `beta` from 1e-4 to 0.02, `sigma^2 = 1 - abar_k`. Between its times `ln(abar)` is taken to be linear. At `t = 1`
 * `abar = 4.036e-5`.
 */
export const ddpmLinear: Interpolant = {
  alpha: t => logAlphaBar(t).mul(0.5).exp(),
  sigma: t => rootOf(one(t).sub(logAlphaBar(t).exp())),
  timeOfRatio: r => {
    let left = Math.log1p(r * r)
    let k = 0
    while (k < STEPS && left > -LOGS[k]) left += LOGS[k++]
    return k === STEPS ? 1 : (k - left / LOGS[k]) / STEPS
  },
  steepAtData: true,
}
