import type { Weights } from '../config/weights-name.ts'
import { openDataset } from '../data/catalogue.ts'
import { columnOrder, reorder } from '../data/column-order.ts'
import { DataError } from '../data/error.ts'
import { readPoints } from '../data/points.ts'
import { shortList } from '../data/short-list.ts'
import { standardizedBy } from '../data/standardized.ts'
import { type Standardization, standardized, unstandardized } from '../model/index.ts'
import { scatter } from '../report/braille.ts'
import { plural } from '../report/format.ts'
import { toPlane } from '../report/points.ts'
import { mostOnSheet, type PictureSize, pictureSize } from '../report/sample-sheet.ts'
import { strayMarks } from '../report/stray-marks.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { type MethodName, type SampleOptions, sample, sampleNoise } from '../sampler/sampling.ts'
import { load } from '../serialization/load.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { RunError } from '../serialization/run.ts'
import { openOptionsOf } from '../training/data.ts'
import { gigabytes, memoryLimit } from '../training/memory.ts'
import { allClasses, type ConditionFlags, given } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { writeOutput } from './output-file.ts'
import { drawnPoints, outputOf } from './sample-file.ts'
import { columns, note, print } from './terminal.ts'

type Grid = readonly number[]

interface SampleFlags extends GuidanceFlags, ConditionFlags {
  readonly steps: number
  readonly grid?: Grid
  readonly start?: string
  readonly count?: number
  readonly seed: number
  readonly out?: string
  readonly method: MethodName
  readonly weights: Weights
  readonly json?: boolean
}

/** The points of `--start`, in the order of the map's columns. */
async function readStart(
  path: string,
  start: string,
  { dimension, columns }: LoadedMap,
): Promise<Float32Array> {
  const given = await readPoints(start)
  const order = columnOrder({ name: start, columns: given.columns }, { name: path, columns })
  if (given.dimension !== dimension) {
    throw new DataError(`${start}: has points of ${given.dimension} coordinates, ${path} of ${dimension}`)
  }
  return reorder(given.points, order)
}

/** Samples where `--count` says nothing: of points; of pictures on a sheet, and in each of its rows where these are classes. */
const POINTS = 5000
const ON_SHEET = 64
const IN_ROW = 8

/**
 * How many samples are made, of each class where they are of all.
 *
 * @param asked  by the user
 * @param size  of pictures, where they are put on a sheet
 */
function countOf(asked: number | undefined, size: PictureSize | undefined, classes = 0): number {
  if (!size) return asked ?? (classes ? Math.ceil(POINTS / classes) : POINTS)
  const most = mostOnSheet(size, classes || undefined)
  if (most === 0) {
    throw new UsageError(`--class all: ${classes} rows of pictures do not fit on a sheet; write .npy or .csv`)
  }
  const count = asked ?? Math.min(most, classes ? IN_ROW : ON_SHEET)
  if (count <= most) return count
  const which = classes ? `${most} pictures of each class` : `${most} pictures`
  throw new UsageError(
    `--count: a sheet holds ${which} of ${size[0]} x ${size[1]} pixels, found ${count}; write .npy or .csv for more`,
  )
}

/** One map's samples after another's, all from the same start or noise. */
async function drawSamples(
  maps: readonly LoadedMap[],
  start: Float32Array | undefined,
  count: number,
  options: SampleOptions,
): Promise<Sampled> {
  const draw = (map: LoadedMap): Promise<Sampled> =>
    start ? sample(map, start, options) : sampleNoise(map, count, options)
  const first = await draw(maps[0])
  if (maps.length === 1) return first
  const points = new Float32Array(maps.length * first.points.length)
  points.set(first.points)
  for (let i = 1; i < maps.length; i++) points.set((await draw(maps[i])).points, i * first.points.length)
  return { points, method: first.method }
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

/** The map that is told what the flags say, and of all classes one for each. */
function toldMaps(
  path: string,
  map: LoadedMap,
  flags: SampleFlags,
  classes: readonly string[] | undefined,
): LoadedMap[] {
  const guidance = guidanceOf(flags)
  if (guidance?.onJumps && map.guidance.applied === 'none') {
    note(
      'oxbow: --guidance-on-jumps: guided jumps are not the jumps of the guided flow; samples come out oversaturated',
    )
  }
  const told = classes ? classes.map(name => map.given({ class: name })) : [given(path, map, flags)]
  return guidance ? told.map(one => one.guided(guidance)) : told
}

/** Pictures as they are shown: those that are still part noise are brought to the scale of the data. */
const asData = (points: Float32Array, by: Standardization | undefined, time: number): Float32Array =>
  by && time > 0 ? unstandardized(by, standardized(by, points, time)) : points

/** `oxbow sample`. */
export async function sampleCommand(path: string, flags: SampleFlags): Promise<void> {
  const { seed, weights, json } = flags
  const grid = flags.grid ?? uniformGrid(flags.steps)
  const steps = grid.length - 1
  const { file, isDrawn, encode } = outputOf(path, flags)
  const map = await load(path, { weights })
  const { dimension, columns: names, standardization } = map
  const classes = allClasses(map, flags)
  const maps = toldMaps(path, map, flags, classes)
  const size = isDrawn ? pictureSize(map.shape) : undefined
  const start = flags.start === undefined ? undefined : await readStart(path, flags.start, map)
  const each = countOf(start ? start.length / dimension : flags.count, size, classes?.length)
  if (!start && grid[0] !== 1) {
    throw new UsageError(
      `--grid: noise is at 1, found a grid that begins at ${grid[0]}; give its points with --start`,
    )
  }
  checkMemory(each * maps.length, dimension)
  const options = { grid, method: flags.method, seed }
  const { points, method } = await drawSamples(maps, start, each, options).finally(() => map.close())
  const wrong = points.findIndex(value => !Number.isFinite(value))
  if (wrong >= 0) {
    const where = `sample ${Math.floor(wrong / dimension) + 1}, coordinate ${(wrong % dimension) + 1}`
    throw new RunError(`${path}: gives samples that are not finite numbers (${where}); nothing was written`)
  }
  const count = points.length / dimension
  const title = `${path}: ${plural(steps, `${method} step`)}`
  const isScatter = isDrawn && !size && grid.at(-1) === 0
  const strays = isScatter ? await straysOf(map, drawnPoints(points, dimension)) : undefined
  const shown = size ? asData(points, standardization, grid.at(-1)!) : points
  const content = await encode(shown, { dimension, columns: names, classes, size, title, strays })
  const say = writeOutput(file, content, flags.out === undefined)
  if (json) {
    const asked = { ...(flags.grid && { grid }), ...(start && { start: flags.start }) }
    const result = {
      file,
      count,
      dimension,
      ...(names && { columns: names }),
      steps,
      ...asked,
      ...(flags.class !== undefined && { class: flags.class }),
      ...(classes && { classes }),
      ...(flags.vector !== undefined && { vector: flags.vector }),
      ...(flags.guidance !== undefined && { guidance: flags.guidance }),
      method,
      seed,
    }
    return say(JSON.stringify(result))
  }
  const isPictures = pictureSize(map.shape) !== undefined
  const what = `${count} ${isPictures ? 'pictures' : 'points'}`
  const ofEach = classes ? ` (${each} of each class: ${shortList(classes)})` : ''
  say(`${file}: ${what}${ofEach}, ${plural(steps, `${method} step`)}`)
  if (process.stdout.isTTY && !isPictures) {
    print(
      scatter(toPlane(drawnPoints(points, dimension), dimension), { width: Math.min(columns(), 48), title }),
    )
  }
}
