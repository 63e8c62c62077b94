import { constant } from '../../autodiff/index.ts'
import { prepareMetrics } from '../../metric/prepare.ts'
import { coefficientsAt, interpolants } from '../../model/index.ts'
import { rewardOf } from '../../objective/reward.ts'
import { heun, jumpThrough, uniformGrid } from '../../sampler/sampler.ts'
import { mapOf } from '../../training/networks.ts'
import type { Tilt } from '../plan.ts'
import type { Points, Questions } from './protocol.ts'
import type { Engine, Session } from './session.ts'
import { compileLookAhead, steer } from './steer.ts'
import { bump, tiltedDataset } from './tilt.ts'

function meanReward(points: Points, tilt: Tilt): number {
  const reward = bump(tilt)
  let sum = 0
  for (let i = 0; i < points.length; i += 2) sum += reward(points[i], points[i + 1])
  return sum / (points.length / 2)
}

/** Samples before and after steering, and what they should be. */
export async function answerSteer(
  { points, tilt, steps, method, moves, resample, seed, weights }: Questions['steer']['ask'],
  session: Session,
  engine: Engine,
): Promise<Questions['steer']['answer']> {
  const { config, dataset } = session
  const interpolant = interpolants[config.interpolant]
  const parameters = session.parameters(weights).slice()
  const map = mapOf(config, 2, constant(parameters, [parameters.length]))
  const { jump, velocity } = session.map(weights)
  const grid = uniformGrid(steps)
  const reward = rewardOf({ kind: 'gaussian', center: tilt.center, scale: tilt.scale })
  const before = await jumpThrough(method === 'jump' ? jump : heun(velocity), points, grid)
  const program = await compileLookAhead(engine, map, interpolant, reward)
  try {
    const look = async (x: Points, t: number) =>
      (await program.run([x, new Float32Array(x.length / 2).fill(t)]))[0] as Float32Array
    const sigma = (t: number) => coefficientsAt(interpolant, t).sigma
    const options = { beta: tilt.beta, grid, moves, resample, seed }
    const { points: after } = await steer({ jump, look, sigma }, points, options)
    const measures = prepareMetrics(tiltedDataset(dataset, tilt), {
      count: points.length / 2,
      names: ['slicedWasserstein'],
    })
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
