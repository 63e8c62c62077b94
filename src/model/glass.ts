import { stopGradient, type Tensor } from '../autodiff/index.ts'
import { type FlowMap, fromVelocity, type VelocityField } from './flow-map.ts'
import { type Arithmetic, innerPlace } from './inner-path.ts'

const tensors: Arithmetic<Tensor> = {
  add: (a, b) => a.add(b),
  sub: (a, b) => a.sub(b),
  mul: (a, b) => a.mul(b),
  div: (a, b) => a.div(b),
  neg: a => a.neg(),
  sqrt: a => a.sqrt(),
  rest: a => a.neg().add(1),
  least: (a, least) => a.maximum(least),
}

/**
 * The velocity of the inner path `z_s = (1-s) x0 + s e` given a noisy point `x_tau = (1-tau) x0 + tau e2` of the same data:
 * that of the distribution `p(x0 | x_tau)`, from a velocity of the outer, linear path alone. Exact where that is; it costs one
 * evaluation; see `innerPlace`. The teacher stands still: gradients do not pass, not even to a point that has moved.
 *
 * @param xTau  `[B, ...D]`
 * @param tau  shaped as times are
 */
export const glassVelocity = (outer: VelocityField, xTau: Tensor, tau: Tensor): VelocityField => ({
  velocity: (z, s) => stopGradient(glass(outer, xTau, tau, z, s)),
})

/** The same with its derivatives. */
export function glass(outer: VelocityField, xTau: Tensor, tau: Tensor, z: Tensor, s: Tensor): Tensor {
  const { time, ...by } = innerPlace(tensors, tau, s)
  const point = by.fromCondition.mul(xTau).add(by.fromInner.mul(z))
  const drift = by.byCondition.mul(xTau).add(by.byInner.mul(z))
  return drift.add(by.byVelocity.mul(outer.velocity(point, time)))
}

/**
 * The flow of the inner path in steps of Heun's method: a stochastic map of the data from a velocity alone, differentiable by the
 * noisy point. Each step costs two evaluations.
 */
export const innerFlow = (outer: VelocityField, xTau: Tensor, tau: Tensor, steps: number): FlowMap =>
  fromVelocity((z, s, t) => {
    const h = t.sub(s).mul(1 / steps)
    const velocity = (z: Tensor, s: Tensor) => glass(outer, xTau, tau, z, s)
    const slopes: Tensor[] = []
    let [at, time] = [z, s]
    for (let k = 0; k < steps; k++) {
      const next = k === steps - 1 ? t : time.add(h)
      const first = velocity(at, time)
      const slope = first.add(velocity(at.add(h.mul(first)), next)).mul(0.5)
      slopes.push(slope)
      at = at.add(h.mul(slope))
      time = next
    }
    return slopes.reduce((sum, slope) => sum.add(slope)).mul(1 / steps)
  })
