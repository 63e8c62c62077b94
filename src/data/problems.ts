import { DataError } from './error.ts'

const NAMED = 3
/** So much is wrong that the rest need not be read. */
const ENOUGH = 10_000

/** So many in one column and no other: it holds something else. */
const MANY = 10
const ADVICE = '; choose other columns, or make this one the label'

/** Collects what is wrong with a file, to be said in one line. */
export interface Problems {
  /** @throws {DataError} when there are very many already */
  add(place: string, message: string): void
  /** @throws {DataError} when there was one */
  raise(): void
}

/**
 * An empty collection. The line has the first problem in full, the places of the next ones, and their number.
 *
 * @param file  the file's name in messages
 */
export function collectProblems(file: string): Problems {
  const places: string[] = []
  const columns = new Set<string | undefined>()
  let first = ''
  let count = 0
  const raise = (stopped: boolean): void => {
    if (count === 0) return
    if (count === 1) throw new DataError(`${file}: ${first}`)
    const others = places.length < count - 1 ? `, ...` : ''
    const more = `${stopped ? 'at least ' : ''}${count - 1} more`
    const hint = columns.size === 1 && !columns.has(undefined) && count >= MANY ? ADVICE : ''
    throw new DataError(`${file}: ${first} (and ${more}: ${places.join('; ')}${others})${hint}`)
  }
  return {
    add(place, message) {
      if (count === 0) first = place === '' ? message : `${place}: ${message}`
      else if (places.length < NAMED - 1) places.push(place)
      if (columns.size < 2) columns.add(/column \d+/.exec(place)?.[0])
      count++
      if (count === ENOUGH) raise(true)
    },
    raise: () => raise(false),
  }
}
