import { constant, jvp, onesLike, select, sizeOf, type Tensor } from '../autodiff/index.ts'
import { coordinates, type VelocityField } from '../model/index.ts'
import type { Draw } from './loss.ts'

/**
 * The divergence of a velocity at points `[B, ...D]` and times `[B, 1, ...]`, or an estimate of it with the right mean:
 * `[B, 1, ...]`, in 1 per time.
 */
type Estimate = (field: VelocityField, x: Tensor, s: Tensor, draw: Draw) => Tensor

/** `d v` along a direction, summed over the coordinates of another. */
const along = ({ velocity }: VelocityField, x: Tensor, s: Tensor, direction: Tensor): Tensor => {
  const [, dv] = jvp((x: Tensor) => velocity(x, s), [x], [direction])
  return dv.mul(direction).sum(coordinates(x), true)
}

/** `sum_k e_k' J e_k`: a forward derivative along each coordinate. */
const exact: Estimate = (field, x, s) => {
  const shape = x.shape.slice(1)
  const size = sizeOf(shape)
  const parts = Array.from({ length: size }, (_, k) => {
    const unit = constant(
      Array.from({ length: size }, (_, i) => Number(i === k)),
      [1, ...shape],
      x.dtype,
    )
    return along(field, x, s, onesLike(x).mul(unit))
  })
  return parts.reduce((sum, part) => sum.add(part))
}

/**
 * `z' J z` with Gaussian `z`, of variance `2 |S|^2`, `S = (J + J')/2`. Hutchinson 1990; for flows Grathwohl et al. 2019 (FFJORD),
 * arXiv:1810.01367.
 */
const gaussian: Estimate = (field, x, s, { noise }) => along(field, x, s, noise)

/** `z' J z` with signs `z`, of variance `2 (|S|^2 - sum S_ii^2)`, which is never more than that of Gaussian `z`. */
const rademacher: Estimate = (field, x, s, { noise }) =>
  along(field, x, s, select(noise.less(0), onesLike(noise).neg(), onesLike(noise)))

/**
 * `n sigma'/sigma - alpha/(W sigma) |v_cond - v|^2`, `W = alpha sigma' - alpha' sigma`: of a point `x = x_s` of the path, and
 * without any derivative of the velocity. That is `n alpha'/alpha + W/(alpha sigma) (n - |eps - eh|^2)` with the `eh` that
 * belongs to `v`, whose mean over the data that the point may come from is the divergence; an error of the velocity changes it
 * in second order.
 */
const denoising: Estimate = (field, x, s, { path }) => {
  const { alpha, sigma } = path.interpolant!
  const [a, da] = jvp(alpha, [s], [onesLike(s)])
  const [b, db] = jvp(sigma, [s], [onesLike(s)])
  const width = a.mul(db).sub(da.mul(b))
  const square = path.velocity(s).sub(field.velocity(x, s)).square().sum(coordinates(x), true)
  return db
    .div(b)
    .mul(sizeOf(x.shape.slice(1)))
    .sub(a.div(width.mul(b)).mul(square))
}

/** Most coordinates of which the exact divergence is the default. */
const FEW_COORDINATES = 16

/** `exact` for few coordinates, otherwise `rademacher`. */
const auto: Estimate = (field, x, s, draw) =>
  (sizeOf(x.shape.slice(1)) > FEW_COORDINATES ? rademacher : exact)(field, x, s, draw)

/** How the divergence of a velocity is found in training. */
export const divergences = { auto, exact, rademacher, gaussian, denoising } as const satisfies Record<
  string,
  Estimate
>

export type DivergenceName = keyof typeof divergences

/** Whether an estimate draws a probe of its own. */
export const drawsProbe = (name: DivergenceName): boolean => !['exact', 'denoising'].includes(name)
