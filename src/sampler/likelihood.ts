import { DYNAMIC, jvp, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import { type FlowMap, flat, type VelocityField } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { solve } from './adaptive.ts'
import { type Inverse, invert } from './inverse.ts'

type Field = (x: Tensor, t: Tensor) => Tensor

/** Runs a field on points `[n, D]` at one time: values `[n, D]` and the Jacobian `[n, D, D]`, `[i, j] = d f_j/d x_i`. */
interface Linearized {
  run(x: Float64Array, t: number): Promise<{ values: Float64Array; jacobian: Float64Array }>
  close(): Promise<void>
}

/** Compiles a field with its Jacobian: a forward derivative along each coordinate, each point standing once for each. */
async function linearize(runtime: Runtime, field: Field, dimension: number): Promise<Linearized> {
  const rows = spec([DYNAMIC, dimension], 'float64')
  const graph = trace(({ x, along, t }) => jvp((x: Tensor) => field(x, t), [x], [along]), {
    x: rows,
    along: rows,
    t: spec([DYNAMIC, 1], 'float64'),
  })
  const program = await runtime.compile(simplify(graph))
  const square = dimension * dimension
  return {
    run: async (x, t) => {
      const count = x.length / dimension
      const copies = new Float64Array(count * square)
      const along = new Float64Array(count * square)
      for (let i = 0; i < copies.length; i++) {
        const k = i % dimension
        copies[i] = x[Math.floor(i / square) * dimension + k]
        along[i] = Number(Math.floor(i / dimension) % dimension === k)
      }
      const times = new Float64Array(count * dimension).fill(t)
      const [y, dy] = (await program.run([copies, along, times])) as Float64Array[]
      const values = x.map((_, i) => y[Math.floor(i / dimension) * square + (i % dimension)])
      return { values, jacobian: dy }
    },
    close: () => program.close(),
  }
}

export interface FlowDensityOptions {
  /** Local error of the solver; default 1e-6. */
  readonly tolerance?: number
  /** The time that the data is taken to be of, where the velocity is infinite at 0; default 0. */
  readonly start?: number
}

/**
 * Logarithm of the density that a velocity gives to points `[n, D]` of data, in nats, when noise at time 1 is standard normal:
 * `log p(x_0) = log N(x_1) + int_0^1 div v(x_t, t) dt` along its trajectories, the divergence exact.
 *
 * Chen et al., Neural ordinary differential equations, arXiv:1806.07366, theorem 1.
 *
 * @param field  of float64 tensors
 * @returns `[n]`
 * @throws Error when the solver does not reach its tolerance
 */
export async function flowLogDensity(
  runtime: Runtime,
  field: VelocityField,
  points: Float64Array,
  dimension: number,
  { tolerance = 1e-6, start = 0 }: FlowDensityOptions = {},
): Promise<Float64Array> {
  const program = await linearize(runtime, (x, t) => field.velocity(x, t), dimension)
  const count = points.length / dimension
  // A point and the integral of the divergence along its trajectory, [n, D + 1].
  const split = (states: Float64Array): Float64Array =>
    Float64Array.from(points, (_, i) => states[Math.floor(i / dimension) * (dimension + 1) + (i % dimension)])
  const join = (x: Float64Array, last: (point: number) => number): Float64Array =>
    Float64Array.from({ length: count * (dimension + 1) }, (_, i) => {
      const [point, k] = [Math.floor(i / (dimension + 1)), i % (dimension + 1)]
      return k < dimension ? x[point * dimension + k] : last(point)
    })
  const slope = async (states: Float64Array, t: number): Promise<Float64Array> => {
    const { values, jacobian } = await program.run(split(states), t)
    return join(values, point => traceOf(jacobian, point * dimension ** 2, dimension))
  }
  try {
    const ends = await solve(
      slope,
      join(points, () => 0),
      start,
      1,
      { tolerance },
    )
    const integral = Float64Array.from({ length: count }, (_, i) => ends[(i + 1) * (dimension + 1) - 1])
    return flat.noise.logDensity(split(ends), dimension).map((value, i) => value + integral[i])
  } finally {
    await program.close()
  }
}

function traceOf(jacobian: Float64Array, at: number, dimension: number): number {
  let sum = 0
  for (let k = 0; k < dimension; k++) sum += jacobian[at + k * (dimension + 1)]
  return sum
}

export interface JumpDensity {
  /** `[n]`; NaN where the point was not reached, or the Jacobian there is singular. */
  readonly logDensity: Float64Array
  /** Share of the points that the search for their noise did not reach. */
  readonly missed: number
  /** Share of the points at which the Jacobian has no positive determinant, as that of a flow always has. */
  readonly folded: number
}

/**
 * Logarithm of the density that the jump `F(z, 1, 0)` of standard normal noise gives to points `[n, D]` of data, in nats:
 * `log N(z) - log |det dF/dz|` at the noise `z` with `F(z) = x`, which Newton's method finds. A map that is not one to one
 * leads to a point from more noise than is found, so that its density is higher than this; `missed` and `folded` tell of it.
 *
 * @param map  of float64 tensors
 * @param starts  noise to search from, `[m, D]`: the one whose jump ends nearest to a point is taken for it
 */
export async function jumpLogDensity(
  runtime: Runtime,
  map: FlowMap,
  points: Float64Array,
  dimension: number,
  starts: Float64Array,
): Promise<JumpDensity> {
  const zero = (t: Tensor): Tensor => t.mul(0)
  const program = await linearize(runtime, (x, s) => map.jump(x, s, zero(s)), dimension)
  try {
    const { noise, logDeterminant, sign, reached }: Inverse = await invert(
      x => program.run(x, 1),
      points,
      dimension,
      starts,
    )
    const normal = flat.noise.logDensity(noise, dimension)
    const share = (of: (i: number) => boolean) => reached.filter((_, i) => of(i)).length / reached.length
    return {
      logDensity: normal.map((value, i) =>
        reached[i] && sign[i] !== 0 ? value - logDeterminant[i] : Number.NaN,
      ),
      missed: share(i => !reached[i]),
      folded: share(i => reached[i] && sign[i] <= 0),
    }
  } finally {
    await program.close()
  }
}
