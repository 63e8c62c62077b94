import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import type { FlowMap } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { checkWholeGrid } from '../sampler/grid.ts'
import { baseLogDensity } from './base.ts'

/** Where jumps through a grid end, and the logarithm of what they multiply volumes by as a divergence head tells it. */
export interface HeadJumps {
  /** `[n, D]`. */
  readonly ends: Float64Array
  /** `sum_i (t_i+1 - t_i) A(x_i, t_i, t_i+1)`, in nats, `[n]`. */
  readonly logVolume: Float64Array
}

/** Rows that go through a network at once. */
const ROWS = 16_384

/**
 * Takes points `[n, D]` through the times of a grid, which rise towards noise or fall towards data.
 *
 * @param map  of float64 tensors, on rows `[B, D]`, with a divergence head
 * @throws Error when it has none
 */
export async function headJumps(
  runtime: Runtime,
  map: FlowMap,
  points: Float64Array,
  dimension: number,
  grid: readonly number[],
): Promise<HeadJumps> {
  const { divergence } = map
  if (!divergence) throw new Error('the map has no divergence head')
  const time = spec([DYNAMIC, 1], 'float64')
  const graph = trace(
    ({ x, s, t }) => ({ y: map.jump(x, s, t), volume: t.sub(s).mul(divergence(x, s, t)) }),
    { x: spec([DYNAMIC, dimension], 'float64'), s: time, t: time },
  )
  const program = await runtime.compile(simplify(graph))
  const count = points.length / dimension
  const ends = points.slice()
  const logVolume = new Float64Array(count)
  try {
    for (let from = 0; from < count; from += ROWS) {
      const rows = Math.min(ROWS, count - from)
      let x: Float64Array = points.slice(from * dimension, (from + rows) * dimension)
      for (let k = 1; k < grid.length; k++) {
        const times = [grid[k - 1], grid[k]].map(time => new Float64Array(rows).fill(time))
        const [y, volume] = (await program.run([x, ...times])) as Float64Array[]
        for (let i = 0; i < rows; i++) logVolume[from + i] += volume[i]
        x = y
      }
      ends.set(x, from * dimension)
    }
  } finally {
    await program.close()
  }
  return { ends, logVolume }
}

/**
 * What a divergence head says of the logarithm of the density at points `[n, D]` of data, in nats, one evaluation a jump:
 * `log ph(x) = log p_1(F(x,0,1)) + sum_i (t_i+1 - t_i) A(x_i, t_i, t_i+1)`, times rising from data to noise. It is an estimate of
 * the teacher's density and none of its own: `int ph`, its mass, need not be 1. F2D2, arXiv:2512.02636; there the head has the
 * other sign.
 *
 * @param grid  `1 = t_0 > ... > t_n = 0`, as for sampling
 * @param deviation  of the noise, `sigma(1)` of the path
 * @returns `[n]`
 */
export async function headLogDensity(
  runtime: Runtime,
  map: FlowMap,
  points: Float64Array,
  dimension: number,
  grid: readonly number[],
  deviation = 1,
): Promise<Float64Array> {
  const rising = checkWholeGrid(grid).toReversed()
  const { ends, logVolume } = await headJumps(runtime, map, points, dimension, rising)
  return baseLogDensity(ends, dimension, deviation).map((value, i) => value + logVolume[i])
}

/** A box of the plane, by its corners. */
export interface Box {
  readonly low: readonly [number, number]
  readonly high: readonly [number, number]
}

/** Points of the quadrature along each side. */
const SIDE = 241

/**
 * The mass of a density of the plane in a box, by the trapezoidal rule, which for smooth densities that vanish at the border
 * converges faster than any power.
 *
 * @param logDensity  in nats at points `[n, 2]`
 * @returns the mass, and the part of it on the border's cells, which should be next to nothing
 */
export async function planeMass(
  logDensity: (points: Float64Array) => Promise<Float64Array>,
  { low, high }: Box,
): Promise<{ mass: number; border: number }> {
  const step = [0, 1].map(k => (high[k] - low[k]) / (SIDE - 1))
  const points = Float64Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
    const [k, cell] = [i % 2, Math.floor(i / 2)]
    return low[k] + step[k] * (k === 0 ? Math.floor(cell / SIDE) : cell % SIDE)
  })
  const logs = await logDensity(points)
  let [mass, border] = [0, 0]
  logs.forEach((log, cell) => {
    const edges = [Math.floor(cell / SIDE), cell % SIDE].filter(at => at === 0 || at === SIDE - 1).length
    const own = Math.exp(log) * step[0] * step[1] * 0.5 ** edges
    mass += own
    if (edges > 0) border += own
  })
  return { mass, border }
}
