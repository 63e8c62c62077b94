import { DYNAMIC, simplify, spec, trace } from '../../autodiff/index.ts'
import { prepareMetrics } from '../../metric/prepare.ts'
import { rewardOf } from '../../objective/reward.ts'
import type { Program } from '../../runtime/program.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { heun, jumpThrough, uniformGrid } from '../../sampler/sampler.ts'
import type { Tilt } from '../plan.ts'
import { rewardOfTilt } from '../reward.ts'
import type { PlanePoints, Questions } from './protocol.ts'
import type { Session } from './session.ts'
import { steer } from './steer.ts'
import { marksOf } from './strays.ts'
import { rewardAt, tiltedDataset } from './tilt.ts'

type Goal = ReturnType<typeof prepareMetrics>

function meanReward(points: PlanePoints, tilt: Tilt): number {
  const reward = rewardAt(tilt)
  let sum = 0
  for (let i = 0; i < points.length; i += 2) sum += reward(points.subarray(i, i + 2))
  return sum / (points.length / 2)
}

/** The tilted data to measure against: that of the last tilt is kept, as a training is asked about it again and again. */
function goalOf(session: Session, tilt: Tilt, count: number): Goal {
  const kept = session.once('tilted goal', () => ({ of: '', goal: null as Goal | null }))
  const of = JSON.stringify([tilt, count, session.told])
  if (!kept.goal || kept.of !== of) {
    const dataset = tiltedDataset(session.seen, tilt)
    kept.goal = prepareMetrics(dataset, { count, names: ['slicedWasserstein'] })
    kept.of = of
  }
  return kept.goal
}

/** The reward of a tilt as a program, `[n, 2]` to `[n, 1]`: a painting's hundreds of bumps at once. */
function compileReward(engine: Runtime, tilt: Tilt): Promise<Program> {
  const reward = rewardOf(rewardOfTilt(tilt))
  return engine.compile(simplify(trace(({ x }) => ({ y: reward(x) }), { x: spec([DYNAMIC, 2]) })))
}

/** Samples before and after steering, and what they should be. */
export async function answerSteer(
  { points, tilt, steps, method, moves, resample, seed, weights }: Questions['steer']['ask'],
  session: Session,
  engine: Runtime,
): Promise<Questions['steer']['answer']> {
  const { jump, velocity } = session.map(weights)
  const grid = uniformGrid(steps)
  const before = await jumpThrough(method === 'jump' ? jump : heun(velocity), points, grid)
  const program = await compileReward(engine, tilt)
  try {
    const reward = async (x: PlanePoints) => (await program.run([x]))[0] as Float32Array
    const options = { beta: tilt.beta, grid, moves, resample, seed }
    const { points: after, acceptance } = await steer({ jump, reward }, points, options)
    const measures = goalOf(session, tilt, points.length / 2)
    const marks = marksOf(session, before) ?? null
    const distance = (x: PlanePoints) => measures.evaluate(x).slicedWasserstein
    const exact = measures.reference
    return {
      before,
      after,
      exact,
      acceptance,
      marks: marks && { before: marks, after: marksOf(session, after)! },
      rewards: {
        before: meanReward(before, tilt),
        after: meanReward(after, tilt),
        exact: meanReward(exact, tilt),
      },
      distances: {
        before: distance(before),
        after: distance(after),
        floor: measures.floors.slicedWasserstein.value,
      },
    }
  } finally {
    await program.close()
  }
}
