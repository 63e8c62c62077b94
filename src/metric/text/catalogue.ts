import type { Dataset, Text } from '../../data/dataset.ts'
import { markovLogProbability } from '../../model/categorical/markov-law.ts'
import { random } from '../../random/random.ts'
import type { Described } from '../catalogue.ts'
import type { Estimate } from '../estimate.ts'
import { distinct } from './distinct.ts'
import { fitNGram } from './n-gram.ts'
import { ngramJS } from './n-gram-divergence.ts'
import { novelty } from './novelty.ts'
import { type LogProbability, perplexity } from './perplexity.ts'
import { sampleEntropy } from './sample-entropy.ts'
import { countSequences, sequenceKL, sequenceTV } from './sequence-law.ts'
import { countKeys, type TokenRows } from './token-rows.ts'
import { validity } from './validity.ts'

/** The data that sequences are measured against. */
export interface TextReference {
  readonly dataset: Dataset & { readonly text: Text }
  readonly rows: TokenRows
  readonly seed: number
}

/** A measure of sequences of symbols beside data. */
export interface TextMetric extends Described {
  /** What a dataset must have to be measured; text is enough where it is empty. */
  readonly needs: readonly TextNeed[]
  /** Does the work on the reference and returns the measurement. */
  readonly prepare: (reference: TextReference) => (samples: TokenRows) => Estimate
  /** The floor, where measuring rows that were trained on would say nothing. */
  readonly floor?: (reference: TextReference) => number | undefined
}

export type TextNeed =
  | 'text'
  | 'a language that is known'
  | 'a law that is listed'
  | 'training rows'
  | '2 symbols or more in a row'
  | '3 symbols or more in a row'

const HAS: Readonly<Record<TextNeed, (dataset: Dataset) => boolean>> = {
  text: ({ text }) => text !== undefined,
  'a language that is known': ({ language }) => language !== undefined,
  'a law that is listed': ({ language }) => language?.law !== undefined,
  'training rows': ({ split }) => split !== undefined,
  '2 symbols or more in a row': ({ text }) => text!.length >= 2,
  '3 symbols or more in a row': ({ text }) => text!.length >= 3,
}

/** Why a dataset cannot be measured by a metric of text, if so. */
export function lackOfText({ needs }: Pick<TextMetric, 'needs'>, dataset: Dataset): string | undefined {
  const missing = (['text', ...needs] as const).find(need => !HAS[need](dataset))
  return missing && `needs ${missing}, and ${dataset.name} has none`
}

const share = { unit: 'share', range: [0, 1] } as const
const nats = { unit: 'nats', direction: 'lower' } as const

/** Sequences of each side that n-grams are compared of. */
const NGRAM_ROWS = 5000
/** The model of sequences whose law is no known chain. */
const NGRAM = { order: 3, add: 0.1 }
/** Symbols that it is fitted on at most. */
const FITTED = 1 << 21

/** Rows that are trained on, as many as there are up to a number of symbols; of data without end fresh ones. */
function trainingRows({ dataset: { text, split }, seed }: TextReference): TokenRows {
  const { length, tokens } = text
  const most = Math.floor(FITTED / length)
  const rows = new Uint16Array(Math.max(1, Math.min(most, split?.training ?? 20_000)) * length)
  const source = random(seed, 'metric', 'training')
  if (tokens.take) tokens.take('training', source, rows)
  else tokens.sample(source, rows)
  return { tokens: rows, length }
}

function logProbabilityOf(reference: TextReference): LogProbability {
  const { text, language } = reference.dataset
  const { chain } = language ?? {}
  if (chain) return row => markovLogProbability(chain, row)
  return fitNGram(trainingRows(reference), { ...NGRAM, symbols: text.alphabet.length })
}

/** All training rows. */
function everyKey({ dataset: { text, split }, seed }: TextReference): ReadonlySet<string> {
  const rows = new Uint16Array(split!.training * text.length)
  text.tokens.take!('training', random(seed, 'metric', 'novelty'), rows)
  return new Set(countKeys({ tokens: rows, length: text.length }).keys())
}

const head = ({ tokens, length }: TokenRows, most: number): TokenRows => ({
  tokens: tokens.subarray(0, most * length),
  length,
})

const ngrams = (n: 1 | 2 | 3): TextMetric => ({
  ...nats,
  label: `Jensen-Shannon of ${n === 1 ? 'symbols' : `${n} symbols in a row`}`,
  description: `Jensen-Shannon divergence of how often ${n === 1 ? 'each symbol' : `each ${n} symbols in a row`} are there, in 5,000 samples and as many of the data`,
  range: [0, Math.LN2],
  limit: NGRAM_ROWS,
  needs: n === 1 ? [] : [`${n} symbols or more in a row`],
  prepare:
    ({ rows }) =>
    samples =>
      ngramJS(head(samples, NGRAM_ROWS), head(rows, NGRAM_ROWS), n),
})

/** The metrics of text. */
export const textMetrics: Readonly<Record<string, TextMetric>> = {
  validity: {
    ...share,
    label: 'valid',
    percent: true,
    description: 'share of samples that are in the language',
    direction: 'higher',
    needs: ['a language that is known'],
    prepare:
      ({ dataset: { language } }) =>
      samples =>
        validity(samples, language!.isValid),
  },
  sequenceKL: {
    ...nats,
    label: 'KL(data || samples) of sequences',
    description: 'KL(data || valid samples) of the law of whole sequences, half a count added to each',
    range: [0, Infinity],
    needs: ['a law that is listed'],
    prepare:
      ({ dataset }) =>
      samples => {
        const law = dataset.language!.law!
        return sequenceKL(countSequences(samples, law), law)
      },
  },
  sequenceTV: {
    ...share,
    label: 'total variation of sequences',
    description:
      'total variation distance of the law of whole sequences, samples outside of the data included',
    direction: 'lower',
    needs: ['a law that is listed'],
    prepare:
      ({ dataset }) =>
      samples => {
        const law = dataset.language!.law!
        return sequenceTV(countSequences(samples, law), law)
      },
  },
  perplexity: {
    label: 'perplexity',
    description:
      'exp of the mean of -log p for each symbol, under the chain of the data or 3 symbols in a row of its training rows',
    unit: 'none',
    range: [1, Infinity],
    direction: 'nearest',
    needs: [],
    prepare: reference => {
      const logProbability = logProbabilityOf(reference)
      return samples => perplexity(samples, logProbability)
    },
  },
  sampleEntropy: {
    label: 'entropy of a sample',
    description: "mean entropy of a sample's own counts of symbols",
    unit: 'nats',
    range: [0, Infinity],
    direction: 'nearest',
    needs: [],
    prepare: () => sampleEntropy,
  },
  distinct: {
    ...share,
    label: 'distinct',
    description: 'different samples divided by all',
    direction: 'nearest',
    needs: [],
    prepare: () => distinct,
  },
  novelty: {
    ...share,
    label: 'new',
    percent: true,
    description: 'share of samples that are no training row',
    direction: 'nearest',
    needs: ['training rows'],
    prepare: reference => {
      const training = everyKey(reference)
      return samples => novelty(samples, training)
    },
    floor: reference =>
      reference.dataset.split!.heldOut < 2 ? undefined : novelty(reference.rows, everyKey(reference)).value,
  },
  ngramJS1: ngrams(1),
  ngramJS2: ngrams(2),
  ngramJS3: ngrams(3),
}
