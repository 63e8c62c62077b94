import { dirname, isAbsolute, join } from 'node:path'
import { ConfigError } from '../config/index.ts'
import { DataError } from '../data/error.ts'
import { readPoints } from '../data/points.ts'
import { show } from '../data/show.ts'
import { operatorMisfit, operatorOf } from '../objective/rewards/operators.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { parseReward, type SteeringReward } from '../serialization/point-reward.ts'
import { readText } from '../serialization/read-file.ts'
import { UsageError } from './failure.ts'
import { parseYaml, YamlProblem } from './yaml.ts'

/** A block in braces, or the YAML file of one. */
function readBlock(text: string, option: string): { readonly value: unknown; readonly folder?: string } {
  const isInline = /^\s*\{/.test(text)
  try {
    if (isInline) return { value: parseYaml(text) }
    return { value: parseYaml(readText(text)), folder: dirname(text) }
  } catch (error) {
    if (!(error instanceof YamlProblem)) throw error
    const where = isInline || error.line === undefined ? '' : `, line ${error.line}`
    throw new ConfigError(`${isInline ? option : text}${where}: ${error.message}`)
  }
}

const isBlock = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What `--reward` or `--observe` asks for. */
export interface AskedReward {
  readonly block: Readonly<Record<string, unknown>>
  /** Of the file that it stands in, beside which its paths are. */
  readonly folder?: string
  /** As messages name it. */
  readonly where: string
}

/** @throws UsageError without one of the options, or with both; ConfigError for what is no block */
export function askedReward({
  reward,
  observe,
}: {
  readonly reward?: string
  readonly observe?: string
}): AskedReward {
  if ((reward === undefined) === (observe === undefined)) {
    throw new UsageError(
      `expected ${reward === undefined ? 'a reward or an observation' : 'one of the two'}: --reward "{kind: gaussian, center: [4, 0], scale: 2.5}", --observe obs.yaml, or the file of either`,
    )
  }
  const text = (reward ?? observe)!
  const option = reward === undefined ? '--observe' : '--reward'
  const { value, folder } = readBlock(text, option)
  const where = folder === undefined ? option : text
  if (!isBlock(value)) throw new ConfigError(`${where}: expected a block of keys such as kind: gaussian`)
  if (reward !== undefined) return { block: value, folder, where }
  const { kind = 'observation' } = value
  if (kind !== 'observation') {
    throw new ConfigError(
      `${where}: kind: expected an observation, with operator, y and sd; found ${show(kind)}; other rewards are given with --reward`,
    )
  }
  return { block: { ...value, kind }, folder, where }
}

/** A path in a file, which is beside it. */
const besideOf = (path: string, folder: string | undefined): string =>
  folder === undefined || isAbsolute(path) ? path : join(folder, path)

/**
 * The reward for the points of a map. Where `y` of an observation is the path of a file, its first row is what was observed,
 * or a whole point, of which the operator's part was.
 *
 * @throws ConfigError when it is none; DataError when the file of `y` holds something else
 */
export async function rewardFor(
  { block, folder, where }: AskedReward,
  map: LoadedMap,
): Promise<SteeringReward> {
  if (block.kind === 'onnx' && typeof block.path === 'string') {
    const isFile = /[./]/.test(block.path)
    return parseReward({ ...block, path: isFile ? besideOf(block.path, folder) : block.path }, where)
  }
  if (block.kind !== 'observation' || typeof block.y !== 'string') return parseReward(block, where)
  const path = besideOf(block.y, folder)
  const { points, dimension } = await readPoints(path)
  const first = Array.from(points.subarray(0, dimension))
  const plain = parseReward({ ...block, y: first }, where)
  if (plain.kind !== 'observation') return plain
  if (operatorMisfit(plain.operator, map.shape)) return plain
  const operator = operatorOf(plain.operator, map.shape)
  if (dimension === operator.size) return plain
  if (dimension !== map.dimension) {
    throw new DataError(
      `${where}: y: ${path}: expected rows of ${operator.size} numbers, as the operator gives, or of ${map.dimension}, as a point has; found ${dimension}`,
    )
  }
  return { ...plain, y: Array.from(operator.value(first)) }
}
