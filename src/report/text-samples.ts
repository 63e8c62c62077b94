import type { Dataset, Text } from '../data/dataset.ts'
import { largestSymbols } from '../data/text/one-hot.ts'
import { decode } from '../data/text/symbols.ts'
import type { Points } from '../model/index.ts'
import { decimalsFor, formatNumber } from './format.ts'
import { estimateAt } from './results-table.ts'
import type { ComparisonData, DrawnText, Method, Metric } from './types.ts'

/** Texts that are shown of each number of steps. */
export const TEXTS = 20

/** The texts that probabilities `[n, L K]` say: the most probable symbol at each position. */
export const textsOf = (text: Omit<Text, 'tokens' | 'unit'>, points: Points): string[] => {
  const tokens = largestSymbols(points, text.alphabet.length)
  return Array.from({ length: tokens.length / text.length }, (_, i) =>
    decode(tokens.subarray(i * text.length, (i + 1) * text.length), text),
  )
}

/** The texts that probabilities `[n, L K]` say, and which are in the language; nothing of other data. */
export function drawnTexts(
  { text, language }: Pick<Dataset, 'text' | 'language'>,
  points: Points,
): DrawnText[] | undefined {
  if (!text) return undefined
  const { alphabet, length } = text
  const tokens = largestSymbols(points, alphabet.length)
  return textsOf(text, points)
    .slice(0, TEXTS)
    .map((each, i) => ({
      text: each,
      ...(language && { isValid: language.isValid(tokens.subarray(i * length, (i + 1) * length)) }),
    }))
}

/** A text in one line, its spaces seen. */
export const inLine = (text: string): string => {
  const line = /[\n\r\t\0]/.test(text) ? JSON.stringify(text).slice(1, -1) : text
  return line.replace(/^ +| +$/g, spaces => '·'.repeat(spaces.length))
}

/** Metrics without which validity says nothing: it can be reached by saying one text only. */
const BESIDE_VALIDITY = [['sequenceKL', 'perplexity'], ['distinct']]

/** What must be shown wherever a metric is shown first: nothing beside most of them. */
export const besideOf = (metrics: readonly Metric[], [first] = metrics): Metric[] =>
  first?.name === 'validity'
    ? BESIDE_VALIDITY.flatMap(names =>
        names.flatMap(name => metrics.find(metric => metric.name === name) ?? []).slice(0, 1),
      )
    : []

/** Under the texts of a method at a number of steps: what they score, validity with what it is not to be shown without. */
function scoresOf(
  metrics: readonly Metric[],
  method: Method,
  steps: number,
): { readonly label: string; readonly value: string }[] {
  return [...metrics.slice(0, 1), ...besideOf(metrics)].flatMap(metric => {
    const found = estimateAt(method, metric.name, steps)
    if (!found || !Number.isFinite(found.mean)) return []
    const decimals = metric.percent ? 0 : decimalsFor([found.mean])
    const value = formatNumber(found.mean, decimals) + (metric.percent ? ' %' : '')
    return [{ label: metric.label, value }]
  })
}

/** Texts beside each other: a column for the data, and one for each method and number of steps. */
export interface TextColumn {
  readonly method?: Method
  readonly steps?: number
  readonly texts: readonly DrawnText[]
  readonly scores: ReturnType<typeof scoresOf>
}

/** The texts of a report; nothing where its data is not text. */
export function textColumns({
  referenceTexts,
  methods,
  metrics,
}: Pick<ComparisonData, 'referenceTexts' | 'methods' | 'metrics'>): TextColumn[] {
  if (!referenceTexts) return []
  const drawn = methods.flatMap(method =>
    method.samples.flatMap(({ steps, texts }): TextColumn[] =>
      texts ? [{ method, steps, texts, scores: scoresOf(metrics, method, steps) }] : [],
    ),
  )
  return [{ texts: referenceTexts, scores: [] }, ...drawn]
}

/** What the marks of texts are, where any could be. */
export const textLegend = (columns: readonly TextColumn[]): string => {
  const known = columns.some(({ texts }) => texts.some(({ isValid }) => isValid !== undefined))
  return `The first ${TEXTS} texts, row after row from the same noise.${known ? ' Those with ✗ are not in the language.' : ''}`
}
