import type { KnownCondition } from '../serialization/conditions.ts'
import { shellWord } from './format.ts'
import { codeBlock, codeSpan } from './markdown.ts'

/** What of a model says how it is sampled; see `ModelCardData`. */
interface SampledModel {
  readonly run: string
  readonly repository?: string
  readonly dataset: { readonly dimension: number; readonly image?: readonly [number, number, number] }
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

/** Pictures, and points, that one call of the snippet makes. */
const BATCH = { pictures: 64, points: 5000 }

/** How to sample a model: from the shell, and from Python with ONNX Runtime. */
export function sampling(model: SampledModel): string {
  const { run, repository, dataset, condition, scales, source, takesNoise } = model
  const d = (dataset.image ?? [dataset.dimension]).join(', ')
  const telling = condition && tellingOf(condition)
  const scale = scales
    ? ` \`w [batch]\`, float32, is the guidance scale, from ${scales[0]} (none is 1) to ${scales[1]}.`
    : ''
  const feeds = [
    ...(telling ? [telling.feeds] : []),
    ...(takesNoise ? ['"noise": np.random.standard_normal(y.shape).astype(np.float32)'] : []),
    ...(scales ? [`"w": np.full(batch, ${scales[0]}, dtype=np.float32)`] : []),
  ]
  const batch = dataset.image ? BATCH.pictures : BATCH.points
  const commands = [
    ...(repository ? [`oxbow pull ${shellWord(repository)} --out ${shellWord(run)}`] : []),
    dataset.image
      ? `oxbow sample ${shellWord(run)}${condition?.kind === 'class' ? ' --class all' : telling ? ` ${telling.flag}` : ''} --steps 1 --seed 7 --out sheet.png`
      : `oxbow sample ${shellWord(run)}${telling ? ` ${telling.flag}` : ''} --steps 1 --count 5000 --seed 7 --out samples.csv`,
  ]
  return `${codeBlock('sh', commands.join('\n'))}

Anywhere ONNX Runtime runs, \`model.onnx\` is the map itself: \`x [batch, ${d}]\` at times \`s [batch]\` goes to
\`y [batch, ${d}]\` at times \`t [batch]\`, all float32.${telling ? ` ${telling.says}` : ''}${takesNoise ? ` Its steps are random: \`noise [batch, ${d}]\` is standard normal and fresh for each.` : ''}${scale}

${codeBlock('python', pythonSnippet(d, batch, feeds, source))}`
}

function pythonSnippet(shape: string, batch: number, feeds: readonly string[], source?: string): string {
  const start =
    source === undefined
      ? `np.random.default_rng(7).standard_normal((batch, ${shape})).astype(np.float32)`
      : `np.load("start.npy")[:batch].astype(np.float32)  # points of ${source}`
  const told = feeds.map(feed => `, ${feed}`).join('')
  return `import numpy as np
import onnxruntime as ort

session = ort.InferenceSession("model.onnx")
batch, steps = ${batch}, 1
y = ${start}
times = np.linspace(1, 0, steps + 1, dtype=np.float32)
for s, t in zip(times[:-1], times[1:]):
    feeds = {"x": y, "s": np.full(batch, s), "t": np.full(batch, t)${told}}
    y = session.run(["y"], feeds)[0]`
}
