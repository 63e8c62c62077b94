import { DYNAMIC, simplify, spec, trace } from '../../autodiff/index.ts'
import { interpolants, mixtureVelocity } from '../../model/index.ts'
import type { Program } from '../../runtime/program.ts'
import { solve } from '../../sampler/adaptive.ts'
import type { Velocity } from '../../sampler/sampler.ts'
import type { Points } from './protocol.ts'
import type { Engine, Session, WeightsName } from './session.ts'

/** Local error of a path that is drawn. */
export const TOLERANCE = 1e-5

/** The exact velocity of a target with a closed form, in float64; compiled once for a training. */
export async function exactVelocity(
  engine: Engine,
  session: Session,
): Promise<Velocity<Float64Array> | undefined> {
  const { mixture } = session.dataset
  if (!mixture) return undefined
  const program = await session.once('exact velocity', (): Promise<Program> => {
    const field = mixtureVelocity(mixture, interpolants[session.config.interpolant])
    const graph = trace(({ x, t }) => field.velocity(x, t), {
      x: spec([DYNAMIC, 2], 'float64'),
      t: spec([DYNAMIC, 1], 'float64'),
    })
    return engine.compile(simplify(graph))
  })
  return async (x, t) => (await program.run([x, new Float64Array(x.length / 2).fill(t)]))[0] as Float64Array
}

/** The velocity that a map has learnt, with numbers of 64 bits around one of 32. */
export const learntVelocity =
  (session: Session, weights: WeightsName): Velocity<Float64Array> =>
  async (x, t) =>
    Float64Array.from(await session.map(weights).velocity(Float32Array.from(x), t))

/** Between times that are closer, the first step that is tried is all of the way. */
const FIRST_STEP = 0.02

/**
 * Float32 noise in the learnt velocity's last digits would be taken for an error of the solver at a smaller tolerance.
 */
const LEARNT_TOLERANCE = 1e-4

/** Solves through every time of a list, from points that are at its first. */
export async function solveThrough(
  velocity: Velocity<Float64Array>,
  points: Points,
  times: readonly number[],
  exact: boolean,
): Promise<Points[]> {
  const tolerance = exact ? TOLERANCE : LEARNT_TOLERANCE
  const all: Points[] = [points]
  let x: Float64Array = Float64Array.from(points)
  for (let i = 1; i < times.length; i++) {
    const firstStep = Math.min(FIRST_STEP, Math.abs(times[i] - times[i - 1]))
    x = await solve(velocity, x, times[i - 1], times[i], { tolerance, firstStep })
    all.push(Float32Array.from(x))
  }
  return all
}
