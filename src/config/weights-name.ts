import { WIDEST_AVERAGE } from '../model/power-average.ts'

/** What every run has: the averaged weights that are its model, and the student's own. */
export type WeightsName = 'ema' | 'raw'

/** Weights of a run: those, one of its `averages` by name, or `power:WIDTH`, an average whose width is chosen afterwards. */
export type Weights = WeightsName | (string & {})

/** What the names of power-law averages begin with. */
export const POWER = 'power:'

/** What weights are called, in words. */
export const WEIGHTS_FORM = `ema, raw, one of the run's averages by its name, or power:WIDTH with a width above 0 and at most ${WIDEST_AVERAGE.toFixed(4)}`

/** The width of a power-law average that weights name; nothing where they name another. */
export const powerWidth = (weights: string): number | undefined =>
  weights.startsWith(POWER) ? Number(weights.slice(POWER.length) || Number.NaN) : undefined

/** Whether a text can name weights. */
export function isWeights(text: unknown): text is Weights {
  if (typeof text !== 'string') return false
  const width = powerWidth(text)
  return width === undefined ? /^[a-z][A-Za-z0-9]*$/.test(text) : width > 0 && width <= WIDEST_AVERAGE
}
