import { findObjective } from '../config/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { exactVelocity } from '../evaluation/evaluate.ts'
import type { PlannedSample } from '../evaluation/planned-samples.ts'
import { geodesicSquare } from '../metric/manifold/distances.ts'
import type { Points } from '../model/index.ts'
import { interpolants, spaceOf, standardized } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { solve } from '../sampler/adaptive.ts'
import { noisesOf } from '../sampler/fitness.ts'
import type { Velocity } from '../sampler/sampler.ts'
import { takeThrough } from '../sampler/sampling.ts'
import { seededNoise } from '../sampler/through.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { startOf } from '../training/source.ts'
import { strayMarksOf } from './stray-marks.ts'
import type { JumpPath, PathData } from './types.ts'

/** Paths drawn: enough to see the bundle, few enough to see each. */
const PATHS = 32
/** Times at which a curve is solved, ends included. */
const CURVE_TIMES = 33
const TOLERANCE = 1e-5

const curveTimes = (): number[] => Array.from({ length: CURVE_TIMES }, (_, i) => 1 - i / (CURVE_TIMES - 1))

/**
 * Where points `[n, D]` are at each time of a velocity's ODE, the first time's included.
 *
 * @param bringBack  points to the space that they live in, which rounding leads out of
 */
export async function solvePath(
  velocity: Velocity<Float64Array>,
  start: Float64Array,
  times: readonly number[],
  bringBack?: (points: Float64Array) => void,
): Promise<Float64Array[]> {
  const path = [start]
  for (let i = 1; i < times.length; i++) {
    const [from, to] = [times[i - 1], times[i]]
    // Short enough to be a step of its own where the path is smooth.
    const options = { tolerance: TOLERANCE, firstStep: Math.abs(to - from) }
    path.push(await solve(velocity, path[i - 1], from, to, options))
    bringBack?.(path[i])
  }
  return path
}

interface Field {
  readonly kind: PathData['field']
  readonly velocity: Velocity<Float64Array>
  close(): Promise<void>
}

/** The map of standardised points itself, in whose units noise and data are of one size. */
const innerOf = ({ standardization: _, ...map }: LoadedMap): LoadedMap => ({ ...map, ...map.inner })

/** The velocity to integrate: the map's own where it has learned one, else the exact one of the data. */
async function fieldOf(
  map: LoadedMap,
  dataset: StandardizedDataset,
  runtime: Runtime,
): Promise<Field | undefined> {
  const { jumps } = findObjective(map.objective!)
  if (jumps === 'any' || jumps === 'both-ways') {
    const velocity: Velocity<Float64Array> = async (x, t) =>
      Float64Array.from(await map.velocity(Float32Array.from(x), t))
    return { kind: 'own', velocity, close: async () => {} }
  }
  if (!dataset.mixture || map.source !== undefined) return undefined
  return { kind: 'exact', ...(await exactVelocity(runtime, dataset.mixture, map.interpolant)) }
}

/** The points at every time of a way to sample; of one that adds noise on the way only its single jump is a path. */
async function jumpPath(
  map: LoadedMap,
  { steps, grid, method }: PlannedSample,
  noise: Float32Array,
): Promise<Omit<JumpPath, 'gap'> | undefined> {
  // Of one that begins later, the curve beside it would begin elsewhere.
  if (grid[0] !== 1 || noisesOf({ method }, interpolants[map.interpolant], grid) > 0) return undefined
  const points = [noise]
  await takeThrough(map, { method }, points[0], grid, seededNoise(method, 0), x => points.push(x))
  return { steps, times: grid, points }
}

/** Mean distance between points `[n, D]` of a space, along the shortest way. */
function meanDistance(a: Points, b: Points, { dimension, space = 'flat' }: StandardizedDataset): number {
  const squared = geodesicSquare(space, dimension)
  const [from, to] = [Float64Array.from(a), Float64Array.from(b)]
  let total = 0
  for (let i = 0; i < from.length; i += dimension) total += Math.sqrt(squared(from, i, to, i))
  return (total * dimension) / from.length
}

/**
 * A trained map's jumps beside the path of the ODE, from the same noise as an evaluation with this seed; of standardised
 * data in standard deviations.
 *
 * @param dataset  as the network sees it
 * @param samples  the ways to sample, one panel each; those that add noise on the way are left out
 */
export async function gatherPaths(
  loaded: LoadedMap,
  dataset: StandardizedDataset,
  samples: readonly PlannedSample[],
  seed: number,
  runtime: Runtime,
): Promise<PathData> {
  const map = innerOf(loaded)
  const { standardization } = loaded
  const begin = (await startOf(loaded, PATHS, seed))()
  const noise = standardization ? standardized(standardization, begin, 1) : begin
  const ways = []
  for (const planned of samples) ways.push(await jumpPath(map, planned, noise))
  const field = await fieldOf(map, dataset, runtime)
  const times = curveTimes()
  const { project } = spaceOf(dataset)
  const curve = field
    ? await solvePath(field.velocity, Float64Array.from(noise), times, points =>
        project?.(points, map.dimension),
      ).finally(field.close)
    : []
  return {
    ...(standardization && { standardization }),
    field: field ? field.kind : null,
    times,
    curve,
    jumps: ways.flatMap(way => {
      if (!way) return []
      const gap = field ? meanDistance(way.points.at(-1)!, curve.at(-1)!, dataset) : null
      const strays = way.times.at(-1) === 0 ? strayMarksOf(dataset, way.points.at(-1)!) : undefined
      return [{ ...way, ...(strays && { strays }), gap }]
    }),
  }
}
