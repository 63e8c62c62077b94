import { openDataset } from '../config/dataset.ts'
import type { Config } from '../config/index.ts'
import { OWN_TEACHER } from '../config/teacher-config.ts'
import type { Dataset } from '../data/dataset.ts'
import type { OpenOptions } from '../data/open.ts'
import { type StandardizedDataset, standardizationOf, standardizedBy } from '../data/standardized.ts'
import type { Standardization } from '../model/index.ts'
import type { Model } from '../serialization/model.ts'
import { readModelFor } from '../serialization/model-files.ts'
import { type DataRecord, rulesOf } from '../serialization/record.ts'
import type { RunRecord } from '../serialization/run.ts'
import { RunError } from '../serialization/run-error.ts'
import { openSource, withSource } from './source.ts'

/** How the data of a run is opened: by the rules that it was trained with, where it is a recorded one. */
export const openOptionsOf = ({
  config,
  data,
}: Pick<RunRecord, 'config'> & { readonly data?: DataRecord }): OpenOptions => ({
  holdOut: config.holdOut,
  ...(data && { rules: rulesOf(data) }),
})

/** The data that a model was trained on; nothing where it is not known, cannot be opened any more or is another now. */
export async function openDataOf({
  config,
  data,
}: Pick<Model, 'config' | 'data'>): Promise<Dataset | undefined> {
  if (data.fingerprint.sha256 === '') return undefined
  const dataset = await openDataset(config.data, openOptionsOf({ config, data })).catch(() => undefined)
  return dataset?.fingerprint.sha256 === data.fingerprint.sha256 ? dataset : undefined
}

/** @throws RunError when a program hands over rows that are split otherwise than those of its run */
function checkSplit({ name, split }: Dataset, { split: known }: DataRecord): void {
  if (!split || !known || split.heldOut === known.heldOut) return
  const rules = known.rules ?? 1
  const advice = rules === split.rules ? 'give the same holdOut' : `give the option rules: ${rules}`
  throw new RunError(
    `${name}: ${split.heldOut} rows are held out, ${known.heldOut} were when the run began; ${advice}`,
  )
}

/**
 * Opens a run's data as its network sees it. Continuing from another run with `standardize: auto`, it is scaled as there.
 *
 * @param given  the data where it comes from code
 * @param known  what a run recorded, when it is continued
 */
export async function openTrainingData(
  config: Config,
  given?: Dataset,
  known?: DataRecord,
): Promise<StandardizedDataset> {
  const dataset = given ?? (await openDataset(config.data, openOptionsOf({ config, data: known })))
  const source = await openSource(config, dataset, known?.source)
  return withSource(config, standardizedData(config, dataset, given, known), source)
}

/** The data itself as the network sees it. */
function standardizedData(
  config: Config,
  dataset: Dataset,
  given: Dataset | undefined,
  known: DataRecord | undefined,
): StandardizedDataset {
  if (known) {
    if (given) checkSplit(given, known)
    return withVectorsOf(known, standardizedBy(known.standardization, dataset))
  }
  const { standardize, initFrom } = config
  const before =
    standardize === 'auto' && initFrom !== null && initFrom !== OWN_TEACHER
      ? readModelFor('initFrom', initFrom).data
      : undefined
  const seen = standardizedBy(
    before ? ofData(before.standardization, config) : standardizationOf(standardize, dataset),
    dataset,
  )
  return before ? withVectorsOf(before, seen) : seen
}

/** Without what another run's source was scaled by, where this run has none. */
function ofData(by: Standardization | undefined, { source }: Config): Standardization | undefined {
  if (!by?.source || source !== null) return by
  const { source: _, ...own } = by
  return own
}

/** The same data with its vectors scaled as they were, where they are as long. */
export const withVectorsOf = (
  { vector: before }: DataRecord,
  dataset: StandardizedDataset,
): StandardizedDataset =>
  before && before.size === dataset.vector?.size
    ? { ...dataset, vector: { ...dataset.vector, standardization: before.standardization } }
    : dataset
