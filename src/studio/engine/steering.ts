import { constant } from '../../autodiff/index.ts'
import { prepareMetrics } from '../../metric/prepare.ts'
import { coefficientsAt, interpolants } from '../../model/index.ts'
import { rewardOf } from '../../objective/reward.ts'
import { heun, jumpThrough, uniformGrid } from '../../sampler/sampler.ts'
import { mapOf } from '../../training/networks.ts'
import type { Tilt } from '../plan.ts'
import { rewardOfTilt } from '../reward.ts'
import type { Points, Questions } from './protocol.ts'
import type { Engine, Session } from './session.ts'
import { compileLookAhead, steer } from './steer.ts'
import { rewardAt, tiltedDataset } from './tilt.ts'

type Goal = ReturnType<typeof prepareMetrics>

function meanReward(points: Points, tilt: Tilt): number {
  const reward = rewardAt(tilt)
  let sum = 0
  for (let i = 0; i < points.length; i += 2) sum += reward(points.subarray(i, i + 2))
  return sum / (points.length / 2)
}

/** The tilted data to measure against: that of the last tilt is kept, as a training is asked about it again and again. */
function goalOf(session: Session, tilt: Tilt, count: number): Goal {
  const kept = session.once('tilted goal', () => ({ of: '', goal: null as Goal | null }))
  const of = JSON.stringify([tilt, count])
  if (!kept.goal || kept.of !== of) {
    const dataset = tiltedDataset(session.dataset, tilt)
    kept.goal = prepareMetrics(dataset, { count, names: ['slicedWasserstein'] })
    kept.of = of
  }
  return kept.goal
}

/** Samples before and after steering, and what they should be. */
export async function answerSteer(
  { points, tilt, steps, method, moves, resample, seed, weights }: Questions['steer']['ask'],
  session: Session,
  engine: Engine,
): Promise<Questions['steer']['answer']> {
  const { config } = session
  const interpolant = interpolants[config.interpolant]
  const parameters = session.parameters(weights).slice()
  const map = mapOf(config, 2, constant(parameters, [parameters.length]))
  const { jump, velocity } = session.map(weights)
  const grid = uniformGrid(steps)
  const reward = rewardOf(rewardOfTilt(tilt))
  const before = await jumpThrough(method === 'jump' ? jump : heun(velocity), points, grid)
  const program = await compileLookAhead(engine, map, interpolant, reward)
  try {
    const look = async (x: Points, t: number) =>
      (await program.run([x, new Float32Array(x.length / 2).fill(t)]))[0] as Float32Array
    const sigma = (t: number) => coefficientsAt(interpolant, t).sigma
    const options = { beta: tilt.beta, grid, moves, resample, seed }
    const { points: after } = await steer({ jump, look, sigma }, points, options)
    const measures = goalOf(session, tilt, points.length / 2)
    const distance = (x: Points) => measures.evaluate(x).slicedWasserstein
    const exact = measures.reference
    return {
      before,
      after,
      exact,
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
