import { existsSync } from 'node:fs'
import type { Weights } from '../config/weights-name.ts'
import { columnOrder, reorder } from '../data/column-order.ts'
import { DataError } from '../data/error.ts'
import { PLACES } from '../data/manifold/places.ts'
import { npyPieces } from '../data/npy.ts'
import { readPoints } from '../data/points.ts'
import { shortList } from '../data/short-list.ts'
import { standardizedBy } from '../data/standardized.ts'
import type { DivergenceName } from '../density/flow.ts'
import { DensityError, type DensityName } from '../density/own-samples.ts'
import { type Own, type OwnRequest, ownSamples } from '../evaluation/own-density.ts'
import { interpolants, type Standardization, standardized, unstandardized } from '../model/index.ts'
import { plural } from '../report/format.ts'
import { mostOnSheet, type PictureSize, pictureSize } from '../report/sample-sheet.ts'
import { strayMarks } from '../report/stray-marks.ts'
import { terminalScatter } from '../report/terminal-scatter.ts'
import { openRuntime } from '../runtime/node.ts'
import { beginsWithNoise } from '../sampler/fitness.ts'
import type { MethodName, SamplingMethod } from '../sampler/names.ts'
import { type SampleOptions, sample, sampleNoise } from '../sampler/sampling.ts'
import { solverOf } from '../sampler/solvers/table.ts'
import type { Given } from '../serialization/conditions.ts'
import { load } from '../serialization/load.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { drawnEvaluations, innerJumps } from '../serialization/model.ts'
import { RunError } from '../serialization/run.ts'
import type { Decoding } from '../serialization/texts.ts'
import { openDataOf } from '../training/data.ts'
import { gigabytes, memoryLimit } from '../training/memory.ts'
import { startOf } from '../training/source.ts'
import { allClasses, type ConditionFlags, chosenBy } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import { checkFlow } from './flow-flags.ts'
import type { AskedGrid } from './grid-flag.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { writeOutput } from './output-file.ts'
import { drawnPoints, fileInRun, outputOf } from './sample-file.ts'
import { sampleText } from './sample-text.ts'
import { columns, note, print } from './terminal.ts'
import { wayThrough } from './way.ts'

interface SampleFlags extends GuidanceFlags, ConditionFlags {
  readonly steps?: number
  readonly grid?: AskedGrid
  readonly start?: string
  readonly count?: number
  readonly seed: number
  readonly out?: string
  readonly method: MethodName
  readonly methodOptions?: Readonly<Record<string, unknown>>
  readonly weights: Weights
  readonly decode?: Decoding
  readonly prefix?: string
  readonly length?: number
  readonly overlap?: number
  readonly as?: 'points' | 'places'
  readonly density?: DensityName
  readonly divergence?: DivergenceName
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

/** Points of the data that a map begins at in the place of noise. */
async function drawnStart(path: string, map: LoadedMap, count: number, seed: number): Promise<Float32Array> {
  if (map.model) return (await startOf(map, count, seed))()
  throw new RunError(
    `${path}: starts from points of ${map.source}, not from noise, and does not record where they are; give them with --start`,
  )
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
  const draw = async (map: LoadedMap): Promise<Sampled> => {
    const drawn = await (start ? sample(map, start, options) : sampleNoise(map, count, options))
    return { ...drawn, evaluations: evaluationsOf(map, drawn.method, options) }
  }
  const first = await draw(maps[0])
  if (maps.length === 1) return first
  const points = new Float32Array(maps.length * first.points.length)
  points.set(first.points)
  for (let i = 1; i < maps.length; i++) points.set((await draw(maps[i])).points, i * first.points.length)
  return { ...first, points }
}

/** Samples, and in nats their density where it was asked for. */
interface Sampled {
  readonly points: Float32Array
  readonly method: string
  /** Of the network for each sample; null where the points decide. */
  readonly evaluations: number | null
  readonly logDensity?: Float64Array
}

/** @throws UsageError where samples are no points of the Earth, or go to no table */
function checkPlaces(path: string, { space, dimension }: LoadedMap, file: string): void {
  if (space !== 'sphere' || dimension !== 3) {
    const found =
      space === undefined || space === 'flat'
        ? 'points of flat space'
        : `points of ${dimension} numbers on ${space}`
    throw new UsageError(`--as places: needs unit vectors x, y, z, but ${path} gives ${found}`)
  }
  if (!file.endsWith('.csv')) throw new UsageError(`--as places: is a table; write .csv, found ${file}`)
}

/** Options with which samples have no density, and endings of files that have no place for it. */
function checkDensity(flags: SampleFlags, file: string): void {
  if (!flags.density) {
    if (flags.divergence) throw new UsageError('--divergence: only applies to a density; add --density flow')
    return
  }
  checkFlow(flags)
  const wrong = (['guidance', 'start'] as const).find(key => flags[key] !== undefined)
  if (wrong) throw new UsageError(`--density: samples with --${wrong} have no density; remove one of the two`)
  if (!/\.(csv|npy)$/.test(file)) {
    throw new UsageError(`--density: ${file} has no place for it; write .csv, or .npy with a second file`)
  }
}

/** The samples of a seed with their density, computed in double precision: one choice of what the map is told after another. */
async function drawWithDensity(
  path: string,
  { model, dimension }: LoadedMap,
  how: Pick<OwnRequest, 'density' | 'divergence'>,
  told: readonly (Given | undefined)[],
  count: number,
  { grid, method = 'auto', seed = 0 }: SampleOptions,
): Promise<Sampled> {
  if (!model) throw new DensityError(`${path}: holds no derivatives; name a run or a .safetensors model`)
  const runtime = await openRuntime()
  const points = new Float32Array(told.length * count * dimension)
  const logDensity = new Float64Array(told.length * count)
  const drawn: Own[] = []
  for (const [i, given] of told.entries()) {
    const own = await ownSamples(model, path, { count, seed, grid, method, given, ...how }, runtime)
    points.set(own.points, i * count * dimension)
    logDensity.set(own.logDensity, i * count)
    drawn.push(own)
  }
  const folded = drawn.reduce((sum, own) => sum + own.folded, 0) / told.length
  if (folded > 0) {
    note(
      `oxbow: ${(100 * folded).toFixed(1)} % of the samples come from a fold of the map: their density is higher than this`,
    )
  }
  const [{ method: used, evaluations }] = drawn
  return { points, method: used, evaluations, logDensity }
}

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
  const dataset = await openDataOf(model)
  if (!dataset) {
    note('oxbow: the data of the training cannot be opened, so no sample is marked as off it')
    return undefined
  }
  return strayMarks(standardizedBy(map.standardization, dataset), points)
}

/** The maps that are told these, nothing where there is nothing. */
function toldMaps(map: LoadedMap, told: readonly (Given | undefined)[], flags: SampleFlags): LoadedMap[] {
  const guidance = guidanceOf(flags)
  if (guidance?.onJumps && map.guidance.applied === 'none') {
    note(
      'oxbow: --guidance-on-jumps: guided jumps are not the jumps of the guided flow; samples come out oversaturated',
    )
  }
  const maps = told.map(given => (given ? map.given(given) : map))
  return guidance ? maps.map(one => one.guided(guidance)) : maps
}

/** Pictures as they are shown: those that are still part noise are brought to the scale of the data. */
const asData = (points: Float32Array, by: Standardization | undefined, time: number): Float32Array =>
  by && time > 0 ? unstandardized(by, standardized(by, points, time)) : points

/** @throws UsageError where a grid begins with points that are more than noise */
function checkBegin({ interpolant }: LoadedMap, grid: readonly number[]): void {
  if (beginsWithNoise(interpolants[interpolant], grid)) return
  throw new UsageError(
    `--grid: sampling from noise starts at 1, found a grid that starts at ${grid[0]}, where some data is left; give its points with --start`,
  )
}

/** Evaluations of the network for each sample; null where the points decide. */
function evaluationsOf(
  { model }: LoadedMap,
  method: SamplingMethod,
  { grid, options }: SampleOptions,
): number | null {
  const steps = grid.length - 1
  if (method === 'transition' && model) {
    const inner = (options?.inner as number | null | undefined) ?? innerJumps(model)
    return Number((steps * drawnEvaluations(model, inner)).toFixed(3))
  }
  const { evaluations } = solverOf(method)
  return evaluations === null ? null : evaluations * steps
}

/** `oxbow sample`, of each number of steps. */
export async function sampleCommand(
  path: string,
  { steps: numbers, ...flags }: Omit<SampleFlags, 'steps'> & { readonly steps?: readonly number[] },
): Promise<void> {
  const one = (['out', 'json'] as const).find(key => flags[key] !== undefined)
  if (numbers && numbers.length > 1 && one) {
    throw new UsageError(`--${one}: needs one number of steps, but --steps lists ${numbers.length}; give one`)
  }
  for (const steps of numbers ?? [undefined]) await sampleOnce(path, { ...flags, ...(steps && { steps }) })
}

async function sampleOnce(path: string, flags: SampleFlags): Promise<void> {
  const { seed, weights, json } = flags
  const asked = { ...flags, steps: flags.steps ?? 1, options: flags.methodOptions }
  if (flags.out === undefined && !existsSync(path)) throw new RunError(`${path}: no such run or model`)
  const map = await load(path, { weights })
  if (map.text) {
    if (flags.as !== undefined) throw new UsageError(`--as: only applies to points, but ${path} writes text`)
    return sampleText(path, map, asked)
  }
  for (const key of ['decode', 'prefix', 'length', 'overlap'] as const) {
    if (flags[key] !== undefined)
      throw new UsageError(`--${key}: only applies to text, but ${path} is a map of points`)
  }
  const { dimension, columns: names, standardization } = map
  const { file, isDrawn, encode } = outputOf(path, flags.out, 'sample', () => fileInRun(path, asked))
  checkDensity(flags, file)
  const asPlaces = flags.as === 'places'
  if (asPlaces) checkPlaces(path, map, file)
  const { grid, ...choice } = wayThrough(map, asked)
  const steps = grid.length - 1
  const classes = allClasses(map, flags)
  const told = classes?.map(name => ({ class: name })) ?? [chosenBy(path, map, flags)]
  const maps = toldMaps(map, told, flags)
  const size = isDrawn ? pictureSize(map.shape) : undefined
  const read = flags.start === undefined ? undefined : await readStart(path, flags.start, map)
  const each = countOf(read ? read.length / dimension : flags.count, size, classes?.length)
  if (!read) checkBegin(map, grid)
  checkMemory(each * maps.length, dimension)
  const start = read ?? (map.source === undefined ? undefined : await drawnStart(path, map, each, seed))
  const options = { grid, ...choice, seed }
  const { points, method, evaluations, logDensity } = await (flags.density
    ? drawWithDensity(
        path,
        map,
        { density: flags.density, divergence: flags.divergence },
        told,
        each,
        options,
      )
    : drawSamples(maps, start, each, options)
  ).finally(() => map.close())
  const wrong = points.findIndex(value => !Number.isFinite(value))
  if (wrong >= 0) {
    const where = `sample ${Math.floor(wrong / dimension) + 1}, coordinate ${(wrong % dimension) + 1}`
    throw new RunError(`${path}: gives samples that are not finite numbers (${where}); nothing was written`)
  }
  const count = points.length / dimension
  const isFlow = flags.density === 'flow'
  const way = isFlow ? 'along the flow' : plural(steps, `${method} step`)
  const title = `${path}: ${way}`
  const isScatter = isDrawn && !size && grid.at(-1) === 0
  const strays = isScatter ? await straysOf(map, drawnPoints(points, dimension)) : undefined
  const shown = size ? asData(points, standardization, grid.at(-1)!) : points
  const content = await encode(shown, {
    ...{ dimension, columns: names, space: map.space, classes, size, title, strays, logDensity, asPlaces },
  })
  const say = writeOutput(file, content, flags.out === undefined)
  const beside = logDensity && file.endsWith('.npy') ? file.replace(/\.npy$/, '.logDensity.npy') : undefined
  if (beside && logDensity)
    writeOutput(beside, npyPieces({ shape: [count], data: Float32Array.from(logDensity) }), false)
  if (json) {
    const isUniform = grid.every((time, i) => time === 1 - i / steps)
    const between = { ...(!isUniform && { grid }), ...(flags.start !== undefined && { start: flags.start }) }
    const result = {
      file,
      count,
      dimension,
      ...((asPlaces || names) && { columns: asPlaces ? PLACES : names }),
      ...(!isFlow && { steps }),
      ...between,
      ...(flags.class !== undefined && { class: flags.class }),
      ...(classes && { classes }),
      ...(flags.vector !== undefined && { vector: flags.vector }),
      ...(flags.guidance !== undefined && { guidance: flags.guidance }),
      method,
      ...(flags.methodOptions && { methodOptions: flags.methodOptions }),
      evaluations,
      ...(flags.density && { density: flags.density, ...(beside && { logDensity: beside }) }),
      seed,
    }
    return say(JSON.stringify(result))
  }
  const isPictures = pictureSize(map.shape) !== undefined
  const what = `${count} ${isPictures ? 'pictures' : 'points'}`
  const ofEach = classes ? ` (${each} of each class: ${shortList(classes)})` : ''
  const withDensity = beside ? `; their density: ${beside}` : ''
  say(`${file}: ${what}${ofEach}, ${way}${withDensity}`)
  if (process.stdout.isTTY && !isPictures) {
    print(terminalScatter(drawnPoints(points, dimension), map, { columns: columns(), title }))
  }
}
