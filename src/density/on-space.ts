import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import type { VelocityField } from '../model/index.ts'
import { divergenceIn } from '../model/spaces/curved.ts'
import type { CurvedSpace } from '../model/spaces/table.ts'
import type { Runtime } from '../runtime/runtime.ts'

export interface SpaceDensityOptions {
  /** Midpoint steps from data to noise; default 100. */
  readonly steps?: number
  /** The time that the points are of; default 0. */
  readonly start?: number
}

/**
 * Logarithm of the density that a velocity gives to points `[n, D]` of a curved space, in nats and in the space's own volume:
 * `log p_s(x_s) = log b(x_1) + int_s^1 div v(x_t, t) dt` along its trajectories, `b` the density of the noise. A step is a midpoint step along
 * geodesics, `x' = exp_x(h P v(m, t + h/2))` with `m = exp_x(h/2 v(x, t))` and `P` the transport from `m` back to `x`; the divergence is the
 * sum of a derivative along each vector of a frame at `m`. Mathieu and Nickel, Riemannian continuous normalizing flows, arXiv:2006.10605.
 *
 * @param field  of float64 tensors
 * @returns `[n]`
 */
export async function spaceLogDensity(
  runtime: Runtime,
  field: VelocityField,
  { geometry, noise }: CurvedSpace,
  points: Float64Array,
  dimension: number,
  { steps = 100, start = 0 }: SpaceDensityOptions = {},
): Promise<Float64Array> {
  const { exp, transport } = geometry
  const time = spec([DYNAMIC, 1], 'float64')
  const graph = trace(
    ({ x, t, h }) => {
      const half = h.div(2)
      const middle = exp(x, half.mul(field.velocity(x, t)))
      const at = t.add(half)
      const v = field.velocity(middle, at)
      return {
        next: exp(x, h.mul(transport(middle, x, v))),
        divergence: divergenceIn(geometry, y => field.velocity(y, at), middle),
      }
    },
    { x: spec([DYNAMIC, dimension], 'float64'), t: time, h: time },
  )
  const program = await runtime.compile(simplify(graph))
  const count = points.length / dimension
  const h = (1 - start) / steps
  const integral = new Float64Array(count)
  let x = points
  try {
    for (let k = 0; k < steps; k++) {
      const times = [start + k * h, h].map(value => new Float64Array(count).fill(value))
      const [next, divergence] = (await program.run([x.slice(), ...times])) as Float64Array[]
      for (let i = 0; i < count; i++) integral[i] += h * divergence[i]
      x = next
    }
  } finally {
    await program.close()
  }
  return noise.logDensity(x, dimension).map((value, i) => value + integral[i])
}

/** The negative of the same: what each point of data costs in nats. */
export const negativeLogLikelihood = async (
  ...given: Parameters<typeof spaceLogDensity>
): Promise<Float64Array> => (await spaceLogDensity(...given)).map(value => -value)
