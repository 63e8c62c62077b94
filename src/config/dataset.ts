import { z } from 'zod'
import type { DatasetSpec } from '../data/catalogue.ts'
import * as plain from '../data/catalogue.ts'
import type { Dataset } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import type { OpenOptions } from '../data/open.ts'
import { show } from '../data/show.ts'
import { checkKept, tiltedDataset, tiltedMixtureDataset } from '../data/tilted.ts'
import { validate } from '../data/validate.ts'
import { scaledQuadratic } from '../model/index.ts'
import { type RewardConfig, rewardBounds, rewardMisfit, rewardSchema } from '../objective/reward.ts'
import { quadraticOf } from '../objective/reward-quadratic.ts'
import { rewardValue } from '../objective/reward-value.ts'
import type { Box } from '../objective/rewards/kind.ts'
import { isPlain } from './plain.ts'

const tiltedSchema = z.strictObject({
  data: z.custom<DatasetSpec>(value => typeof value === 'string' || isPlain(value), 'expected a dataset'),
  reward: rewardSchema,
  beta: z.number().default(1),
})

type Tilted = z.infer<typeof tiltedSchema>

/** The block of a tilted dataset; nothing for any other. */
function tiltedBlock(spec: DatasetSpec): Tilted | undefined {
  if (!isPlain(spec) || Object.keys(spec).length !== 1 || !('tilted' in spec)) return undefined
  return validate(tiltedSchema, spec.tilted, 'data.tilted')
}

/** Where points lie: of finite data exactly, otherwise with room for those that the range of some does not show. */
function boxOf({ fingerprint: { minimum, maximum, rows }, dimension }: Dataset): Box {
  const each = (values: readonly number[]) =>
    Array.from({ length: dimension }, (_, d) => values[d % values.length])
  const [low, high] = [each(minimum), each(maximum)]
  const room = low.map((value, d) => (rows === null ? (high[d] - value) / 4 : 0))
  return {
    minimum: low.map((value, d) => value - room[d]),
    maximum: high.map((value, d) => value + room[d]),
  }
}

function checkFits(reward: RewardConfig, { name, shape }: Dataset): void {
  const wrong = rewardMisfit(reward, shape)
  if (!wrong) return
  const { key, expected, beside = '', found } = wrong
  throw new DataError(
    `data.tilted.reward.${key}: expected ${expected} for ${name}${beside}; found ${typeof found === 'string' ? found : show(found)}`,
  )
}

/** The distribution `p(x) e^(beta r(x)) / Z`: in closed form of a Gaussian mixture and a quadratic reward, by rejection otherwise. */
function tilted(base: Dataset, { reward, beta }: Tilted): Dataset {
  checkFits(reward, base)
  const parameters = { reward, beta }
  const quadratic = base.mixture && quadraticOf(reward, base.shape)
  if (quadratic) {
    return tiltedMixtureDataset(base, parameters, scaledQuadratic(quadratic, beta))
  }
  const most = Math.max(...rewardBounds(reward, boxOf(base)).map(bound => beta * bound))
  if (!Number.isFinite(most)) {
    throw new DataError(
      `data.tilted.reward: beta times this ${reward.kind} reward has no upper bound; only Gaussian mixtures can be tilted by it, and ${base.name} is none`,
    )
  }
  const value = rewardValue(reward, base.shape)
  const tilt = (point: Readonly<ArrayLike<number>>) => beta * value(point)
  checkKept(base, { tilt, most })
  return tiltedDataset(base, { parameters, tilt, most })
}

/**
 * Keys with `space` where it belongs, in the block of the data.
 *
 * @throws {DataError} when the data is no file whose rows can be points of that space
 */
export function withSpaceInData<K extends { readonly data?: unknown }>(
  keys: K & { readonly space?: unknown },
): Omit<K, 'space'> {
  const { space, ...rest } = keys
  if (space === undefined || space === null) return rest as Omit<K, 'space'>
  if (typeof space !== 'string') throw new DataError(`space: expected a name, found ${show(space)}`)
  const { data = 'ring' } = rest
  return { ...rest, data: plain.withSpace(data as DatasetSpec, space) } as Omit<K, 'space'>
}

/** What text and points of a curved space are trained by where nothing is named: recipes are of points that add. */
const usualObjective = (space: string): string | undefined => {
  if (space === 'flat') return undefined
  return space === 'simplex' ? 'psd-simplex' : 'psd'
}

/** Keys with the objective that suits the space of the data, where neither it nor a recipe nor a run to begin with is named. */
export function withUsualObjective<
  K extends {
    readonly data?: unknown
    readonly objective?: unknown
    readonly recipe?: unknown
    readonly initFrom?: unknown
  },
>(keys: K): K {
  const { data, objective, recipe, initFrom } = keys
  if (data === undefined || [objective, recipe, initFrom].some(each => each !== undefined && each !== null))
    return keys
  const usual = usualObjective(plain.spaceNamedBy(data as DatasetSpec))
  return usual === undefined ? keys : { ...keys, objective: usual }
}

/**
 * Opens a dataset. The argument is checked in full, so it may come straight from a user's config.
 *
 * @throws {DataError} on an unknown name (with the nearest known one), a malformed block, or an unusable file
 * @throws {ArgumentError} when an option is something else
 */
export async function openDataset(spec: DatasetSpec, options: OpenOptions = {}): Promise<Dataset> {
  const block = tiltedBlock(spec)
  return block ? tilted(await openDataset(block.data, options), block) : plain.openDataset(spec, options)
}

/**
 * A dataset that needs no reading: a built-in name, a `mixture`, `gaussian` or `glyphs` block, or a tilted one of these.
 *
 * @throws {DataError} as `openDataset`, and for one that is read from a file
 */
export function generatedDataset(spec: DatasetSpec): Dataset {
  const block = tiltedBlock(spec)
  return block ? tilted(generatedDataset(block.data), block) : plain.generatedDataset(spec)
}
