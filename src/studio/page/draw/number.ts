/** Three significant digits, without powers of ten where that is short. */
export function shortNumber(value: number | null | undefined): string {
  if (value === null || value === undefined) return ''
  if (!Number.isFinite(value)) return 'not finite'
  const size = Math.abs(value)
  if (size >= 1e5 || (size > 0 && size < 1e-5)) return value.toExponential(1).replace('e+', 'e')
  if (size > 0 && size < 1e-3) return String(Number(value.toPrecision(2)))
  return size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(size >= 1 ? 2 : 3)
}

/** What fresh data scores, as the range that chance gives it. */
export const floorRange = ({ low, high }: { readonly low: number; readonly high: number }): string =>
  `${Number(low.toPrecision(2))} to ${Number(high.toPrecision(2))}`
