import { z } from 'zod'
import { ConfigError } from '../config/index.ts'
import { pictureShape } from '../data/dataset.ts'
import { type RewardConfig, rewardMisfit, rewardOf, rewardSchema } from '../objective/reward.ts'
import { quadraticOf } from '../objective/reward-quadratic.ts'
import { runtimeReason } from '../runtime/reason.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { readClassifier } from './classifier-file.ts'
import {
  classifierReward,
  formulaReward,
  type OpenReward,
  type RewardedMap,
  rowsFor,
} from './formula-reward.ts'
import { readOnnxFile } from './onnx-file.ts'
import { shippedClassifier } from './shipped-features.ts'

const onnxSchema = z.strictObject({
  kind: z.literal('onnx'),
  /** Of the file, or the name of a classifier that comes with the package, such as `mnist` or `glyphs-16`. */
  path: z.string().min(1),
  /** The class whose log-probability is the reward: its number in the file's last output. Without it the first output is the reward. */
  class: z.int().min(0).optional(),
})

/** A reward of a file: points `[batch, ...]` in the data's own units in, a number for each out. */
export type OnnxReward = z.infer<typeof onnxSchema>

/** A reward that samples can be steered by. */
export type SteeringReward = RewardConfig | OnnxReward

const isOnnx = (value: unknown): boolean => (value as { kind?: unknown } | null)?.kind === 'onnx'

/** @throws ConfigError when it is none */
export function parseReward(value: unknown, where: string): SteeringReward {
  const found = (isOnnx(value) ? onnxSchema : rewardSchema).safeParse(value)
  if (found.success) return found.data
  const [issue] = found.error.issues
  const path = issue.path.length > 0 ? ` ${issue.path.join('.')}:` : ''
  const kinds = issue.path[0] === 'kind' && issue.code === 'invalid_union' ? ', or onnx' : ''
  throw new ConfigError(`${where}:${path} ${issue.message}${kinds}`)
}

/**
 * Compiles a reward of data as one of the points that a map's network sees.
 *
 * @param where  it was named, in messages
 * @throws ConfigError when it does not go with the points, or its file cannot be used
 */
export async function openReward(
  reward: SteeringReward,
  map: RewardedMap,
  runtime: Pick<Runtime, 'compile' | 'openModel'>,
  where = 'reward',
): Promise<OpenReward> {
  if (reward.kind === 'onnx') return openOnnx(reward, map, runtime, where)
  const wrong = rewardMisfit(reward, map.shape)
  if (wrong) {
    const { key, expected, beside = '', found } = wrong
    throw new ConfigError(
      `${where}: ${key}: expected ${expected} for the points of this map${beside}; found ${found}`,
    )
  }
  // Of many coordinates its matrix is too large for what it is used for.
  const quadratic = map.dimension <= MOST_QUADRATIC ? quadraticOf(reward, map.shape) : undefined
  const opened = await formulaReward(rewardOf(reward), map, runtime, quadratic)
  return reward.kind === 'observation' ? { ...opened, sd: reward.sd / unitOf(map) } : opened
}

const MOST_QUADRATIC = 64

/** What a unit of the network's points is of the data's, in the mean over coordinates. */
const unitOf = ({ standardization: by }: RewardedMap): number =>
  by ? by.scale.reduce((sum, value) => sum + value, 0) / by.scale.length : 1

/** `log softmax` at a class. */
const logProbability = (scores: ArrayLike<number>, from: number, classes: number, of: number): number => {
  let most = -Infinity
  for (let k = 0; k < classes; k++) most = Math.max(most, scores[from + k])
  let sum = 0
  for (let k = 0; k < classes; k++) sum += Math.exp(scores[from + k] - most)
  return scores[from + of] - most - Math.log(sum)
}

async function openOnnx(
  { path, class: wanted }: OnnxReward,
  map: RewardedMap,
  runtime: Pick<Runtime, 'compile' | 'openModel'>,
  where: string,
): Promise<OpenReward> {
  const refuse = (message: string): never => {
    throw new ConfigError(`${where}: ${path}: ${message}`)
  }
  let bytes: Uint8Array
  try {
    bytes = readOnnxFile(shippedClassifier(path) ?? path)
  } catch (error) {
    throw new ConfigError(`${where}: ${(error as Error).message}`)
  }
  const { dimension, shape } = map
  const own = wanted === undefined ? undefined : readClassifier(bytes)
  if (own) {
    const { classes } = own
    if (wanted! >= classes) refuse(`class: expected 0 to ${classes - 1}, found ${wanted}`)
    if (own.shape.join() !== shape.join()) {
      refuse(`tells classes of points of [${own.shape.join(', ')}], and this map's are [${shape.join(', ')}]`)
    }
    return formulaReward(classifierReward(own, wanted!), map, runtime)
  }
  const opened = await runtime
    .openModel(bytes)
    .catch((error: Error) => refuse(`not an ONNX model that can be run (${runtimeReason(error)})`))
  const { program, inputs, outputs } = opened
  const close = () => program.close()
  const bad = async (message: string): Promise<never> => {
    await close()
    return refuse(message)
  }
  const size = inputs[0]?.shape.slice(1).reduce((product, n) => product * n, 1)
  if (inputs.length !== 1 || inputs[0].dtype !== 'float32' || size !== dimension || inputs[0].shape[0] > 0) {
    return bad(`expected one input of float32 [batch, ...] with ${dimension} numbers for a point`)
  }
  const isPictures = pictureShape({ shape }) !== undefined
  if (isPictures && inputs[0].shape.length === 4 && inputs[0].shape.slice(1).join() !== shape.join()) {
    return bad(
      `takes pictures [${inputs[0].shape.slice(1).join(', ')}], and this map's are [${shape.join(', ')}]`,
    )
  }
  const at = wanted === undefined ? 0 : outputs.length - 1
  const slope = outputs.findIndex(({ name }) => name === 'gradient')
  const { standardization: by } = map
  const ask = async (x: Float32Array, output: number): Promise<Float32Array> => {
    const parts: Float32Array[] = []
    const block = rowsFor(dimension) * dimension
    for (let from = 0; from < x.length; from += block) {
      const part = x.slice(from, from + block)
      const data = by
        ? part.map((value, i) => value * by.scale[i % dimension] + by.shift[i % dimension])
        : part
      parts.push(Float32Array.from((await program.run([data]))[output] as Float32Array))
    }
    const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
    let filled = 0
    for (const part of parts) {
      result.set(part, filled)
      filled += part.length
    }
    return result
  }
  const value = async (x: Float32Array): Promise<ArrayLike<number>> => {
    const found = await ask(x, at)
    const n = x.length / dimension
    const each = n > 0 ? found.length / n : 1
    if (wanted === undefined) {
      if (each !== 1) refuse(`its first output gives ${each} numbers for a point, expected one; name a class`)
      return found
    }
    if (wanted >= each) refuse(`class: expected 0 to ${each - 1}, found ${wanted}`)
    return Float64Array.from({ length: n }, (_, i) => logProbability(found, i * each, each, wanted))
  }
  return {
    value,
    ...(slope >= 0 &&
      wanted === undefined && {
        gradient: async (x: Float32Array) => {
          const g = await ask(x, slope)
          return by ? g.map((each, i) => each * by.scale[i % dimension]) : g
        },
      }),
    close,
  }
}
