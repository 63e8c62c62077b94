import type { Weights } from '../config/weights-name.ts'
import { openDataset } from '../data/catalogue.ts'
import { columnOrder, reorder } from '../data/column-order.ts'
import { DataError } from '../data/error.ts'
import { readPoints } from '../data/points.ts'
import { standardizedBy } from '../data/standardized.ts'
import { scatter } from '../report/braille.ts'
import { plural } from '../report/format.ts'
import { toPlane } from '../report/points.ts'
import { strayMarks } from '../report/stray-marks.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { type MethodName, sample, sampleNoise } from '../sampler/sampling.ts'
import { load } from '../serialization/load.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { RunError } from '../serialization/run.ts'
import { openOptionsOf } from '../training/data.ts'
import { gigabytes, memoryLimit } from '../training/memory.ts'
import { type ConditionFlags, given } from './condition-flags.ts'
import { UsageError } from './failure.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { writeOutput } from './output-file.ts'
import { DRAWN, ENCODERS, outputOf } from './sample-file.ts'
import { columns, note, print } from './terminal.ts'

type Grid = readonly number[]

interface SampleFlags extends GuidanceFlags, ConditionFlags {
  readonly steps: number
  readonly grid?: Grid
  readonly start?: string
  readonly count: number
  readonly seed: number
  readonly out?: string
  readonly method: MethodName
  readonly weights: Weights
  readonly json?: boolean
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
