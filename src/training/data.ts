import { openDataset } from '../data/catalogue.ts'
import type { Dataset } from '../data/dataset.ts'
import { type SeenDataset, seenThrough, standardizationOf } from '../data/standardized.ts'
import type { Config } from './config.ts'
import { readModelFor } from './model-files.ts'
import type { DataRecord } from './record.ts'
import { OWN_TEACHER } from './teacher-config.ts'

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
): Promise<SeenDataset> {
  const dataset = given ?? (await openDataset(config.data, { holdOut: config.holdOut }))
  if (known) return seenThrough(known.standardization, dataset)
  const { standardize, initFrom } = config
  const inherits = standardize === 'auto' && initFrom !== null && initFrom !== OWN_TEACHER
  const by = inherits
    ? readModelFor('initFrom', initFrom).data.standardization
    : standardizationOf(standardize, dataset)
  return seenThrough(by, dataset)
}
