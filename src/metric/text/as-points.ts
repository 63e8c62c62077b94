import { largestSymbols } from '../../data/text/one-hot.ts'
import type { Cloud, Metric, Reference } from '../catalogue.ts'
import { estimate, meanOf, standardError } from '../estimate.ts'
import { lackOfText, type TextReference, textMetrics } from './catalogue.ts'
import type { TokenRows } from './token-rows.ts'

/** Points `[N, L, K]` as sequences of their most probable symbols; decoded once, whatever metrics ask. */
const rowsOf = (cloud: Cloud, { text }: TextReference['dataset']): TokenRows => ({
  tokens: cloud.once('symbols', () => largestSymbols(cloud.values, text.alphabet.length)),
  length: text.length,
})

function referenceOf(reference: Reference): TextReference {
  const { dataset, seed } = reference
  if (!dataset.text) throw new Error(`${dataset.name}: no text`)
  const own = { ...dataset, text: dataset.text }
  return { dataset: own, rows: rowsOf(reference, own), seed }
}

/** The metrics of text, as metrics of points that are one-hot or probabilities. */
const ofPoints: Readonly<Record<string, Metric>> = Object.fromEntries(
  Object.entries(textMetrics).map(([name, { needs, prepare, floor, ...described }]) => {
    const metric: Metric = {
      ...described,
      needs: [],
      lack: dataset => lackOfText({ needs }, dataset),
      prepare: reference => {
        const own = referenceOf(reference)
        const measure = prepare(own)
        return samples => measure(rowsOf(samples, own.dataset))
      },
      ...(floor && { floor: reference => floor(referenceOf(reference)) }),
    }
    return [name, metric]
  }),
)

/** The largest number at each position, the mean over positions of each sample. */
function largest({ values }: Cloud, { text }: TextReference['dataset']): Float64Array {
  const { length, alphabet } = text
  const K = alphabet.length
  const means = new Float64Array(values.length / (length * K))
  for (let i = 0; i < values.length; i += K) {
    let most = values[i]
    for (let k = 1; k < K; k++) most = Math.max(most, values[i + k])
    means[Math.floor(i / (length * K))] += most / length
  }
  return means.map(mean => Math.min(1, mean))
}

/** What samples of text, `[N, L, K]` with a number for each symbol, are measured by. */
export const textMetricsOfPoints: Readonly<Record<string, Metric>> = {
  ...ofPoints,
  commitment: {
    label: 'commitment',
    description:
      'mean largest probability of a symbol before it is decoded; 1 for an exact map, which is sure of every symbol',
    unit: 'share',
    range: [0, 1],
    direction: 'higher',
    needs: [],
    lack: dataset => lackOfText({ needs: [] }, dataset),
    prepare: reference => {
      const { dataset } = referenceOf(reference)
      return samples => {
        const means = largest(samples, dataset)
        return estimate(meanOf(means), standardError(means), [0, 1])
      }
    },
  },
}
