import { ArgumentError } from '../../data/arguments.ts'
import type { Dataset, Text, Values } from '../../data/dataset.ts'
import { DataError } from '../../data/error.ts'
import { show } from '../../data/show.ts'
import { nearest } from '../../data/suggest.ts'
import type { Estimate } from '../estimate.ts'
import { type Floor, type PrepareOptions, summarise } from '../prepare.ts'
import { sourcesOf } from '../sources.ts'
import { lackOfText, type TextReference, textMetrics } from './catalogue.ts'

/** The metrics of one dataset of text at one count. */
export interface TextMeasures {
  readonly names: readonly string[]
  /** Sequences in the reference and in every evaluation. */
  readonly count: number
  /** What a reader of the numbers should know of the reference. */
  readonly notes: readonly string[]
  /** Each metric of samples `[count, length]`. @throws {ArgumentError} when the count is another one */
  estimate(tokens: Uint16Array): Record<string, Estimate>
  /** Data in the place of samples, measured at the first use, then kept. */
  readonly floors: Readonly<Record<string, Floor>>
}

const DRAWS = 10

/**
 * Draws a reference from text and readies its metrics, as `prepareMetrics` does for points.
 *
 * @param options.names  of `textMetrics`; all that the dataset allows by default
 * @throws {DataError} on an unknown metric, one that the dataset cannot be measured by, or a bad count
 */
export function prepareTextMetrics(dataset: Dataset, options: PrepareOptions): TextMeasures {
  const { count: asked, seed = 0, names } = options
  if (!Number.isInteger(asked) || asked < 2) {
    throw new DataError(`metric count: expected a whole number of at least 2, found ${show(asked)}`)
  }
  const chosen = names
    ? names.map(name => checkName(name, dataset))
    : Object.keys(textMetrics).filter(name => !lackOfText(textMetrics[name], dataset))
  const { text } = dataset
  if (!text) throw new DataError(`metrics of text: expected text, found ${dataset.name}`)
  const { length } = text
  const { count, notes, drawReference, drawFloor } = sourcesOf(tokenPoints(dataset, text), asked, seed)
  const rowsOf = (points: Float32Array) => ({ tokens: Uint16Array.from(points), length })
  const reference: TextReference = { dataset: { ...dataset, text }, rows: rowsOf(drawReference()), seed }
  const measures = chosen.map(name => [name, textMetrics[name].prepare(reference)] as const)

  const measureFloors = (): Record<string, Floor> => {
    const draws = drawFloor ? Array.from({ length: DRAWS }, (_, k) => rowsOf(drawFloor(k))) : []
    return Object.fromEntries(
      measures.map(([name, measure]) => {
        const { floor, limit = count } = textMetrics[name]
        const values = floor ? [floor(reference) ?? []].flat() : draws.map(rows => measure(rows).value)
        return [name, summarise(values, Math.min(count, limit))]
      }),
    )
  }
  let floors: Record<string, Floor> | undefined
  return {
    names: chosen,
    count,
    notes,
    estimate(tokens) {
      if (tokens.length !== count * length)
        throw new ArgumentError(
          `tokens: expected ${count} sequences of ${length} symbols, found ${tokens.length} symbols`,
        )
      return Object.fromEntries(measures.map(([name, measure]) => [name, measure({ tokens, length })]))
    },
    get floors() {
      return (floors ??= measureFloors())
    },
  }
}

/** Sequences as points of their symbols' numbers, so that they are drawn as points are. */
function tokenPoints({ split, ...dataset }: Dataset, { length, tokens }: Text): Dataset {
  const fill = (out: Values, draw: (drawn: Uint16Array) => void): void => {
    const drawn = new Uint16Array(out.length)
    draw(drawn)
    out.set(drawn)
  }
  return {
    ...dataset,
    dimension: length,
    sample: (source, out) => fill(out, drawn => tokens.sample(source, drawn)),
    ...(split && {
      split: {
        ...split,
        take: (side, source, out) => fill(out, drawn => tokens.take!(side, source, drawn)),
      },
    }),
  }
}

function checkName(name: string, dataset: Dataset): string {
  const known = Object.keys(textMetrics)
  if (!known.includes(name)) {
    const meant = nearest(name, known)
    throw new DataError(
      `unknown metric ${show(name)}${meant ? `; did you mean "${meant}"?` : ''} (known: ${known.join(', ')})`,
    )
  }
  const lack = lackOfText(textMetrics[name], dataset)
  if (lack) throw new DataError(`metric ${name} ${lack}`)
  return name
}
