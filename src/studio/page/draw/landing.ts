import { shortNumber } from './number.ts'

/** How many of a hundred samples land on the data, where a share is off it: "98 of 100", of nearly all with a decimal. */
export function landing(strays: number): string {
  const on = 100 * (1 - strays)
  if (strays > 0 && on > 99.9) return 'over 99.9 of 100'
  return `${strays > 0 && on >= 99 ? on.toFixed(1) : on.toFixed(0)} of 100`
}

/** The same as a percentage, for tables. */
export const landingPercent = (strays: number | undefined): string =>
  strays === undefined ? '' : `${landing(strays).replace(' of 100', '').replace('over ', '>')} %`

/** The interval of the share that lands, in hundredths, where that of the share off the data is known: "97.1 to 98.4". */
export const landingRange = ([low, high]: readonly [number, number]): string =>
  [high, low].map(share => Number((100 * (1 - share)).toFixed(1))).join(' to ')

/** A metric's interval as text: of strays that of the share that lands. */
export const metricRange = (name: string, range: readonly [number, number]): string =>
  name === 'strays'
    ? landingRange(range)
    : range.map(end => (end === 0 ? '0' : shortNumber(end))).join(' to ')

/** A metric's value as text: of strays the share that lands. */
export const metricText = (name: string, value: number | null | undefined): string =>
  name === 'strays' && value !== null && value !== undefined ? landingPercent(value) : shortNumber(value)
