import { existsSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Weights } from '../config/weights-name.ts'
import { openDataset } from '../data/catalogue.ts'
import { columnOrder, reorder } from '../data/column-order.ts'
import { csvPieces } from '../data/csv-writer.ts'
import { DataError } from '../data/error.ts'
import { npyPieces } from '../data/npy.ts'
import { readPoints } from '../data/points.ts'
import { shortList } from '../data/short-list.ts'
import { standardizedBy } from '../data/standardized.ts'
import { type ConditionKind, conditionKinds, pluralOf } from '../model/index.ts'
import { scatter } from '../report/braille.ts'
import { plural } from '../report/format.ts'
import { toPlane } from '../report/points.ts'
import { strayMarks } from '../report/stray-marks.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { type MethodName, sample, sampleNoise } from '../sampler/sampling.ts'
import type { Given, KnownCondition } from '../serialization/conditions.ts'
import type { Content } from '../serialization/files.ts'
import { load } from '../serialization/load.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { findTarget } from '../serialization/output.ts'
import { paths, RunError } from '../serialization/run.ts'
import { openOptionsOf } from '../training/data.ts'
import { gigabytes, memoryLimit } from '../training/memory.ts'
import { UsageError } from './failure.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { writeOutput } from './output-file.ts'
import { columns, note, print } from './terminal.ts'

type Grid = readonly number[]

interface SampleFlags extends GuidanceFlags {
  readonly steps: number
  readonly grid?: Grid
  readonly start?: string
  readonly count: number
  readonly seed: number
  readonly out?: string
  readonly method: MethodName
  readonly weights: Weights
  readonly class?: string
  readonly vector?: string
  readonly json?: boolean
}

/** What is written beside the points: names of their columns, and in a picture a title and which are off the data. */
interface Written {
  readonly dimension: number
  readonly columns?: readonly string[]
  readonly title: string
  /** Which points are off the data, where that is known; of the first that are drawn. */
  readonly strays?: Uint8Array
}

type Encoder = (points: Float32Array, written: Written) => Promise<Content>

/** Points that a picture is made of; thousands are drawn. */
const DRAWN = 100_000

const svg = async (points: Float32Array, { dimension, title, strays }: Written): Promise<string> => {
  const { scatterPlot } = await import('../report/plots.ts')
  const drawn = toPlane(points.subarray(0, DRAWN * dimension), dimension)
  return scatterPlot(drawn, { title, width: 480, strays })
}

const ENCODERS: Readonly<Record<string, Encoder>> = {
  '.csv': async (points, { dimension, columns }) => csvPieces(points, dimension, columns),
  '.npy': async (points, { dimension }) =>
    npyPieces({ shape: [points.length / dimension, dimension], data: points }),
  '.svg': async (points, written) => Buffer.from(await svg(points, written)),
  '.png': async (points, written) => {
    const { svgToPng } = await import('../report/plots.ts')
    return svgToPng(await svg(points, written))
  },
}

/** A longer name than this is left to the user. */
const LONGEST = 100

/** Where samples of a run go by default. */
function fileInRun(path: string, { steps, grid, start, seed, ...flags }: SampleFlags): string {
  const times = grid ? `grid-${grid.join('-')}` : `steps-${steps}`
  if (start !== undefined || times.length > LONGEST) {
    const what = start === undefined ? 'a grid as long as this' : '--start'
    throw new UsageError(`--out is needed with ${what}, e.g. --out samples.csv`)
  }
  const told = conditionKinds.map(kind =>
    flags[kind] === undefined ? '' : `-${kind}-${flags[kind].replace(/[^\w.-]+/g, '-')}`,
  )
  const scale = flags.guidance === undefined ? '' : `-guidance-${flags.guidance}`
  return join(paths(path).samples, `${times}${told.join('')}${scale}-seed-${seed}.csv`)
}

/** Where samples go, and in which format. */
interface Output {
  readonly file: string
  readonly ending: string
}

function outputOf(path: string, flags: SampleFlags): Output {
  const { out } = flags
  if (out === undefined) {
    if (!existsSync(path)) throw new RunError(`${path}: no such run or model`)
    if (statSync(path).isDirectory()) return { file: fileInRun(path, flags), ending: '.csv' }
    throw new UsageError(`--out is needed to sample ${path}, e.g. --out samples.csv`)
  }
  const ending = extname(out)
  if (ending in ENCODERS) return { file: out, ending }
  // The names of pipes and devices have no ending.
  if (findTarget(out).open) return { file: out, ending: '.csv' }
  throw new UsageError(`--out ${out}: expected a name ending in ${Object.keys(ENCODERS).join(', ')}`)
}

/** Takes the points of `--start`, or noise, through the grid. */
async function drawSamples(
  path: string,
  { start, count, seed, method }: SampleFlags,
  grid: Grid,
  map: LoadedMap,
): Promise<Sampled> {
  const { dimension, columns } = map
  const options = { grid, method, seed }
  if (start === undefined) {
    if (grid[0] !== 1) {
      throw new UsageError(
        `--grid: noise is at 1, found a grid that begins at ${grid[0]}; give its points with --start`,
      )
    }
    checkMemory(count, dimension)
    return sampleNoise(map, count, options)
  }
  const given = await readPoints(start)
  const order = columnOrder({ name: start, columns: given.columns }, { name: path, columns })
  if (given.dimension !== dimension) {
    throw new DataError(`${start}: has points of ${given.dimension} coordinates, ${path} of ${dimension}`)
  }
  return sample(map, reorder(given.points, order), options)
}

type Sampled = Awaited<ReturnType<typeof sample>>

/** Samples are made before they are written, so that a file is written whole or not at all. */
function checkMemory(count: number, dimension: number): void {
  const bytes = 4 * count * dimension
  const most = memoryLimit() / 2
  if (bytes <= most) return
  throw new UsageError(
    `--count: ${count} points of ${dimension} numbers take ${gigabytes(bytes)}, and half of the memory is ${gigabytes(most)}; at most ${Math.floor(most / 4 / dimension)}`,
  )
}

/** Which points are off the data that a map was trained on; nothing where that cannot be opened any more. */
async function straysOf(map: LoadedMap, points: Float32Array): Promise<Uint8Array | undefined> {
  const { model } = map
  if (!model || model.data.fingerprint.sha256 === '') return undefined
  const dataset = await openDataset(model.config.data, openOptionsOf(model)).catch(() => undefined)
  if (dataset?.fingerprint.sha256 !== model.data.fingerprint.sha256) {
    note('oxbow: the data of the training cannot be opened, so no sample is marked as off it')
    return undefined
  }
  return strayMarks(standardizedBy(map.standardization, dataset), points)
}

type Kinds = { readonly [kind in ConditionKind]: Extract<KnownCondition, { kind: kind }> }

/** How the word or the numbers of a flag choose, by kind; nothing where they do not. */
const chosen: {
  readonly [kind in ConditionKind]: {
    readonly expected: (known: Kinds[kind]) => string
    readonly given: (text: string, known: Kinds[kind]) => Given | undefined
  }
} = {
  class: {
    expected: ({ names }) => `one of ${shortList(names)}`,
    given: (text, { names }) => (names.includes(text) ? { class: text } : undefined),
  },
  vector: {
    expected: ({ size, columns }) =>
      `${size} ${size === 1 ? 'number' : 'numbers'}${columns ? ` (${shortList(columns)})` : ''}`,
    given(text, { size }) {
      const vector = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
      return vector.length === size && vector.every(Number.isFinite) ? { vector } : undefined
    },
  },
}

/** Says which numbers of a vector the training never saw. */
function noteRange({ vector }: Given, known: KnownCondition): void {
  if (!vector || known.kind !== 'vector') return
  const { minimum, maximum, columns } = known
  Array.from(vector).forEach((value, i) => {
    if (value >= minimum[i] && value <= maximum[i]) return
    const name = columns ? ` of ${columns[i]}` : ''
    const [low, high] = [minimum[i], maximum[i]].map(bound => Number(bound.toPrecision(6)))
    note(`oxbow: --vector: ${value}${name} is outside of the data (${low} to ${high})`)
  })
}

/** The map with the condition of the flag of its kind. */
function given(path: string, map: LoadedMap, flags: SampleFlags): LoadedMap {
  const { condition } = map
  for (const kind of conditionKinds) {
    if (flags[kind] !== undefined && kind !== condition?.kind) {
      throw new UsageError(`--${kind}: ${path} was trained without ${pluralOf(kind)}`)
    }
  }
  if (!condition) return map
  const { kind } = condition
  const { expected, given } = chosen[kind] as (typeof chosen)['class']
  const known = condition as Kinds['class']
  const text = flags[kind]
  if (text === undefined) {
    if (!map.needsCondition) return map
    throw new UsageError(
      `--${kind} is needed: ${path} was told the ${kind} of every sample; ${expected(known)}`,
    )
  }
  const choice = given(text, known)
  if (!choice && text === 'none') {
    if (condition.none) return map.without()
    throw new UsageError(`--${kind}: expected ${expected(known)}; found none, which it was never shown`)
  }
  if (!choice) {
    throw new UsageError(
      `--${kind}: expected ${condition.none ? 'none or ' : ''}${expected(known)}; found ${text}`,
    )
  }
  noteRange(choice, condition)
  return map.given(choice)
}

/** The map at the scale of `--guidance`. */
function guided(map: LoadedMap, flags: SampleFlags): LoadedMap {
  const guidance = guidanceOf(flags)
  if (!guidance) return map
  if (guidance.onJumps && map.guidance.applied === 'none') {
    note(
      'oxbow: --guidance-on-jumps: guided jumps are not the jumps of the guided flow; samples come out oversaturated',
    )
  }
  return map.guided(guidance)
}

/** `oxbow sample`. */
export async function sampleCommand(path: string, flags: SampleFlags): Promise<void> {
  const { start, seed, weights, json } = flags
  const grid = flags.grid ?? uniformGrid(flags.steps)
  const steps = grid.length - 1
  const { file, ending } = outputOf(path, flags)
  const loaded = await load(path, { weights })
  const map = guided(given(path, loaded, flags), flags)
  const { dimension, columns: names } = map
  const { points, method } = await drawSamples(path, flags, grid, map).finally(() => map.close())
  const wrong = points.findIndex(value => !Number.isFinite(value))
  if (wrong >= 0) {
    const where = `sample ${Math.floor(wrong / dimension) + 1}, coordinate ${(wrong % dimension) + 1}`
    throw new RunError(`${path}: gives samples that are not finite numbers (${where}); nothing was written`)
  }
  const count = points.length / dimension
  const title = `${path}: ${plural(steps, `${method} step`)}`
  const isDrawn = ['.png', '.svg'].includes(ending) && grid.at(-1) === 0
  const strays = isDrawn ? await straysOf(map, points.subarray(0, DRAWN * dimension)) : undefined
  const content = await ENCODERS[ending](points, { dimension, columns: names, title, strays })
  const say = writeOutput(file, content, flags.out === undefined)
  if (json) {
    const asked = { ...(flags.grid && { grid }), ...(start !== undefined && { start }) }
    const result = {
      file,
      count,
      dimension,
      ...(names && { columns: names }),
      steps,
      ...asked,
      ...(flags.class !== undefined && { class: flags.class }),
      ...(flags.vector !== undefined && { vector: flags.vector }),
      ...(flags.guidance !== undefined && { guidance: flags.guidance }),
      method,
      seed,
    }
    return say(JSON.stringify(result))
  }
  say(`${file}: ${count} points, ${plural(steps, `${method} step`)}`)
  if (process.stdout.isTTY) {
    const shown = points.subarray(0, DRAWN * dimension)
    print(scatter(toPlane(shown, dimension), { width: Math.min(columns(), 48), title }))
  }
}
