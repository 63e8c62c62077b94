import type { KnownCondition } from '../serialization/conditions.ts'
import { angleColumns, pythonNoise } from './card-noise.ts'
import { shellWord } from './format.ts'
import { codeBlock, codeSpan } from './markdown.ts'

/** What the sequences of a model of text are made of. */
export interface CardText {
  readonly alphabet: readonly string[]
  readonly unit: 'character' | 'byte'
  readonly length: number
  readonly end?: string
}

/** What of a model says how it is sampled; see `ModelCardData`. */
interface SampledModel {
  readonly run: string
  readonly repository?: string
  readonly dataset: {
    readonly dimension: number
    readonly image?: readonly [number, number, number]
    readonly space?: string
    readonly text?: CardText
  }
  readonly condition?: KnownCondition
  /** Name of the data that it begins at; absent for noise. */
  readonly source?: string
  readonly scales?: readonly [number, number]
  /** Whether its graph is a random step, which takes noise of its own. */
  readonly takesNoise?: boolean
}

/** Names and numbers that are listed. */
const LISTED = 20

const listed = (names: readonly string[]): string =>
  names.length > LISTED ? `${names.slice(0, LISTED).join(', ')}, ...` : names.join(', ')

/** How a map is told something: what to write behind the command, what the graph takes, and its inputs in Python. */
interface Telling {
  readonly flag: string
  readonly says: string
  readonly feeds: string
}

function tellingOf(known: KnownCondition): Telling {
  if (known.kind === 'class') {
    const { names, none } = known
    return {
      flag: `--class ${shellWord(names[0])}`,
      says: `\`class [batch]\`, int64, is the class of each point, a number of ${codeSpan(listed(names))} from 0${none ? `; ${names.length} stands for none` : ''}.`,
      feeds: '"class": np.zeros(batch, dtype=np.int64)',
    }
  }
  if (known.kind === 'state') {
    const { size, none } = known
    const zeros = new Array<number>(size).fill(0).join(',')
    return {
      flag: `--state ${shellWord(`${zeros},0.5`)}`,
      says: `\`condition [batch, ${size}]\` and \`tau [batch]\`, float32, are a noisy point of the data for each point and its time${none ? '; at the time 1 it tells nothing' : ''}.`,
      feeds: `"condition": np.zeros((batch, ${size}), dtype=np.float32), "tau": np.full(batch, 0.5, dtype=np.float32)`,
    }
  }
  const { size, columns, minimum, maximum, none } = known
  const middle = minimum.map((low, i) => Number(((low + maximum[i]) / 2).toPrecision(4)))
  const names = columns ? ` (${codeSpan(listed(columns))})` : ''
  return {
    flag: `--vector ${shellWord(middle.join(','))}`,
    says: `\`vector [batch, ${size}]\`, float32, is the vector of each point${names} in the data's own units${none ? '; `none [batch]`, float32, is 1 for points that are told none and 0 for others' : ''}.`,
    feeds: `"vector": np.tile(np.float32([${middle.join(', ')}]), (batch, 1))${none ? ', "none": np.zeros(batch, dtype=np.float32)' : ''}`,
  }
}

/** Pictures, texts and points that one call of the snippet makes. */
const BATCH = { pictures: 64, texts: 20, points: 5000 }

/** How to sample a model: from the shell, and from Python with ONNX Runtime. */
export function sampling(model: SampledModel): string {
  const { run, repository, dataset, condition, scales, source, takesNoise } = model
  const { image, text, space, dimension } = dataset
  const d = (image ?? (text ? [text.length, text.alphabet.length] : [dimension])).join(', ')
  const angles = angleColumns(space, dimension)
  const telling = condition && tellingOf(condition)
  const scale = scales
    ? ` \`w [batch]\`, float32, is the guidance scale, from ${scales[0]} (none is 1) to ${scales[1]}.`
    : ''
  const feeds = [
    ...(telling ? [telling.feeds] : []),
    ...(takesNoise ? ['"noise": np.random.standard_normal(y.shape).astype(np.float32)'] : []),
    ...(scales ? [`"w": np.full(batch, ${scales[0]}, dtype=np.float32)`] : []),
  ]
  const batch = image ? BATCH.pictures : text ? BATCH.texts : BATCH.points
  const commands = [
    ...(repository ? [`oxbow pull ${shellWord(repository)} --out ${shellWord(run)}`] : []),
    dataset.image
      ? `oxbow sample ${shellWord(run)}${condition?.kind === 'class' ? ' --class all' : telling ? ` ${telling.flag}` : ''} --steps 1 --seed 7 --out sheet.png`
      : `oxbow sample ${shellWord(run)}${telling ? ` ${telling.flag}` : ''} --steps 1 --count ${batch} --seed 7 --out ${text ? 'texts.txt' : 'samples.csv'}`,
  ]
  return `${codeBlock('sh', commands.join('\n'))}

Anywhere ONNX Runtime runs, \`model.onnx\` is the map itself: \`x [batch, ${d}]\` at times \`s [batch]\` goes to
\`y [batch, ${d}]\` at times \`t [batch]\`, all float32.${text ? ` ${TEXT_SAYS}` : ''}${angles.length > 0 ? ` ${ANGLES_SAY}` : ''}${telling ? ` ${telling.says}` : ''}${takesNoise ? ` Its steps are random: \`noise [batch, ${d}]\` is standard normal and fresh for each.` : ''}${scale}

${codeBlock('python', pythonSnippet(batch, feeds, { start: startOf(d, space, dimension, source), end: endOf(text, angles) }))}`
}

const TEXT_SAYS =
  'At time 0 these are probabilities of the symbols of `alphabet.json`; a second output, `logits`, has their logits.'
const ANGLES_SAY = 'Angles may have turned several times.'

/** Python before the jumps: what the points begin as. */
function startOf(
  shape: string,
  space: string | undefined,
  dimension: number,
  source: string | undefined,
): string {
  if (source !== undefined)
    return `y = np.load("start.npy")[:batch].astype(np.float32)  # points of ${source}`
  const noise = pythonNoise(space, dimension)
  if (!noise) return `y = np.random.default_rng(7).standard_normal((batch, ${shape})).astype(np.float32)`
  return `rng = np.random.default_rng(7)\n\n${noise.functions}\n\ny = ${noise.points}.astype(np.float32)`
}

/** Python after the jumps: what points of time 0 stand for. */
function endOf(text: CardText | undefined, angles: ReturnType<typeof angleColumns>): string {
  if (!text) {
    return angles
      .map(([from, to]) => `\ny[:, ${from}:${to}] -= 2 * np.pi * np.round(y[:, ${from}:${to}] / (2 * np.pi))`)
      .join('')
  }
  const cut = text.end === undefined ? '' : '.split(alphabet["end"])[0]'
  return `
with open("alphabet.json", encoding="utf-8") as file:
    alphabet = json.load(file)
for row in y.argmax(axis=-1):
    print("".join(alphabet["symbols"][k] for k in row)${cut})`
}

function pythonSnippet(
  batch: number,
  feeds: readonly string[],
  { start, end }: { readonly start: string; readonly end: string },
): string {
  const told = feeds.map(feed => `, ${feed}`).join('')
  return `${end.includes('json.load') ? 'import json\n\n' : ''}import numpy as np
import onnxruntime as ort

session = ort.InferenceSession("model.onnx")
batch, steps = ${batch}, 1
${start}
times = np.linspace(1, 0, steps + 1, dtype=np.float32)
for s, t in zip(times[:-1], times[1:]):
    feeds = {"x": y, "s": np.full(batch, s), "t": np.full(batch, t)${told}}
    y = session.run(["y"], feeds)[0]${end}`
}
