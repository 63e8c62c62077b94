import { checkOptions, checkPath, checkWhole, refuseArgument } from './arguments.ts'
import { type Cached, type CacheKey, cacheFolder, cacheKey, openCache } from './cache.ts'
import type { Dataset } from './dataset.ts'
import { DataError } from './error.ts'
import { finiteDataset } from './finite.ts'
import { gather } from './gather.ts'
import { givenLabels } from './labels.ts'
import { type SplitOptions, scanRows } from './scan.ts'
import { show } from './show.ts'
import type { Source } from './source.ts'
import { RULES, type Rules } from './split-rule.ts'
import { fileRows } from './store.ts'

/** How data is opened. */
export interface OpenOptions {
  /** The share of rows to measure with that training does not see, 0 to 0.5; 0.1 by default. */
  readonly holdOut?: number
  /** Bytes of rows that are kept in memory, 128 MiB by default; more stay in a file and are read from there. */
  readonly memory?: number
  /** The folder of those files, where they are not read in place. */
  readonly cache?: string
  /** How rows are read and split: 1 as version 0.1.0 did, for runs that it trained; the newest, 3, by default. */
  readonly rules?: Rules
}

const HOLD_OUT = 0.1
const MEMORY = 128 * 2 ** 20

const KEYS = ['holdOut?', 'memory?', 'cache?', 'rules?']

/**
 * @param where  whose options they are, in messages
 * @param others  keys of its own
 * @throws {DataError} when that many rows cannot be held out
 * @throws {ArgumentError} when an option is something else
 */
export function openOptions(
  where: string,
  options: OpenOptions,
  others: readonly string[] = [],
): Required<OpenOptions> {
  checkOptions(`${where}: options`, options, [...others, ...KEYS])
  const { holdOut = HOLD_OUT, memory = MEMORY, cache = cacheFolder(), rules = RULES } = options
  if (!(typeof holdOut === 'number' && holdOut >= 0 && holdOut <= 0.5)) {
    throw new DataError(`holdOut: expected a share of the rows from 0 to 0.5, found ${show(holdOut)}`)
  }
  if (!(typeof memory === 'number' && memory >= 0))
    refuseArgument(`${where}: memory`, 'a number of bytes', memory)
  checkPath(`${where}: cache`, cache)
  checkWhole(`${where}: rules`, rules, 1, RULES)
  return { holdOut, memory, cache, rules }
}

/**
 * The dataset of a source: in memory when it is small; otherwise its rows stay in a file, which is kept and found again
 * unless the source can be read in place.
 *
 * @throws {DataError} in one line
 */
export async function openSource(source: Source, options: Required<OpenOptions>): Promise<Dataset> {
  const { holdOut, memory, cache: folder, rules } = options
  if (source.open) return source.open({ holdOut, rules })
  const key = cacheKey(source)
  const cached = openCache(folder, key)
  const again = cached && fromCache(source, cached, { holdOut, rules })
  if (again) return again
  const gathering = gather({ ...source, holdOut, rules }, { memory, folder, key })
  try {
    const sha256 = await source.read(gathering)
    checkUnchanged(source, key)
    return gathering.finish(sha256)
  } catch (error) {
    gathering.abandon()
    throw error
  }
}

function checkUnchanged(source: Source, before: CacheKey): void {
  if (cacheKey(source).version !== before.version) {
    throw new DataError(`${source.file}: has changed while it was read`)
  }
}

/** The dataset of rows that were read before; `undefined` where they are damaged. */
function fromCache({ file, name }: Source, cached: Cached, options: SplitOptions): Dataset | undefined {
  const { head, meta, direct, labels } = cached
  const scan = scanRows(head, options)
  const pass = (each: (values: ArrayLike<number>, from: number) => void): boolean =>
    cached.scan(values => {
      for (let from = 0; from < values.length; from += head.dimension) each(values, from)
    })
  let row = 1
  if (!pass((values, from) => scan.add(values, from, row++))) return undefined
  const { firstDuplicate, outliers = [] } = meta
  const findings = { ...scan.finish(pass), firstDuplicate, outliers }
  return finiteDataset({
    file,
    name,
    head,
    findings,
    holdOut: options.holdOut,
    store: fileRows(direct, head.dimension, file),
    labels: meta.names && givenLabels(meta.names, labels),
    sha256: meta.sha256,
  })
}
