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

/** A metric's value as text: of strays the share that lands. */
export const metricText = (name: string, value: number | null | undefined): string =>
  name === 'strays' && value !== null && value !== undefined ? landingPercent(value) : shortNumber(value)
