import type { Direction } from './catalogue.ts'

/**
 * Where a value stands beside its floor: `within` it; clearly `beyond` it, its interval too; or `unclear`, a value above the
 * floor whose interval reaches into it, or one within whose interval reaches far out of it: too few samples to tell.
 */
export type Standing = 'within' | 'unclear' | 'beyond'

/** Widths of a floor's range that the interval of a value within may reach out of it. */
const REACH = 2

/**
 * Compares a value with what data scores in the place of samples. A value that is not finite is beyond.
 *
 * @param interval  of 95 %; without one the value is taken at its word
 */
export function standing(
  value: number,
  interval: readonly [number, number] | null | undefined,
  { low, high }: { readonly low: number; readonly high: number },
  direction: Exclude<Direction, 'nearest'> = 'lower',
): Standing {
  if (!Number.isFinite(value)) return 'beyond'
  const sign = direction === 'higher' ? -1 : 1
  const [best, worst] = (interval ?? [value, value]).map(end => sign * end).sort((a, b) => a - b)
  const limit = sign > 0 ? high : -low
  if (sign * value > limit) return best > limit ? 'beyond' : 'unclear'
  return worst - limit > REACH * (high - low) ? 'unclear' : 'within'
}

/** What several metrics say together: samples are not to be told from the data where none of them can. */
export function together(standings: readonly Standing[]): Standing | undefined {
  if (standings.length === 0) return undefined
  if (standings.includes('beyond')) return 'beyond'
  return standings.includes('unclear') ? 'unclear' : 'within'
}
