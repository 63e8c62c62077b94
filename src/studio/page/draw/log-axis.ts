/** Parts of a decade that are named on a logarithmic axis. */
const NAMED = [1, 2, 5]

/**
 * A logarithmic axis around values: from the last named number below them to the first above, with all between named.
 *
 * @param values  those that are not above zero are left out
 */
export function logAxis(values: Iterable<number | null | undefined>): {
  readonly domain: readonly [number, number]
  readonly ticks: readonly number[]
} {
  const above = [...values].filter((value): value is number => (value ?? 0) > 0 && Number.isFinite(value))
  if (above.length === 0) return { domain: [0.1, 1], ticks: [0.1, 1] }
  const [low, high] = [Math.min(...above), Math.max(...above)]
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high)) + 1]
  const named: number[] = []
  for (let power = first; power <= last; power++) {
    for (const part of NAMED) named.push(Number((part * 10 ** power).toPrecision(1)))
  }
  const from = named.findLastIndex(value => value <= low)
  const to = named.findIndex(value => value > high)
  const between = named.slice(from, to + 1)
  const decades = between.filter(value => Number.isInteger(Math.log10(value)))
  // Of many decades only the powers of ten have room.
  return { domain: [between[0], between.at(-1)!], ticks: decades.length > 2 ? decades : between }
}
