import { statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { generatedDataset } from '../data/catalogue.ts'
import type { Dataset } from '../data/dataset.ts'
import { plural } from '../report/format.ts'
import type { MethodName } from '../sampler/names.ts'
import { solverOf } from '../sampler/solvers/table.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { usualOverlap, whyNotText } from '../serialization/long-text.ts'
import { paths } from '../serialization/run.ts'
import { type Decoding, sampleTexts } from '../serialization/texts.ts'
import { openDataOf } from '../training/data.ts'
import { allClasses, type ConditionFlags, chosenBy, given } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import type { AskedGrid } from './grid-flag.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { writeOutput } from './output-file.ts'
import { note, print } from './terminal.ts'
import { wayThrough } from './way.ts'

interface TextFlags extends GuidanceFlags, ConditionFlags {
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
  readonly length?: number
  readonly overlap?: number
  readonly density?: string
  readonly json?: boolean
}

/** Texts that are made where nothing is said, and that are shown at most. */
const COUNT = 20

/** Most texts of one command: their probabilities are held in memory. */
const MOST = 100_000

interface Found {
  readonly valid: readonly boolean[]
  /** The class of each text by its number, -1 of those in none, where the language has classes. */
  readonly classes?: readonly number[]
}

/** Data that is drawn from a formula by its name, where it is that of a map; no file is opened for a name that came with one. */
function drawnData({ name, fingerprint }: NonNullable<LoadedMap['recorded']>): Dataset | undefined {
  try {
    const dataset = generatedDataset(name)
    return dataset.fingerprint.sha256 === fingerprint.sha256 ? dataset : undefined
  } catch {
    return undefined
  }
}

/** Which texts are in the language, where that is known and its data can still be opened. */
async function foundIn(
  { model, recorded }: LoadedMap,
  tokens: Uint16Array,
  length: number,
): Promise<Found | undefined> {
  const dataset = model ? await openDataOf(model) : recorded && drawnData(recorded)
  if (!dataset?.language) return undefined
  const { isValid, classOf } = dataset.language
  const texts = Array.from({ length: tokens.length / length }, (_, i) =>
    tokens.subarray(i * length, (i + 1) * length),
  )
  return { valid: texts.map(isValid), ...(classOf && { classes: texts.map(classOf) }) }
}

/** The share of the texts of each class that was asked for which are in it. */
function classShares(
  names: readonly string[],
  asked: readonly number[],
  classes: readonly number[],
): Record<string, number> {
  const shares = [...new Set(asked)].map(k => {
    const own = classes.filter((_, i) => asked[i] === k)
    return [names[k], own.filter(found => found === k).length / own.length]
  })
  return Object.fromEntries(shares)
}

/** The class that each text is asked for with, where classes are: `count` texts of each for `all`. */
function askedClasses(path: string, map: LoadedMap, flags: TextFlags, count: number): readonly number[] {
  if (map.condition?.kind !== 'class') return []
  const { names } = map.condition
  const one = allClasses(map, flags) ? undefined : chosenBy(path, map, flags)?.class
  const asked = allClasses(map, flags) ?? (typeof one === 'string' ? [one] : [])
  return asked.flatMap(name => new Array<number>(count).fill(names.indexOf(name)))
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
    throw new UsageError('--start: text starts from noise; remove this option, or use --prefix')
  if (density !== undefined) throw new UsageError('--density: text has no density; remove this option')
  if (out !== undefined && !(extname(out) in ENCODERS)) {
    throw new UsageError(
      `--out ${out}: expected a name ending in ${Object.keys(ENCODERS).join(' or ')}, for text`,
    )
  }
}

/** `oxbow sample` of text: written a line each, and the first of them shown, those outside of the language marked. */
export async function sampleText(path: string, whole: LoadedMap, flags: TextFlags): Promise<void> {
  checkFlags(flags)
  const { seed, decode: decoding = 'argmax', json, count: each = COUNT } = flags
  if (each > MOST) throw new UsageError(`--count: expected at most ${MOST} texts, found ${each}`)
  const asked = askedClasses(path, whole, flags, each)
  const told = asked.length > 0 ? whole.given({ class: asked }) : given(path, whole, flags)
  const count = asked.length || each
  const guidance = guidanceOf(flags)
  const map = guidance ? told.guided(guidance) : told
  if (count > MOST) throw new UsageError(`--count: expected at most ${MOST} texts, found ${count}`)
  const { grid, ...choice } = wayThrough(map, flags)
  const steps = grid.length - 1
  const problem = whyNotText(map, path, { ...flags, count }, choice.method)
  if (problem) throw new UsageError(`--${problem}`)
  const { prefix, length = map.text!.length, overlap } = flags
  const { texts, tokens, blocks } = await sampleTexts(map, {
    count,
    seed,
    grid,
    ...choice,
    decode: decoding,
    prefix,
    length: flags.length,
    overlap,
  }).finally(() => whole.close())
  const { valid, classes } = (await foundIn(whole, tokens, length)) ?? {}
  const inClass =
    asked.length > 0 && classes && whole.condition?.kind === 'class'
      ? classShares(whole.condition.names, asked, classes)
      : undefined
  const size = `${flags.length === undefined ? '' : `-length-${length}`}${overlap === undefined ? '' : `-overlap-${overlap}`}`
  const way = `${flags.method === 'auto' ? '' : `-${choice.method}`}${prefix !== undefined ? '-prefix' : ''}${size}`
  const name = `steps-${steps}${way}${flags.class === undefined ? '' : `-class-${flags.class.replace(/\W+/g, '-')}`}-seed-${seed}.txt`
  // Beside a model that is no run there is no place for samples of its own.
  const file = flags.out ?? (statSync(path).isDirectory() ? join(paths(path).samples, name) : undefined)
  const say =
    file === undefined
      ? print
      : writeOutput(file, Buffer.from(ENCODERS[extname(file)](texts)), flags.out === undefined)
  const share = valid && valid.filter(Boolean).length / count
  const distinct = new Set(texts).size
  if (json) {
    const { evaluations } = solverOf(choice.method)
    return say(
      JSON.stringify({
        ...(file !== undefined && { file }),
        count,
        length,
        steps,
        method: choice.method,
        evaluations: evaluations === null ? null : evaluations * steps * blocks,
        decode: decoding,
        ...(blocks > 1 && { blocks, overlap: overlap ?? usualOverlap(map.text!.length) }),
        ...(prefix !== undefined && { prefix }),
        ...(share !== undefined && { validity: share }),
        ...(inClass && { inClass }),
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
  const ofBlocks = blocks > 1 ? ` for each of ${blocks} blocks` : ''
  say(
    `${file ?? path}: ${plural(count, 'text')} (${distinct} different${validity}), ${plural(steps, `${choice.method} step`)}${ofBlocks}`,
  )
  for (const [name, part] of Object.entries(inClass ?? {})) {
    say(`class ${name}: ${(100 * part).toFixed(0)} % of its texts belong to it`)
  }
  if (count > COUNT) note(`oxbow: the first ${COUNT} are shown`)
}
