import { type CorePrimitive, DYNAMIC, type Graph, simplify, spec, trace } from '../../autodiff/index.ts'
import type { WeightsName } from '../../config/weights-name.ts'
import { interpolants, type Mixture, mixtureVelocity } from '../../model/index.ts'
import type { Program } from '../../runtime/program.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { solve } from '../../sampler/adaptive.ts'
import type { Velocity } from '../../sampler/sampler.ts'
import type { PlanePoints } from './protocol.ts'
import type { Session } from './session.ts'

/** Local error of a path that is drawn. */
const TOLERANCE = 1e-5

/** The exact velocity of a mixture, of points `[n, 2]` and times `[n, 1]` in float64. */
export function exactVelocityGraph(
  mixture: Mixture,
  interpolant: keyof typeof interpolants,
): Graph<CorePrimitive> {
  const field = mixtureVelocity(mixture, interpolants[interpolant])
  const types = { x: spec([DYNAMIC, 2], 'float64'), t: spec([DYNAMIC, 1], 'float64') }
  return simplify(trace(({ x, t }) => field.velocity(x, t), types))
}

/** The exact velocity of a target with a closed form, in float64; compiled once for a training. */
export async function exactVelocity(
  engine: Runtime,
  session: Session,
): Promise<Velocity<Float64Array> | undefined> {
  const { told, seen } = session
  const { mixture } = seen
  if (!mixture) return undefined
  const program = await session.once(
    `exact velocity ${told}`,
    (): Promise<Program> => engine.compile(exactVelocityGraph(mixture, session.config.interpolant)),
  )
  return async (x, t) => (await program.run([x, new Float64Array(x.length / 2).fill(t)]))[0] as Float64Array
}

/** The velocity that a map has learnt, with numbers of 64 bits around one of 32. */
export const learntVelocity =
  (session: Session, weights: WeightsName): Velocity<Float64Array> =>
  async (x, t) =>
    Float64Array.from(await session.map(weights).velocity(Float32Array.from(x), t))

/**
 * Float32 noise in the learnt velocity's last digits would be taken for an error of the solver at a smaller tolerance.
 */
const LEARNT_TOLERANCE = 1e-4

/** Steps between which the solver lets others in: a runtime that loads, or a message. */
const PATIENCE = 20

/** Where the solution is between two of its steps, by the cubic that has their points and velocities. */
function between(from: SolverStep, to: SolverStep, time: number): PlanePoints {
  const h = to.time - from.time
  const u = (time - from.time) / h
  const v = 1 - u
  const [a, b, c, d] = [v * v * (1 + 2 * u), u * v * v * h, u * u * (3 - 2 * u), -u * u * v * h]
  return Float32Array.from(
    from.points,
    (value, i) => a * value + b * from.velocity[i] + c * to.points[i] + d * to.velocity[i],
  )
}

interface SolverStep {
  readonly time: number
  readonly points: Float64Array
  readonly velocity: Float64Array
}

/** Solves through a list of times, that only falls or only rises, from points that are at its first. */
export async function solveThrough(
  velocity: Velocity<Float64Array>,
  points: PlanePoints,
  times: readonly number[],
  exact: boolean,
): Promise<PlanePoints[]> {
  const all: PlanePoints[] = [points]
  const end = times.at(-1)!
  const passed = (time: number): boolean =>
    end < times[0] ? times[all.length] >= time : times[all.length] <= time
  let before: SolverStep | null = null
  let taken = 0
  await solve(velocity, Float64Array.from(points), times[0], end, {
    tolerance: exact ? TOLERANCE : LEARNT_TOLERANCE,
    onStep: async (time, points, velocity) => {
      const step: SolverStep = { time, points, velocity }
      while (before && all.length < times.length && passed(time)) {
        const wanted = times[all.length]
        all.push(wanted === time ? Float32Array.from(points) : between(before, step, wanted))
      }
      before = step
      if (++taken % PATIENCE === 0) await new Promise(resolve => setTimeout(resolve))
    },
  })
  // Times that are all the same take no step.
  while (all.length < times.length) all.push(points)
  return all
}
