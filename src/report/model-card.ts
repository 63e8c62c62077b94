import { stringify } from 'yaml'
import { shortList } from '../data/short-list.ts'
import type { KnownCondition } from '../serialization/conditions.ts'
import type { Verdict } from '../training/verdict.ts'
import { type CardText, sampling } from './card-sampling.ts'
import { escapeMarkdown, formatCount, plural } from './format.ts'
import { codeBlock, codeSpan } from './markdown.ts'
import { runReading } from './reading.ts'
import { comparisonMarkdown } from './table.ts'
import type { TableData } from './types.ts'

/** What a model card says. */
export interface ModelCardData {
  /** Name of the model, the card's heading. */
  readonly name: string
  /** Path by which the commands below reach the run directory. */
  readonly run: string
  /** Name on the hub, such as `user/model`, where the commands first download it. */
  readonly repository?: string
  readonly version: string
  /** Identifier of the model's licence; without it the card names none. */
  readonly license?: string
  readonly objective: {
    readonly id: string
    readonly label: string
    /** Formula or sentence. */
    readonly summary?: string
    /** Citation, e.g. `Boffi et al., arXiv:2505.18825`. */
    readonly paper?: string
  }
  readonly dataset: {
    readonly name: string
    readonly dimension: number
    /** Absent where the data is not known. */
    readonly fingerprint?: string
    /** `[height, width, channels]` of data that is pictures. */
    readonly image?: readonly [number, number, number]
    /** Name of the space that its points live in; absent for `R^n`. */
    readonly space?: string
    readonly text?: CardText
    /** What the map begins with at time 1, in words, where it is no standard normal noise. */
    readonly noise?: string
  }
  /** Name of the data that it begins at; absent for noise. */
  readonly source?: string
  /** What the map is told beside a point; absent for nothing. */
  readonly condition?: KnownCondition
  /** Guidance scales that the map has been told, and is told with every point. */
  readonly scales?: readonly [number, number]
  /** Whether its graph is a random step, which takes noise of its own. */
  readonly takesNoise?: boolean
  readonly parameters: number
  /** What trained, where the parameters of a base did not. */
  readonly adapter?: { readonly rank: number; readonly parameters: number; readonly base: string }
  /** What its parameters were taken from, where it was not trained further. */
  readonly takenFrom?: string
  /** Training steps taken. */
  readonly steps: number
  readonly seed: number
  /** The resolved configuration; nested keys are joined by dots. */
  readonly config: Readonly<Record<string, unknown>>
  /** The command that trained the run. */
  readonly command?: string
  /** How the training went. */
  readonly verdict?: Verdict
  /** Metrics at the end, one method. */
  readonly evaluation?: TableData
  /** File of the sheets of pictures, beside the card. */
  readonly sheets?: string
}

/**
 * The README.md of a run directory: Hugging Face front matter, what the model is, how to sample it from the shell
 * and from Python, its metrics beside their noise floor, and its whole configuration.
 */
export function modelCard(card: ModelCardData): string {
  const { dataset, objective } = card
  const sections = [
    `---\n${stringify(frontMatter(card))}---`,
    `# ${escapeMarkdown(card.name)}`,
    introduction(card),
    ...(card.verdict?.diverged ? [`**Warning:** ${escapeMarkdown(card.verdict.text)}.`] : []),
    ...(card.sheets ? [`![Samples by number of steps, from the same noise](${card.sheets})`] : []),
    `## Objective\n\n${objectiveText(objective)}`,
    `## Data\n\n${dataText(dataset)}`,
    `## Sample it\n\n${sampling(card)}`,
    ...(card.evaluation
      ? [
          `## Metrics\n\n${escapeMarkdown(runReading(card.evaluation))}\n\n${comparisonMarkdown(card.evaluation).trimEnd()}`,
        ]
      : []),
    `## Training\n\n${training(card)}`,
  ]
  return `${sections.join('\n\n')}\n`
}

function frontMatter(card: ModelCardData): Record<string, unknown> {
  const { dataset, objective, license, condition } = card
  const results = card.evaluation ? resultsOf(card, card.evaluation) : []
  return {
    ...(license !== undefined && { license }),
    library_name: 'oxbow',
    tags: [
      ...['flow-map', 'one-step-generation', 'onnx', objective.id],
      ...(dataset.text ? ['text'] : []),
      ...(condition ? [kindOf(condition)] : []),
    ],
    // The hub has no task for pictures by class.
    ...(dataset.image && !condition ? { pipeline_tag: 'unconditional-image-generation' } : {}),
    ...(results.length > 0 ? { 'model-index': [{ name: card.name, results }] } : {}),
  }
}

/** What a map is, by what it is told. */
const kindOf = (condition: KnownCondition | undefined): string =>
  condition ? (condition.kind === 'class' ? 'class-conditional' : 'conditional') : 'unconditional'

const plain = (text: string): string => text.replace(/[^A-Za-z0-9._-]+/g, '-')

/** Measured values in the form of the hub's evaluation results, one for each metric, number of steps and kind of weights. */
function resultsOf({ dataset, condition }: ModelCardData, { metrics, methods }: TableData): object[] {
  const values = methods.flatMap(({ label, cells }) =>
    cells.flatMap(({ steps, values }) =>
      metrics.flatMap(({ name, label: metric }) => {
        const mean = values[name]?.mean
        if (mean === undefined || !Number.isFinite(mean)) return []
        return [{ type: plain(name), name: `${metric}, ${plural(steps, 'step')}, ${label}`, value: mean }]
      }),
    ),
  )
  if (values.length === 0) return []
  const what = `${kindOf(condition)}${dataset.image ? ' image' : dataset.text ? ' text' : ''} generation`
  const task =
    dataset.image && !condition ? { type: 'unconditional-image-generation' } : { type: 'other', name: what }
  return [{ task, dataset: { type: plain(dataset.name), name: dataset.name }, metrics: values }]
}

function introduction(card: ModelCardData): string {
  const { dataset, objective, parameters, version, takenFrom, adapter, condition, source } = card
  const begins = source === undefined ? 'noise' : `points of ${escapeMarkdown(source)}`
  const [label, name] = [objective.label, dataset.name].map(escapeMarkdown)
  const origin = takenFrom
    ? `with the parameters of ${codeSpan(takenFrom)}, taken as a map of ${label}`
    : `trained with ${label} on ${name}`
  return (
    `A flow map ${origin}: a network of ${formatCount(parameters)} parameters that carries ${begins} at time 1 to data at ` +
    `time 0 in one step, or in several for more quality. Made by oxbow ${escapeMarkdown(version)}.` +
    (condition ? ` ${conditionText(condition)}` : '') +
    (adapter ? `\n\n${adapterText(parameters, adapter)}` : '')
  )
}

function conditionText(condition: KnownCondition): string {
  const named = (names: readonly string[] | undefined): string =>
    names ? ` (${escapeMarkdown(shortList(names))})` : ''
  const on = {
    class: (known: Extract<KnownCondition, { kind: 'class' }>) =>
      `the class, one of ${known.names.length}${named(known.names)}`,
    vector: (known: Extract<KnownCondition, { kind: 'vector' }>) =>
      `a vector of ${plural(known.size, 'number')}${named(known.columns)}`,
    state: () => 'a noisy point of the same data and its time: it draws what data that point may come from',
  }[condition.kind](condition as never)
  const also = condition.none
    ? 'it is also unconditional'
    : 'it is not unconditional, and always needs a condition'
  return `It is conditional on ${on}; ${also}.`
}

function adapterText(
  whole: number,
  { rank, parameters, base }: NonNullable<ModelCardData['adapter']>,
): string {
  return (
    `Only an adapter of rank ${rank} was trained: ${formatCount(parameters)} parameters ` +
    `(${((100 * parameters) / whole).toPrecision(2)} %) beside those of ${codeSpan(base)}, which stayed. It is merged into the ` +
    'files of the model, and alone in `adapter.safetensors`.'
  )
}

/** Symbols that are listed. */
const LISTED = 60

/** The alphabet as text in one line, and what its end is. */
function alphabetText({ alphabet, unit, length, end }: CardText): string {
  const printed = (symbol: string): string => JSON.stringify(symbol).slice(1, -1)
  const others = alphabet.filter(symbol => symbol !== end).map(printed)
  const rest = others.length - LISTED
  const listed = codeSpan(others.slice(0, LISTED).join(''))
  const more = rest > 0 ? ` and ${rest} more` : ''
  const ends = end === undefined ? '' : ` and an end, ${codeSpan(printed(end))}, that fills the rest`
  return (
    `Text: sequences of ${plural(length, 'symbol')} out of ${alphabet.length}, the ${unit}s ${listed}${more}${ends}. ` +
    'Their numbers are their places in `alphabet.json`.'
  )
}

function dataText({
  name,
  dimension,
  image,
  fingerprint,
  text,
  space,
  noise,
}: ModelCardData['dataset']): string {
  const size = image ? `pictures of ${image.join(' x ')}, ` : ''
  const what = `${escapeMarkdown(name)}, ${size}${plural(dimension, 'dimension')}`
  const sentences = [
    fingerprint === undefined ? `${what}.` : `${what}, fingerprint ${codeSpan(fingerprint)}.`,
    text && alphabetText(text),
    !text && space !== undefined && `Points of the space ${codeSpan(space)}.`,
    noise !== undefined && `Noise at time 1: ${noise}.`,
  ]
  return sentences.filter(Boolean).join(' ')
}

function objectiveText({ id, label, summary, paper }: ModelCardData['objective']): string {
  const parts = [
    `${escapeMarkdown(label)} (${codeSpan(id)}).`,
    summary && escapeMarkdown(/[.!?]$/.test(summary) ? summary : `${summary}.`),
    paper && `Paper: ${escapeMarkdown(paper)}.`,
  ]
  return parts.filter(Boolean).join(' ')
}

function training({ steps, seed, verdict, command, config }: ModelCardData): string {
  const rows = flatten(config).map(([key, value]) => `| ${codeSpan(key)} | ${codeSpan(value)} |`)
  return [
    `${formatCount(steps)} steps, seed ${seed}.${verdict && !verdict.diverged ? ` Plain ${escapeMarkdown(verdict.text)}.` : ''}`,
    ...(command ? [codeBlock('sh', command)] : []),
    ['| key | value |', '| --- | --- |', ...rows].join('\n'),
  ].join('\n\n')
}

function flatten(value: Readonly<Record<string, unknown>>, prefix = ''): [string, string][] {
  return Object.entries(value).flatMap(([key, inner]): [string, string][] => {
    if (inner === undefined) return []
    if (inner !== null && typeof inner === 'object' && !Array.isArray(inner)) {
      return flatten(inner as Record<string, unknown>, `${prefix}${key}.`)
    }
    return [[prefix + key, typeof inner === 'string' ? inner : JSON.stringify(inner)]]
  })
}
