import { DYNAMIC, simplify, spec, trace } from '../../../autodiff/index.ts'
import { unstandardized } from '../../../model/index.ts'
import { type Reward, rewardOf } from '../../../objective/reward.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { uniformGrid } from '../../../sampler/sampler.ts'
import { type Classifier, readClassifier } from '../../../serialization/classifier-file.ts'
import {
  classifierReward,
  classScores,
  formulaReward,
  type OpenReward,
} from '../../../serialization/formula-reward.ts'
import type { LoadedMap } from '../../../serialization/loaded-map.ts'
import { RunError } from '../../../serialization/run-error.ts'
import { steerable } from '../../../serialization/steerable.ts'
import { ChoiceError, chooseSteering } from '../../../steering/choices.ts'
import { steeredEdit } from '../../../steering/steered-edit.ts'

/** What a picture is steered to. */
export type PictureGoal =
  /** What is seen of a picture: some of its numbers, each with noise of deviation `sd`. */
  | {
      readonly kind: 'mask'
      readonly picture: Float32Array
      /** Places of the numbers that are seen, at least one. */
      readonly keep: readonly number[]
      readonly sd: number
    }
  /** A class, by its log-probability to a classifier of this package. */
  | { readonly kind: 'class'; readonly class: number; readonly classifier: Uint8Array }

export interface PictureSteering {
  readonly goal: PictureGoal
  readonly beta: number
  readonly steps: number
  /** Of which one is drawn in the end. */
  readonly particles: number
  readonly seed: number
}

export interface SteeredPicture {
  /** `[D]`, numbers of the data. */
  readonly points: Float32Array
  /** Evaluations of the network that it took. */
  readonly evaluations: number
}

/** The map of the pictures as a whole, told no class and not guided. @throws RunError when it does not know that */
function wholeMap(map: LoadedMap): LoadedMap {
  if (map.needsCondition) {
    throw new RunError('This model needs a class for every picture, so it cannot be steered without one.')
  }
  const whole = map.condition ? map.without() : map
  return whole.guidance.applied === 'input' ? whole.guided({ scale: whole.guidance.range![0] }) : whole
}

/** @throws RunError when it is another network's, of other pictures, or does not know a class */
function classifierFor(bytes: Uint8Array, { shape }: Pick<LoadedMap, 'shape'>, of = 0): Classifier {
  const classifier = readClassifier(bytes)
  if (!classifier || classifier.shape.join() !== shape.join() || of >= classifier.classes) {
    throw new RunError('The classifier of this page only knows drawn digits of 16 × 16 pixels.')
  }
  return classifier
}

const classifierOf = (bytes: Uint8Array, of: number, map: Pick<LoadedMap, 'shape'>): Reward =>
  classifierReward(classifierFor(bytes, map, of), of)

function rewardFor(goal: PictureGoal, map: LoadedMap): Reward {
  if (goal.kind === 'class') return classifierOf(goal.classifier, goal.class, map)
  const { picture, keep, sd } = goal
  const y = keep.map(place => picture[place])
  return rewardOf({ kind: 'observation', operator: { kind: 'mask', keep: [...keep] }, y, sd })
}

/** With a compiled reward, which is closed in the end. */
async function rewarded<T>(
  goal: PictureGoal,
  map: LoadedMap,
  runtime: Runtime,
  use: (reward: OpenReward) => Promise<T>,
): Promise<T> {
  const reward = await formulaReward(rewardFor(goal, map), map, runtime)
  try {
    return await use(reward)
  } finally {
    await reward.close()
  }
}

/** One sample of the law of a map's pictures that is tilted by a goal: particles from noise, of which one is drawn by weight. */
export async function steerPicture(
  map: LoadedMap,
  runtime: Runtime,
  { goal, beta, steps, particles, seed }: PictureSteering,
): Promise<SteeredPicture> {
  const whole = wholeMap(map)
  try {
    const choices = chooseSteering(whole.objective, uniformGrid(steps), {})
    return await rewarded(goal, whole, runtime, async reward => {
      const { points, evaluations } = await steeredEdit(
        steerable(whole),
        reward,
        new Float32Array(whole.dimension),
        { ...choices, beta, from: 1, steps, particles, seed },
      )
      const { standardization: by } = whole
      return { points: by ? unstandardized(by, points, 0) : points, evaluations: evaluations.forward }
    })
  } catch (error) {
    throw error instanceof ChoiceError ? new RunError(`${error.reason}.`) : error
  }
}

/** The probability of a class of each picture `[n, D]`, numbers of the data, to the classifier. */
export async function judgePictures(
  map: LoadedMap,
  runtime: Runtime,
  points: Float32Array,
  goal: Extract<PictureGoal, { kind: 'class' }>,
): Promise<Float32Array> {
  const { dimension, shape } = map
  const reward = await formulaReward(
    classifierOf(goal.classifier, goal.class, map),
    { dimension, shape },
    runtime,
  )
  try {
    return Float32Array.from(await reward.value(points), Math.exp)
  } finally {
    await reward.close()
  }
}

/** The likeliest class of each picture `[n, D]`, numbers of the data, to a classifier, by its place. */
export async function readPictures(
  map: LoadedMap,
  runtime: Runtime,
  points: Float32Array,
  bytes: Uint8Array,
): Promise<number[]> {
  const { dimension, shape } = map
  const classifier = classifierFor(bytes, map)
  const graph = trace(({ x }) => ({ scores: classScores(classifier, x.reshape([DYNAMIC, ...shape])) }), {
    x: spec([DYNAMIC, dimension]),
  })
  const program = await runtime.compile(simplify(graph))
  try {
    const [scores] = await program.run([points])
    return Array.from({ length: points.length / dimension }, (_, i) => {
      const row = (scores as Float32Array).subarray(i * classifier.classes, (i + 1) * classifier.classes)
      return row.indexOf(Math.max(...row))
    })
  } finally {
    await program.close()
  }
}
