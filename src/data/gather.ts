import { type CacheKey, cacheFile, clearCache, pendingFile } from './cache.ts'
import type { Dataset } from './dataset.ts'
import { DataError } from './error.ts'
import { finiteDataset } from './finite.ts'
import { collectLabels, type LabelCollector, type RowLabels } from './labels.ts'
import { numberType } from './number-types.ts'
import { collectProblems } from './problems.ts'
import { createRowFile, HEADER_BYTES, type RowFile } from './row-file.ts'
import { type Findings, type RowPass, type Scan, scanRows } from './scan.ts'
import type { DirectRows, Head, Sink } from './source.ts'
import type { Rules } from './split-rule.ts'
import { fileRows, type MemoryRows, memoryRows, rowPieces, type Store } from './store.ts'

/** Where rows are kept. */
export interface Keeping {
  /** Bytes of rows that are kept in memory; more of them are kept in a file. */
  readonly memory: number
  /** The folder of that file. */
  readonly folder: string
  /** Under which it can be found again; without one it is removed at once and lives as long as the process. */
  readonly key?: CacheKey
}

/** A sink of which a dataset comes. */
export interface Gathering extends Sink {
  /** @throws {DataError} when there were problems, or under 2 rows */
  finish(sha256: string): Dataset
  /** Removes what was written, where nothing will come of it. */
  abandon(): void
}

/** What a gathering is for. */
export interface Purpose {
  readonly file: string
  readonly name: string
  readonly holdOut: number
  readonly rules?: Rules
}

const MOST_COLUMNS = 1 << 20
const MOST_ROWS = 2 ** 31
let pending = 0

/** Begins to gather rows. */
export function gather({ file, name, holdOut, rules }: Purpose, keeping: Keeping): Gathering {
  const problems = collectProblems(file)
  let head: Head | undefined
  let scan: Scan
  let labels: LabelCollector | undefined
  let memory: MemoryRows | undefined
  let spilled: RowFile | undefined
  let rows = 0
  let next = 1

  const spill = (): void => {
    spilled = createRowFile(pendingFile(keeping.folder, pending++))
    for (const piece of memory!.pieces) spilled.write(piece)
    memory = undefined
  }

  const keep = (values: Float32Array | Uint8Array): void => {
    if (spilled) spilled.write(values)
    else if (memory) {
      memory.push(values)
      if (memory.bytes > keeping.memory) spill()
    }
  }

  /** All rows once more, from where they are kept. */
  const again: RowPass = each => {
    const { dimension, bytes, direct } = head!
    const visit = (values: ArrayLike<number>): void => {
      for (let from = 0; from < values.length; from += dimension) each(values, from)
    }
    if (memory) return memory.pieces.forEach(visit)
    const where = spilled ? spilledRows(spilled, rows, bytes) : direct!
    for (const piece of rowPieces(where, dimension, file)) visit(where.type.decode(piece))
  }

  const storeOf = (labels: RowLabels | undefined, findings: Findings, sha256: string): Store => {
    if (spilled) return keepFile(spilled, head!, keeping, { file, labels, findings, sha256 })
    return memory ?? fileRows(head!.direct!, head!.dimension, file)
  }

  return {
    begin(found) {
      if (found.dimension > MOST_COLUMNS) {
        const hint = found.shape ? '; give pictures a size' : ''
        throw new DataError(
          `${file}: expected at most ${MOST_COLUMNS} numbers in a row, found ${found.dimension}${hint}`,
        )
      }
      head = found
      scan = scanRows(head, { holdOut, rules })
      if (head.labelled) labels = collectLabels(file, head.classes)
      const { direct } = head
      const kept = direct !== undefined && direct.rows * head.dimension * 4 > keeping.memory
      if (!kept) memory = memoryRows(head.dimension, head.bytes ?? false)
    },
    push(values, names, number = next) {
      const { dimension } = head!
      const count = values.length / dimension
      if ((rows += count) > MOST_ROWS) throw new DataError(`${file}: expected at most ${MOST_ROWS} rows`)
      for (let i = 0; i < count; i++) scan.add(values, i * dimension, number + i)
      if (labels) for (const label of names!) labels.add(label)
      next = number + count
      keep(head!.bytes || values instanceof Float32Array ? values : Float32Array.from(values))
    },
    problem: problems.add,
    finish(sha256) {
      problems.raise()
      if (!head) throw new DataError(`${file}: the file is empty`)
      const findings = scan.finish(again)
      const found = labels?.finish()
      const store = storeOf(found, findings, sha256)
      return finiteDataset({ name, file, head, store, labels: found, findings, sha256, holdOut })
    },
    abandon: () => spilled?.remove(),
  }
}

const spilledRows = ({ path }: RowFile, rows: number, bytes = false): DirectRows => ({
  path,
  offset: HEADER_BYTES,
  rows,
  type: numberType(bytes ? 'u1' : 'f4')!,
})

/** Completes the file of rows and opens it. */
function keepFile(
  written: RowFile,
  { dimension, vector, columns, leftOut, mayBeDecimals, space, shape, bytes = false, training }: Head,
  { folder, key }: Keeping,
  {
    file,
    labels,
    findings,
    sha256,
  }: { file: string; labels?: RowLabels; findings: Findings; sha256: string },
): Store {
  const { rows, firstDuplicate, outliers } = findings
  const names = labels?.names
  const meta = {
    key,
    ...{ dimension, vector, columns, leftOut, mayBeDecimals, space, shape, bytes, names, training },
    ...{ sha256, firstDuplicate, outliers },
  }
  written.finish(labels?.indices ?? new Uint16Array(0), meta)
  const direct = spilledRows(written, rows, bytes)
  if (!key) {
    const store = fileRows(direct, dimension, file)
    // The open file stays readable until it is closed.
    written.remove()
    return store
  }
  const path = cacheFile(folder, key)
  written.keep(path)
  clearCache(folder, key)
  return fileRows({ ...direct, path }, dimension, file)
}
