import { existsSync, mkdirSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import { openDataset } from '../data/catalogue.ts'
import { encodeCsv } from '../data/csv-writer.ts'
import { DataError } from '../data/error.ts'
import { encodeNpy } from '../data/npy.ts'
import { readPoints } from '../data/points.ts'
import { seenThrough } from '../data/standardized.ts'
import { scatter } from '../report/braille.ts'
import { plural } from '../report/format.ts'
import { toPlane } from '../report/points.ts'
import { strayMarks } from '../report/stray-marks.ts'
import { drawNoise, uniformGrid } from '../sampler/sampler.ts'
import { writeFileAtomic } from '../training/files.ts'
import { type LoadedMap, load } from '../training/load.ts'
import type { WeightsName } from '../training/model.ts'
import { paths, RunError } from '../training/run.ts'
import { type MethodName, sample } from '../training/sampling.ts'
import { UsageError } from './failure.ts'
import { columns, note, print, printJson } from './terminal.ts'

type Grid = readonly number[]

interface SampleFlags {
  readonly steps: number
  readonly grid?: Grid
  readonly start?: string
  readonly count: number
  readonly seed: number
  readonly out?: string
  readonly method: MethodName
  readonly weights: WeightsName
  readonly json?: boolean
}

/** What is drawn beside the points: a title, and which are off the data where that is known. */
interface Drawn {
  readonly title: string
  readonly strays?: Uint8Array
}

type Encoder = (points: Float32Array, dimension: number, drawn: Drawn) => Promise<Uint8Array>

const svg = async (points: Float32Array, dimension: number, drawn: Drawn): Promise<string> => {
  const { scatterPlot } = await import('../report/plots.ts')
  return scatterPlot(toPlane(points, dimension), { ...drawn, width: 480 })
}

const ENCODERS: Readonly<Record<string, Encoder>> = {
  '.csv': async (points, dimension) => encodeCsv(points, dimension),
  '.npy': async (points, dimension) =>
    encodeNpy({ shape: [points.length / dimension, dimension], data: points }),
  '.svg': async (points, dimension, drawn) => Buffer.from(await svg(points, dimension, drawn)),
  '.png': async (points, dimension, drawn) => {
    const { svgToPng } = await import('../report/plots.ts')
    return svgToPng(await svg(points, dimension, drawn))
  },
}

/** A longer name than this is left to the user. */
const LONGEST = 100

/** Where samples of a run go by default. */
function fileInRun(path: string, { steps, grid, start, seed }: SampleFlags): string {
  const times = grid ? `grid-${grid.join('-')}` : `steps-${steps}`
  if (start !== undefined || times.length > LONGEST) {
    const what = start === undefined ? 'a grid as long as this' : '--start'
    throw new UsageError(`--out is needed with ${what}, e.g. --out samples.csv`)
  }
  return join(paths(path).samples, `${times}-seed-${seed}.csv`)
}

function outputFile(path: string, flags: SampleFlags): string {
  const { out } = flags
  if (out === undefined) {
    if (!existsSync(path)) throw new RunError(`${path}: no such run or model`)
    if (statSync(path).isDirectory()) return fileInRun(path, flags)
    throw new UsageError(`--out is needed to sample ${path}, e.g. --out samples.csv`)
  }
  if (!(extname(out) in ENCODERS)) {
    throw new UsageError(`--out ${out}: expected a name ending in ${Object.keys(ENCODERS).join(', ')}`)
  }
  return out
}

/** The points to begin from: those of `--start`, or noise. */
async function startPoints(
  path: string,
  { start, count, seed }: SampleFlags,
  grid: Grid,
  dimension: number,
): Promise<Float32Array> {
  if (start === undefined) {
    if (grid[0] === 1) return drawNoise(count, dimension, seed)
    throw new UsageError(
      `--grid: noise is at 1, found a grid that begins at ${grid[0]}; give its points with --start`,
    )
  }
  const given = await readPoints(start)
  if (given.dimension !== dimension) {
    throw new DataError(`${start}: has points of ${given.dimension} coordinates, ${path} of ${dimension}`)
  }
  return given.points
}

/** Which points are off the data that a map was trained on; nothing where that cannot be opened any more. */
async function straysOf(map: LoadedMap, points: Float32Array): Promise<Uint8Array | undefined> {
  const { model } = map
  if (!model || model.data.fingerprint.sha256 === '') return undefined
  const dataset = await openDataset(model.config.data, { holdOut: model.config.holdOut }).catch(
    () => undefined,
  )
  if (dataset?.fingerprint.sha256 !== model.data.fingerprint.sha256) {
    note('oxbow: the data of the training cannot be opened, so no sample is marked as off it')
    return undefined
  }
  return strayMarks(seenThrough(map.standardization, dataset), points)
}

/** `oxbow sample`. */
export async function sampleCommand(path: string, flags: SampleFlags): Promise<void> {
  const { start, seed, weights, json } = flags
  const grid = flags.grid ?? uniformGrid(flags.steps)
  const steps = grid.length - 1
  const file = outputFile(path, flags)
  const map = await load(path, { weights })
  const { dimension } = map
  const from = await startPoints(path, flags, grid, dimension)
  const { points, method } = await sample(map, from, { grid, method: flags.method, seed }).finally(() =>
    map.close(),
  )
  const wrong = points.findIndex(value => !Number.isFinite(value))
  if (wrong >= 0) {
    const where = `sample ${Math.floor(wrong / dimension) + 1}, coordinate ${(wrong % dimension) + 1}`
    throw new RunError(`${path}: gives samples that are not finite numbers (${where}); nothing was written`)
  }
  const count = points.length / dimension
  const title = `${path}: ${plural(steps, `${method} step`)}`
  const isDrawn = ['.png', '.svg'].includes(extname(file)) && grid.at(-1) === 0
  const strays = isDrawn ? await straysOf(map, points) : undefined
  const bytes = await ENCODERS[extname(file)](points, dimension, { title, strays })
  mkdirSync(dirname(file), { recursive: true })
  writeFileAtomic(dirname(file), file, bytes)
  if (json) {
    const asked = { ...(flags.grid && { grid }), ...(start !== undefined && { start }) }
    return printJson({ file, count, dimension, steps, ...asked, method, seed })
  }
  print(`${file}: ${count} points, ${plural(steps, `${method} step`)}`)
  if (process.stdout.isTTY) {
    print(scatter(toPlane(points, dimension), { width: Math.min(columns(), 48), title }))
  }
}
