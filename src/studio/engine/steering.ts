import { prepareMetrics } from '../../metric/prepare.ts'
import { rewardOf } from '../../objective/reward.ts'
import { random } from '../../random/random.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { heun, jumpThrough, uniformGrid } from '../../sampler/sampler.ts'
import { formulaReward, type OpenReward } from '../../serialization/formula-reward.ts'
import { ChoiceError, type Choices, chooseSteering } from '../../steering/choices.ts'
import { steer } from '../../steering/steer.ts'
import { logMeanExp } from '../../steering/weights.ts'
import { classReward } from '../class-law.ts'
import { trainedObjective, type Wish } from '../plan.ts'
import { rewardOfTilt } from '../reward.ts'
import type { PlanePoints, Questions } from './protocol.ts'
import type { Session } from './session.ts'
import { marksOf } from './strays.ts'
import { tiltedDataset } from './tilt.ts'

/** Draws of the data by which `log Z` is known. */
const DRAWS = 50_000

/** The tilted data to measure against. */
interface Goal {
  readonly measures: ReturnType<typeof prepareMetrics>
  readonly reward: number
  readonly logZ: number
  readonly logZError: number
}

const meanOf = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]
  return sum / values.length
}

/** `log E[e^{beta r}]` of the data by draws of them, with its standard error. */
async function normaliser({ seen }: Session, { value }: OpenReward, beta: number) {
  const points = new Float32Array(2 * DRAWS)
  seen.sample(random(0, 'studio normaliser'), points)
  const exponents = Float64Array.from(await value(points), r => beta * r)
  const logZ = logMeanExp(exponents)
  const squares = meanOf(exponents.map(each => Math.exp(2 * (each - logZ))))
  return { logZ, logZError: Math.sqrt(Math.max(0, squares - 1) / DRAWS) }
}

/** The goal of a tilt: that of the last one is kept, as a training is asked about it again and again. */
function goalOf(session: Session, tilt: Wish, count: number, reward: OpenReward): Promise<Goal> {
  const kept = session.once('tilted goal', () => ({ of: '', goal: null as Promise<Goal> | null }))
  const of = JSON.stringify([tilt, count, session.told])
  if (kept.goal && kept.of === of) return kept.goal
  kept.of = of
  const goal = (async () => {
    const measures = prepareMetrics(tiltedDataset(session.seen, tilt), {
      count,
      names: ['slicedWasserstein'],
    })
    return {
      measures,
      reward: meanOf(await reward.value(measures.reference as PlanePoints)),
      ...(await normaliser(session, reward, tilt.beta)),
    }
  })()
  kept.goal = goal
  goal.catch(() => {
    if (kept.goal === goal) kept.goal = null
  })
  return goal
}

/** With the reward of a tilt, which is closed in the end. */
async function rewarded<T>(
  engine: Runtime,
  { seen }: Session,
  tilt: Wish,
  use: (reward: OpenReward) => Promise<T>,
): Promise<T> {
  const formula = 'class' in tilt ? classReward(seen, tilt.class) : rewardOf(rewardOfTilt(tilt))
  const reward = await formulaReward(formula, { dimension: 2, shape: [2] }, engine)
  try {
    return await use(reward)
  } finally {
    await reward.close()
  }
}

/** @throws Error in the words of the page, where the map was not trained for what is chosen */
function checkChoices(session: Session, grid: readonly number[], choices: Choices): void {
  try {
    chooseSteering(trainedObjective(session.plan), grid, choices)
  } catch (error) {
    throw error instanceof ChoiceError ? new Error(`${error.reason}.`) : error
  }
}

/** Samples before and after steering, and what they should be. */
export function answerSteer(
  { points, tilt, steps, moves, resample, seed, weights, ...choices }: Questions['steer']['ask'],
  session: Session,
  engine: Runtime,
): Promise<Questions['steer']['answer']> {
  const grid = uniformGrid(steps)
  checkChoices(session, grid, choices)
  const { method, kernel } = choices
  if ('class' in tilt && session.told !== null)
    throw new Error('the map is already given a class; choose no class.')
  const isMoved = method === 'particles' && (kernel === 'jump' || kernel === 'noise')
  return rewarded(engine, session, tilt, async reward => {
    const found = await steer(session.steerable(weights), reward, points, {
      ...choices,
      beta: tilt.beta,
      grid,
      ...(isMoved && { moves }),
      ...(!resample && { threshold: 0 }),
      seed,
    })
    const { before, points: after } = found
    const isKnown = session.plan.target.kind !== 'unknown'
    const goal = isKnown ? await goalOf(session, tilt, after.length / 2, reward) : null
    const distance = (x: PlanePoints) => goal!.measures.evaluate(x).slicedWasserstein
    return {
      before,
      after,
      exact: goal && {
        points: goal.measures.reference as PlanePoints,
        reward: goal.reward,
        logZ: goal.logZ,
        logZError: goal.logZError,
        distances: {
          before: distance(before),
          after: distance(after),
          floor: goal.measures.floors.slicedWasserstein.value,
        },
      },
      marks: isKnown ? { before: marksOf(session, before)!, after: marksOf(session, after)! } : null,
      rewards: found.meanReward,
      logZ: found.logZ,
      logZError: found.logZError,
      ess: found.ess,
      distinct: found.distinct,
      acceptance: found.acceptance,
      evaluations: found.evaluations,
      isSample: found.isSample,
    }
  })
}

/** Samples of a map that has learnt a tilt, and what they should be. */
export function answerTilted(
  { points: noise, tilt, steps, method, weights }: Questions['tilted']['ask'],
  session: Session,
  engine: Runtime,
): Promise<Questions['tilted']['answer']> {
  return rewarded(engine, session, tilt, async reward => {
    const { jump, velocity } = session.map(weights)
    const points = await jumpThrough(method === 'jump' ? jump : heun(velocity), noise, uniformGrid(steps))
    const { measures, reward: goal } = await goalOf(session, tilt, points.length / 2, reward)
    return {
      points,
      exact: measures.reference as PlanePoints,
      marks: marksOf(session, points) ?? null,
      rewards: { points: meanOf(await reward.value(points)), exact: goal },
      distances: {
        points: measures.evaluate(points).slicedWasserstein,
        floor: measures.floors.slicedWasserstein.value,
      },
    }
  })
}
