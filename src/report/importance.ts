import { GREATEST_SHAPE } from '../density/importance.ts'
import { tooFewEffective, type WeighRecord } from '../evaluation/weigh.ts'
import { formatCount, formatNumber, plural } from './format.ts'

/** A number of a record; of none that is finite a word. */
export const numberText = (value: number | null, decimals = 3): string =>
  value === null ? 'not finite' : formatNumber(value, decimals)

/** A share in percent; the smallest in powers of ten. */
export const shareText = (share: number | null): string =>
  share === null
    ? 'not known'
    : share > 0 && share < 1e-3
      ? share.toExponential(1)
      : `${(100 * share).toFixed(1)} %`

/** Through what samples were drawn. */
export const wayText = ({ grid, method, density }: WeighRecord): string =>
  density === 'flow' ? 'along its flow' : `through ${plural(grid.length - 1, `${method} step`)}`

/** Why there is no share by samples of the target, or how many of them it is of. */
export const targetText = ({ target, density }: WeighRecord): string =>
  target === null
    ? density === 'flow'
      ? 'not looked for: noise is found through jumps alone'
      : 'not known: there are no samples of the target to look for'
    : `${formatCount(target.count)} samples of the target; noise not found for ${shareText(target.missed)}`

/** What Pareto k says of the tail of the weights. */
export function tailText(record: WeighRecord): string {
  const { paretoK } = record
  if (tooFewEffective(record)) return 'says nothing: a few samples carry nearly all of the weight'
  if (paretoK === null) return 'there are too few weights to fit it'
  return paretoK > GREATEST_SHAPE
    ? `above ${GREATEST_SHAPE}: a few weights decide, and errors cannot be trusted`
    : `at most ${GREATEST_SHAPE}: the tail is light enough for these estimates`
}

/** Pareto k itself. */
export const shapeText = ({ paretoK }: WeighRecord): string =>
  paretoK === null ? 'not known' : formatNumber(paretoK, 2)
