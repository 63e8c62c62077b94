import type { Labels } from './dataset.ts'
import { DataError } from './error.ts'

/** More classes than this are no classes. */
const MOST = 10_000

/** The classes of rows and each row's class. */
export interface RowLabels extends Required<Labels> {
  /** The class of a row, an index into `names`. */
  of(row: number): number
  /** Of all rows, numbered as `order` says. */
  readonly indices: Uint16Array
}

/** Collects the labels of rows one after another. */
export interface LabelCollector {
  /** @throws {DataError} when there are very many different ones */
  add(label: string): void
  finish(): RowLabels
}

/** Numbers by their size, before words by their letters: whatever the order of the rows. */
function compare(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)]
  if (Number.isFinite(x) && Number.isFinite(y) && x !== y) return x - y
  if (Number.isFinite(x) !== Number.isFinite(y)) return Number.isFinite(x) ? -1 : 1
  return a < b ? -1 : 1
}

/**
 * No labels yet.
 *
 * @param file  the file's name in messages
 * @param known  names of classes that there are whether or not a row has them, in their order
 */
export function collectLabels(file: string, known?: readonly string[]): LabelCollector {
  const found = new Map<string, number>(known?.map((name, i) => [name, i]))
  let indices = new Uint16Array(1024)
  let rows = 0
  return {
    add(label) {
      let index = found.get(label)
      if (index === undefined) {
        index = found.size
        if (index === MOST) {
          throw new DataError(`${file}: more than ${MOST} different labels; expected classes of rows`)
        }
        found.set(label, index)
      }
      if (rows === indices.length) {
        const more = new Uint16Array(2 * rows)
        more.set(indices)
        indices = more
      }
      indices[rows++] = index
    },
    finish() {
      const first = [...found.keys()]
      const names = known && first.length === known.length ? first : [...first].sort(compare)
      const order = Uint16Array.from(first, name => names.indexOf(name))
      return givenLabels(
        names,
        indices.slice(0, rows).map(index => order[index]),
      )
    },
  }
}

/** Labels of rows whose classes are known. */
export function givenLabels(names: readonly string[], indices: Uint16Array): RowLabels {
  const counts = names.map(() => 0)
  for (const index of indices) counts[index]++
  return { names, counts, indices, of: row => indices[row] }
}
