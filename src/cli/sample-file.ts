import { existsSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import { csvPieces, type WordColumn } from '../data/csv-writer.ts'
import { PLACES, placesOf } from '../data/manifold/places.ts'
import { npyPieces } from '../data/npy.ts'
import { conditionKinds } from '../model/index.ts'
import { toPlane } from '../report/points.ts'
import { type PictureSize, sheetPng, sheetSvg } from '../report/sample-sheet.ts'
import type { MethodName } from '../sampler/names.ts'
import { refuseAdapter } from '../serialization/adapter-file.ts'
import type { Content } from '../serialization/files.ts'
import { findTarget } from '../serialization/output.ts'
import { paths, RunError } from '../serialization/run.ts'
import type { ConditionFlags } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import type { AskedGrid } from './grid-flag.ts'

/** The options that name a file. */
interface FileFlags extends ConditionFlags {
  readonly steps: number
  readonly grid?: AskedGrid
  readonly method: MethodName
  readonly methodOptions?: Readonly<Record<string, unknown>>
  readonly start?: string
  readonly seed: number
  readonly guidance?: number
}

/** What is written beside the points: names of their columns and classes, and in a picture a title and which are off the data. */
interface Written {
  readonly dimension: number
  /** Name of the space that the points live in; absent for `R^n`. */
  readonly space?: string
  readonly columns?: readonly string[]
  /** Where samples are of all classes: one class after another, as many of each. */
  readonly classes?: readonly string[]
  /** Of each point, in nats. */
  readonly logDensity?: Float64Array
  /** Of points that are pictures. */
  readonly size?: PictureSize
  readonly title: string
  /** Whether points of the sphere are written as places, in degrees. */
  readonly asPlaces?: boolean
  /** Which points are off the data, where that is known; of the first that are drawn. */
  readonly strays?: Uint8Array
}

type Encoder = (points: Float32Array, written: Written) => Promise<Content>

/** Points that a picture is made of at most. */
const DRAWN = 100_000

/** Of so many rows, that of the k-th that is drawn: one every so often, so that no class is left out. */
const drawnRow = (k: number, count: number): number => (count <= DRAWN ? k : Math.floor((k * count) / DRAWN))

/** The points that a picture is made of. */
export function drawnPoints(points: Float32Array, dimension: number): Float32Array {
  const count = points.length / dimension
  if (count <= DRAWN) return points
  const drawn = new Float32Array(DRAWN * dimension)
  for (let k = 0; k < DRAWN; k++) {
    const row = drawnRow(k, count)
    drawn.set(points.subarray(row * dimension, (row + 1) * dimension), k * dimension)
  }
  return drawn
}

/** The class and the density of each point behind its coordinates. */
function lastColumns({ columns = [], classes, logDensity }: Written, count: number): WordColumn[] {
  const free = (name: string): string => (columns.includes(name) ? free(`${name}_`) : name)
  return [
    ...(classes
      ? [{ name: free('class'), of: (row: number) => classes[classOf(row, classes.length, count)] }]
      : []),
    ...(logDensity
      ? [{ name: free('logDensity'), of: (row: number) => String(Number(logDensity[row].toPrecision(9))) }]
      : []),
  ]
}

/** Of a row out of so many, where samples are of all classes. */
const classOf = (row: number, classes: number, count: number): number => Math.floor((row * classes) / count)

async function scatterSvg(
  points: Float32Array,
  { dimension, space, title, strays, classes }: Written,
): Promise<string> {
  const { scatterPlot, spacePlot } = await import('../report/plots.ts')
  const picked = drawnPoints(points, dimension)
  const count = points.length / dimension
  const of =
    classes &&
    Uint16Array.from({ length: picked.length / dimension }, (_, k) =>
      classOf(drawnRow(k, count), classes.length, count),
    )
  const named = of && { classes: { of, names: classes } }
  const inSpace = spacePlot(picked, { dimension, space }, { title, ...named })
  if (inSpace) return inSpace
  return scatterPlot(toPlane(picked, dimension), { title, width: 480, strays, ...named })
}

const ENCODERS: Readonly<Record<string, Encoder>> = {
  '.csv': async (points, written) => {
    const { dimension, columns, asPlaces } = written
    if (asPlaces) {
      const count = points.length / dimension
      return csvPieces(placesOf(points), 2, PLACES, lastColumns({ ...written, columns: PLACES }, count))
    }
    return csvPieces(points, dimension, columns, lastColumns(written, points.length / dimension))
  },
  '.npy': async (points, { dimension }) =>
    npyPieces({ shape: [points.length / dimension, dimension], data: points }),
  '.svg': async (points, written) => {
    const { size, classes, title } = written
    if (!size) return Buffer.from(await scatterSvg(points, written))
    return Buffer.from(await sheetSvg(points, size, { rows: classes, title }))
  },
  '.png': async (points, written) => {
    const { size, classes } = written
    if (size) return sheetPng(points, size, { rows: classes })
    const { svgToPng } = await import('../report/plots.ts')
    return svgToPng(await scatterSvg(points, written))
  },
}

/** A longer name than this is left to the user. */
const LONGEST = 100

/** Where samples of a run go by default. */
const namedTimes = (grid: AskedGrid): string =>
  'name' in grid ? [grid.name, grid.steps, ...Object.entries(grid.options).flat()].join('-') : grid.join('-')

export function fileInRun(
  path: string,
  { steps, grid, start, seed, method, methodOptions = {}, ...flags }: FileFlags,
): string {
  const times = grid ? `grid-${namedTimes(grid)}` : `steps-${steps}`
  if (start !== undefined || times.length > LONGEST) {
    const what = start === undefined ? 'a grid as long as this' : '--start'
    throw new UsageError(`--out is needed with ${what}, e.g. --out samples.csv`)
  }
  const told = conditionKinds.map(kind =>
    flags[kind] === undefined ? '' : `-${kind}-${flags[kind].replace(/[^\w.-]+/g, '-')}`,
  )
  const scale = flags.guidance === undefined ? '' : `-guidance-${flags.guidance}`
  const way = method === 'auto' ? '' : `-${[method, ...Object.entries(methodOptions).flat()].join('-')}`
  return join(paths(path).samples, `${times}${way}${told.join('')}${scale}-seed-${seed}.csv`)
}

/** Where samples go, and in which format. */
interface Output {
  readonly file: string
  /** Whether that is a picture: a plot, or a sheet of samples that are pictures. */
  readonly isDrawn: boolean
  readonly encode: Encoder
}

const outputAs = (file: string, ending: string): Output => ({
  file,
  isDrawn: ending === '.png' || ending === '.svg',
  encode: ENCODERS[ending],
})

/**
 * Where samples of a model go.
 *
 * @param what  is done to it, in messages
 * @param inRun  the file by default, where the model is a run
 */
export function outputOf(path: string, out: string | undefined, what: string, inRun: () => string): Output {
  if (out === undefined) {
    if (!existsSync(path)) throw new RunError(`${path}: no such run or model`)
    if (statSync(path).isDirectory()) return outputAs(inRun(), '.csv')
    refuseAdapter(path)
    throw new UsageError(`--out is needed to ${what} ${path}, e.g. --out samples.csv`)
  }
  const ending = extname(out)
  if (ending in ENCODERS) return outputAs(out, ending)
  // The names of pipes and devices have no ending.
  if (findTarget(out).open) return outputAs(out, '.csv')
  throw new UsageError(`--out ${out}: expected a name ending in ${Object.keys(ENCODERS).join(', ')}`)
}
