import { openDataset } from '../config/dataset.ts'
import { type Config, ConfigError } from '../config/index.ts'
import { inOrderOf } from '../data/column-order.ts'
import type { Dataset } from '../data/dataset.ts'
import { type StandardizedDataset, standardizationOf, standardizedBy } from '../data/standardized.ts'
import { random } from '../random/random.ts'
import { drawNoise } from '../sampler/sampler.ts'
import { noiseAt } from '../sampler/sampling.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { type DataRecord, rulesOf } from '../serialization/record.ts'
import { RunError } from '../serialization/run-error.ts'

/**
 * Opens what a run begins at in the place of noise, in its own units and in the order of the data's columns.
 *
 * @param known  what the run recorded, when it is there already
 * @throws ConfigError when its points are others than those of the data; RunError when it has changed
 */
export async function openSource(
  { source, holdOut }: Pick<Config, 'source' | 'holdOut'>,
  data: Pick<Dataset, 'name' | 'dimension' | 'columns'>,
  known?: DataRecord['source'],
): Promise<Dataset | undefined> {
  if (source === null) return undefined
  const dataset = await openDataset(source, { holdOut, ...(known && { rules: rulesOf(known) }) })
  if (dataset.dimension !== data.dimension) {
    throw new ConfigError(
      `source: ${dataset.name} has points of ${dataset.dimension} coordinates, ${data.name} of ${data.dimension}`,
    )
  }
  if (known && known.fingerprint.sha256 !== dataset.fingerprint.sha256) {
    throw new RunError(
      `source: ${dataset.name} has changed since the run was started (its fingerprint differs)`,
    )
  }
  return inOrderOf(dataset, data)
}

/** Data with its source, each brought to the scale of standard normal numbers by itself. */
export function withSource(
  { standardize }: Pick<Config, 'standardize'>,
  dataset: StandardizedDataset,
  source: Dataset | undefined,
): StandardizedDataset {
  if (!source) return dataset
  const by = dataset.standardization
  const own = by?.source ?? standardizationOf(standardize, source)
  if (!by && !own) return { ...dataset, source }
  const plain = {
    shift: Array.from({ length: dataset.dimension }, () => 0),
    scale: Array.from({ length: dataset.dimension }, () => 1),
  }
  const { shift, scale } = own ?? plain
  const whole = { ...(by ?? plain), source: { shift, scale } }
  return {
    ...standardizedBy(whole, dataset.own ?? dataset),
    source: standardizedBy({ shift, scale }, source),
  }
}

/**
 * Points of a source `[count, D]` to begin at, in its own units: different held-out rows where there are enough of them.
 */
function drawSource({ dimension, split, sample }: Dataset, count: number, seed: number): Float32Array {
  const points = new Float32Array(count * dimension)
  const from = random(seed, 'source points')
  if (split && split.heldOut >= count) split.take('heldOut', from, points)
  else sample(from, points)
  return points
}

/**
 * What sampling a map begins with, `[count, D]` in the units of a time: noise, or at time 1 points of the source that it was trained
 * from.
 *
 * @throws DataError when the source is not found; RunError when it has changed
 */
export async function startOf(
  map: Pick<LoadedMap, 'dimension' | 'interpolant' | 'standardization' | 'model' | 'space'>,
  count: number,
  seed: number,
): Promise<(t?: number) => Float32Array> {
  const { model, dimension } = map
  const source = model && (await openSource(model.config, model.data, model.data.source))
  if (!source) {
    const noise = drawNoise(count, dimension, seed, map.space)
    return t => noiseAt(map, noise, t)
  }
  const points = drawSource(source, count, seed)
  return () => points
}
