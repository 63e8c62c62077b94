import { ConfigError } from '../config/index.ts'
import { columnOrder } from '../data/column-order.ts'
import type { Dataset } from '../data/dataset.ts'
import { DataError } from '../data/error.ts'
import { whyOtherSymbols } from '../data/text/other-symbols.ts'
import type { Model } from './model.ts'

/**
 * Checks that a run sees its coordinates, or its symbols, in the order of another that it learns from, and in the same space.
 *
 * @param key  of the configuration that names the other
 * @throws ConfigError when names or their order differ
 */
export function checkColumns(key: string, name: string, { data }: Model, dataset: Dataset): void {
  const otherSymbols = whyOtherSymbols(dataset, data)
  if (otherSymbols) throw new ConfigError(`${key}: ${otherSymbols}: ${name}`)
  const [there, here] = [data, dataset].map(({ space = 'flat' }) => space)
  if (there !== here) {
    throw new ConfigError(`${key}: the points of ${name} are ${there}, those of ${dataset.name} ${here}`)
  }
  const wanted = { name, columns: data.columns }
  let order: number[] | undefined
  try {
    order = columnOrder(dataset, wanted)
  } catch (error) {
    throw error instanceof DataError ? new ConfigError(`${key}: ${error.message}`) : error
  }
  if (!order) return
  throw new ConfigError(
    `${key}: ${name} has its columns in the order ${data.columns!.join(', ')}, ${dataset.name} ${dataset.columns!.join(', ')}; name them in that order: columns: [${data.columns!.join(', ')}]`,
  )
}
