import { concat, grad, onesLike, stopGradient, type Tensor } from '../../autodiff/index.ts'
import { type BoundNetwork, coordinates, type VelocityField } from '../../model/index.ts'
import type { Draw, Loss } from '../loss.ts'

/** The generator's sample `x = F(eps,1,0)`: the flow map at one pair of times. */
export function generated({ map, path: { eps }, r }: Draw): Tensor {
  const one = onesLike(r)
  return map.jump(eps, one, one.sub(1))
}

/** The noisy copy `z = (1-r) x + r n` of points. */
export const noisy = (x: Tensor, r: Tensor, noise: Tensor): Tensor => x.add(r.mul(noise.sub(x)))

/** Rows moved on by `k` places: what belongs to another sample. */
export const moved = (x: Tensor, k: number): Tensor => {
  const rows = x.shape[0]
  const by = k % rows
  return by === 0 ? x : concat([x.slice(0, by, rows), x.slice(0, 0, by)], 0)
}

/** A loss whose time `r` lies in a range: a uniform one is spread over it. */
export const within =
  ([low, high]: readonly [low: number, high: number], loss: Loss): Loss =>
  draw =>
    loss({ ...draw, r: draw.r.mul(high - low).add(low) })

/** The time that a bridge leads to, `r ~ U(max(0, s-1/k), s)`, of one that is uniform in [0, 1]. arXiv:2406.04103 */
export const bridgeTime =
  (steps: number, loss: Loss): Loss =>
  draw =>
    loss({ ...draw, r: draw.s.sub(draw.s.minimum(1 / steps).mul(draw.r)) })

/** A network that trains beside the map, under its name. @throws Error where the run has none */
export function playerOf({ players }: Draw, name: string): BoundNetwork {
  const found = players?.[name]
  if (!found) throw new Error(`no player "${name}" in this draw`)
  return found
}

/** A player that is a velocity of one time. */
export const velocityOf = (draw: Draw, name: string): VelocityField => {
  const network = playerOf(draw, name)
  return { velocity: (x, t) => network(x, t, t) }
}

/** `D(z,r) = z - r v(z,r) = E[x0 | z]`, the denoiser of a velocity on the linear path. */
export const denoised = ({ velocity }: VelocityField, z: Tensor, r: Tensor): Tensor =>
  z.sub(r.mul(velocity(z, r)))

/** Smallest size that a loss is divided by. */
const SMALLEST = 1e-6

/** `mean|a|` of each sample over its coordinates, `[B, 1, ...]`, away from 0: what losses are divided by. */
export const meanAbsolute = (a: Tensor): Tensor => a.abs().mean(coordinates(a), true).maximum(SMALLEST)

/** Where a loss that asks for samples moves each of them: against its gradient by the sample, the loss summed over coordinates. */
export const movedBy =
  (loss: Loss) =>
  (draw: Draw): Tensor => {
    const x = stopGradient(generated(draw))
    const lossAt = (x: Tensor) => loss({ ...draw, map: { ...draw.map, jump: () => x } }).sum()
    const slope = grad(lossAt)(x) as Tensor
    return slope.mul(-coordinates(x).reduce((count, axis) => count * x.shape[axis], 1))
  }
