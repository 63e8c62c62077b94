import { extname, join } from 'node:path'
import { openDataset } from '../config/dataset.ts'
import { fillOneHot, largestSymbols } from '../data/text/one-hot.ts'
import { decode, encode } from '../data/text/symbols.ts'
import { random } from '../random/random.ts'
import { plural } from '../report/format.ts'
import type { MethodName } from '../sampler/names.ts'
import { drawNoise } from '../sampler/sampler.ts'
import { sample } from '../sampler/sampling.ts'
import { solverOf } from '../sampler/solvers/table.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import type { TextRecord } from '../serialization/record.ts'
import { paths } from '../serialization/run.ts'
import { openOptionsOf } from '../training/data.ts'
import { type ConditionFlags, chosenBy } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import type { AskedGrid } from './grid-flag.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { writeOutput } from './output-file.ts'
import { note } from './terminal.ts'
import { wayThrough } from './way.ts'

/** How probabilities become symbols. */
export type Decoding = 'argmax' | 'sample'

interface TextFlags extends GuidanceFlags, ConditionFlags {
  readonly text: TextRecord
  readonly steps: number
  readonly grid?: AskedGrid
  readonly method: MethodName
  readonly options?: Readonly<Record<string, unknown>>
  readonly start?: string
  readonly count?: number
  readonly seed: number
  readonly out?: string
  readonly decode?: Decoding
  readonly prefix?: string
  readonly density?: string
  readonly json?: boolean
}

/** Texts that are made where nothing is said, and that are shown at most. */
const COUNT = 20

/** Most texts of one command: their probabilities are held in memory. */
const MOST = 100_000

/** One symbol for each position, drawn from its probabilities; what is below 0 has none. */
function drawnSymbols(points: Float32Array, symbols: number, seed: number): Uint16Array {
  const source = random(seed, 'symbols')
  return Uint16Array.from({ length: points.length / symbols }, (_, i) => {
    const weights = points.subarray(i * symbols, (i + 1) * symbols).map(p => Math.max(0, p))
    let left = source.uniform() * weights.reduce((sum, p) => sum + p, 0)
    for (let k = 0; k < symbols - 1; k++) {
      left -= weights[k]
      if (left < 0) return k
    }
    return symbols - 1
  })
}

/** The symbols of a prefix. @throws UsageError where the model was not trained with one, or it is too long or of other symbols */
function prefixOf(path: string, map: LoadedMap, { prefix, text }: TextFlags): number[] {
  if (prefix === undefined) return []
  if (!((map.model?.config.prefix ?? 0) > 0)) {
    throw new UsageError(`--prefix: ${path} was trained without prefixes; train with --prefix 0.5`)
  }
  const [length] = map.shape
  const symbols = [...prefix]
  if (symbols.length === 0 || symbols.length >= length) {
    throw new UsageError(`--prefix: expected 1 to ${length - 1} symbols, found ${symbols.length}`)
  }
  const strange = symbols.find(symbol => !text.alphabet.includes(symbol))
  if (strange !== undefined) {
    throw new UsageError(
      `--prefix: ${JSON.stringify(strange)} is not in the alphabet of ${path}: ${text.alphabet.map(symbol => JSON.stringify(symbol).slice(1, -1)).join(' ')}`,
    )
  }
  return encode(prefix, { alphabet: text.alphabet, length: symbols.length })
}

/** Which texts are in the language, where that is known and its data can still be opened. */
async function validOf(
  { model }: LoadedMap,
  tokens: Uint16Array,
  length: number,
): Promise<boolean[] | undefined> {
  if (!model || model.data.fingerprint.sha256 === '') return undefined
  const dataset = await openDataset(model.config.data, openOptionsOf(model)).catch(() => undefined)
  if (!dataset?.language || dataset.fingerprint.sha256 !== model.data.fingerprint.sha256) return undefined
  const { isValid } = dataset.language
  return Array.from({ length: tokens.length / length }, (_, i) =>
    isValid(tokens.subarray(i * length, (i + 1) * length)),
  )
}

/** A text in one line. */
const inLine = (text: string): string => (/[\n\r\0]/.test(text) ? JSON.stringify(text).slice(1, -1) : text)

const ENCODERS: Readonly<Record<string, (texts: readonly string[]) => string>> = {
  '.txt': texts => texts.map(text => `${inLine(text)}\n`).join(''),
  '.jsonl': texts => texts.map(text => `${JSON.stringify({ text })}\n`).join(''),
}

/** What does not go with text. */
function checkFlags({ start, density, out }: TextFlags): void {
  if (start !== undefined)
    throw new UsageError('--start: text begins at noise; leave it out, or use --prefix')
  if (density !== undefined) throw new UsageError('--density: text has no density; leave it out')
  if (out !== undefined && !(extname(out) in ENCODERS)) {
    throw new UsageError(
      `--out ${out}: expected a name ending in ${Object.keys(ENCODERS).join(' or ')}, for text`,
    )
  }
}

/** `oxbow sample` of text: written a line each, and the first of them shown, those outside of the language marked. */
export async function sampleText(path: string, whole: LoadedMap, flags: TextFlags): Promise<void> {
  checkFlags(flags)
  const { text, seed, method: asked, decode: decoding = 'argmax', json, count = COUNT } = flags
  const given = chosenBy(path, whole, flags)
  const told = given ? whole.given(given) : whole
  const guidance = guidanceOf(flags)
  const map = guidance ? told.guided(guidance) : told
  const { dimension } = map
  const [length, symbols] = map.shape
  const prefix = prefixOf(path, whole, flags)
  if (count > MOST) throw new UsageError(`--count: expected at most ${MOST} texts, found ${count}`)
  const { grid, ...choice } = wayThrough(map, flags)
  const steps = grid.length - 1
  if (prefix.length > 0 && !['jump', 'euler'].includes(choice.method)) {
    throw new UsageError(`--prefix: is kept between the steps of jump and euler, found ${choice.method}`)
  }
  const known = new Float32Array(prefix.length * symbols)
  fillOneHot(Uint16Array.from(prefix), symbols, known)
  const keep = (points: Float32Array): Float32Array => {
    for (let i = 0; i < points.length; i += dimension) points.set(known, i)
    return points
  }
  let points = keep(drawNoise(count, dimension, seed))
  try {
    if (prefix.length === 0) ({ points } = await sample(map, points, { grid, ...choice, seed }))
    else {
      for (let i = 0; i < steps; i++) {
        const between = await sample(map, points, { grid: grid.slice(i, i + 2), ...choice, seed })
        points = keep(between.points)
      }
    }
  } finally {
    await whole.close()
  }
  const tokens = decoding === 'argmax' ? largestSymbols(points, symbols) : drawnSymbols(points, symbols, seed)
  const texts = Array.from({ length: count }, (_, i) =>
    decode(tokens.subarray(i * length, (i + 1) * length), text),
  )
  const valid = await validOf(whole, tokens, length)
  const way = `${asked === 'auto' ? '' : `-${choice.method}`}${prefix.length > 0 ? '-prefix' : ''}`
  const file = flags.out ?? join(paths(path).samples, `steps-${steps}${way}-seed-${seed}.txt`)
  const say = writeOutput(file, Buffer.from(ENCODERS[extname(file)](texts)), flags.out === undefined)
  const share = valid && valid.filter(Boolean).length / count
  const distinct = new Set(texts).size
  if (json) {
    const { evaluations } = solverOf(choice.method)
    return say(
      JSON.stringify({
        file,
        count,
        length,
        steps,
        method: choice.method,
        evaluations: evaluations === null ? null : evaluations * steps,
        decode: decoding,
        ...(flags.prefix !== undefined && { prefix: flags.prefix }),
        ...(share !== undefined && { validity: share }),
        distinct,
        texts: texts.slice(0, COUNT),
        seed,
      }),
    )
  }
  texts.slice(0, COUNT).forEach((each, i) => {
    say(valid && !valid[i] ? `${inLine(each)}  (not in the language)` : inLine(each))
  })
  const validity = share === undefined ? '' : `, ${(100 * share).toFixed(0)} % in the language`
  say(
    `${file}: ${plural(count, 'text')} (${distinct} different${validity}), ${plural(steps, `${choice.method} step`)}`,
  )
  if (count > COUNT) note(`oxbow: the first ${COUNT} are shown`)
}
