import { constant, DYNAMIC, simplify, spec, type Tensor, trace, vjp } from '../autodiff/index.ts'
import { applyClassifier, cutClassifier } from '../model/classifier.ts'
import type { Standardization } from '../model/index.ts'
import type { Reward } from '../objective/reward.ts'
import type { Quadratic } from '../objective/reward-quadratic.ts'
import type { Program } from '../runtime/program.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { PointReward } from '../steering/steerable.ts'
import type { Classifier } from './classifier-file.ts'
import type { LoadedMap } from './loaded-map.ts'

/** A reward ready to be asked; close it when done. */
export interface OpenReward extends PointReward {
  close(): Promise<void>
}

/** What a reward has to know of a map. */
export type RewardedMap = Pick<LoadedMap, 'dimension' | 'shape' | 'standardization'>

/** Numbers that go through a reward at a time. */
const AT_ONCE = 2 ** 20
export const rowsFor = (dimension: number): number =>
  Math.max(1, Math.min(8192, Math.floor(AT_ONCE / dimension)))

/**
 * Compiles a reward of data whose formula is known as one of the points that a map's network sees; its gradient once that is
 * first asked for.
 */
export async function formulaReward(
  reward: Reward,
  { dimension, shape, standardization: by }: RewardedMap,
  runtime: Pick<Runtime, 'compile'>,
  quadratic?: Quadratic,
): Promise<OpenReward> {
  const values = (x: Tensor): Tensor => {
    const rows = by
      ? x.mul(constant(by.scale, [1, dimension], x.dtype)).add(constant(by.shift, [1, dimension], x.dtype))
      : x
    return reward(rows.reshape([DYNAMIC, ...shape])).reshape([DYNAMIC])
  }
  const rows = { x: spec([DYNAMIC, dimension]) }
  const value = await runtime.compile(simplify(trace(({ x }) => ({ r: values(x) }), rows)))
  let gradient: Promise<Program> | undefined
  const compileGradient = (): Promise<Program> =>
    runtime.compile(
      simplify(
        trace(({ x }) => {
          const [r, pull] = vjp(values, [x])
          return { g: pull(r.mul(0).add(1))[0] }
        }, rows),
      ),
    )
  return {
    value: x => inRows(value, x, dimension, 1),
    gradient: async x => {
      gradient ??= compileGradient()
      return inRows(await gradient, x, dimension, dimension)
    },
    ...(quadratic && { quadratic: by ? seenQuadratic(quadratic, by) : quadratic }),
    close: async () => {
      await value.close()
      await (await gradient)?.close()
    },
  }
}

/** A program of `[n, D]` that gives `size` numbers for each, some points at a time. */
async function inRows(
  program: Program,
  x: Float32Array,
  dimension: number,
  size: number,
): Promise<Float32Array> {
  const result = new Float32Array((x.length / dimension) * size)
  const block = rowsFor(dimension) * dimension
  for (let from = 0; from < x.length; from += block) {
    const [part] = await program.run([x.slice(from, from + block)])
    result.set(part as Float32Array, (from / dimension) * size)
  }
  return result
}

/** A quadratic of data as one of what a network sees: `x = scale z + shift`. */
function seenQuadratic(
  { A, center, b, constant: level }: Quadratic,
  { scale, shift }: Standardization,
): Quadratic {
  return {
    A: A.map((row, i) => row.map((value, j) => value * scale[i] * scale[j])),
    center: center.map((value, i) => (scale[i] ? (value - shift[i]) / scale[i] : 0)),
    b: b.map((value, i) => value * scale[i]),
    constant: level + b.reduce((sum, value, i) => sum + value * shift[i], 0),
  }
}

/** The log-probabilities of all classes, `[n, classes]`, of points in the data's units. */
export function classScores(classifier: Classifier, x: Tensor): Tensor {
  const { shift, factor, shape, parameters } = classifier
  const seen = shift && factor ? x.sub(constant(shift, shape)).mul(constant(factor, shape)) : x
  const named = cutClassifier(constant(parameters, [parameters.length]), classifier)
  return applyClassifier(classifier, named, seen).logProbabilities
}

/** The log-probability of a class as a reward. */
export const classifierReward =
  (classifier: Classifier, of: number): Reward =>
  x =>
    classScores(classifier, x)
      .transpose()
      .gather(constant([of], [1], 'int64'))
