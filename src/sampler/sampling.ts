import {
  checkFinite,
  checkOptions,
  checkPoints,
  checkSeed,
  checkWhole,
  checkWord,
  MOST_NUMBERS,
  refuseArgument,
} from '../data/arguments.ts'
import {
  type InterpolantName,
  interpolants,
  type Standardization,
  standardized,
  unstandardized,
} from '../model/index.ts'
import { type Jumps, objectives } from '../objective/index.ts'
import type { Random } from '../random/random.ts'
import { checkGrid, GridError } from './grid.ts'
import { renoise, renoiseSources } from './renoise.ts'
import { euler, heun, type Jump, jumpThrough, noiseSource, type Velocity } from './sampler.ts'

/** A trained map as far as a sampler goes. */
export interface SampledMap {
  /** Coordinates of a point, `D`. */
  readonly dimension: number
  /** Id of what it was trained with; absent where nothing is known of it. */
  readonly objective?: string
  /** The path it was trained on. */
  readonly interpolant: InterpolantName
  /** How the data was brought to the scale of the noise; absent where it was not. */
  readonly standardization?: Standardization
  /** The map as it was trained, of standardised points. */
  readonly inner: { readonly jump: Jump; readonly velocity: Velocity }
}

/** How points are taken through a grid. */
export type SamplingMethod = 'jump' | 'renoise' | 'euler' | 'heun'

/** `auto` is what the map was trained for. */
export type MethodName = 'auto' | SamplingMethod

export const METHODS: readonly MethodName[] = ['auto', 'jump', 'renoise', 'euler', 'heun']

type Grid = readonly number[]

/** The jumps that a map knows, how that is said, and what to do instead. */
const TRAINED: Readonly<
  Record<Jumps, { fits: (s: number, t: number) => boolean; says: string; instead?: string }>
> = {
  any: { fits: (s, t) => t < s, says: 'to jump towards data only (t < s)' },
  'to-data': {
    fits: (_, t) => t === 0,
    says: 'to end at data only (t = 0)',
    instead: 'several steps from noise take --method renoise',
  },
  'from-noise': {
    fits: s => s === 1,
    says: 'to begin at noise only (s = 1)',
    instead: 'sample it in one step',
  },
  'both-ways': { fits: () => true, says: 'to jump both ways' },
}

/** Ids of the objectives whose maps also jump from data to noise. */
const bothWays = (): string =>
  [...objectives.values()].flatMap(({ id, jumps }) => (jumps === 'both-ways' ? [id] : [])).join(', ')

const falls = (grid: Grid): boolean => grid[1] < grid[0]

/**
 * The method that `auto` stands for: `renoise` where a map that only ends at data takes several steps from noise, `jump`
 * otherwise, which for a velocity network is Euler's step.
 *
 * @param objective  the map's objective; absent where nothing is known of it
 */
export function methodFor(asked: MethodName, objective: string | undefined, grid: Grid): SamplingMethod {
  if (asked !== 'auto') return asked
  const toData = objectives.get(objective ?? '')?.jumps === 'to-data'
  return toData && grid.length > 2 && falls(grid) ? 'renoise' : 'jump'
}

/** The pairs of times that the map is asked for; none where its velocity is followed. */
function jumpsOf(method: SamplingMethod, grid: Grid): [number, number][] {
  const starts = grid.slice(0, -1)
  if (method === 'jump') return starts.map((s, i) => [s, grid[i + 1]])
  return method === 'renoise' ? starts.map(s => [s, 0]) : []
}

/**
 * Why a map is not to be taken through a grid by a method, in a line; nothing where it was trained for every jump, where
 * its velocity is followed, or where nothing is known of it.
 */
export function whyUntrained(
  objective: string | undefined,
  method: SamplingMethod,
  grid: Grid,
): string | undefined {
  const row = objectives.get(objective ?? '')
  // A velocity alone leads either way.
  if (!row?.parts) return undefined
  const { fits, says, instead } = TRAINED[row.jumps]
  if (jumpsOf(method, grid).every(([s, t]) => fits(s, t))) return undefined
  const reason = `${row.id} is trained ${says}`
  if (falls(grid)) return instead ? `${reason}; ${instead}` : reason
  const able = bothWays() || 'none'
  return `${reason}, not from ${grid[0]} to ${grid.at(-1)}; trained both ways: ${able}; --method heun follows the velocity either way`
}

/**
 * Takes points through a grid. The steps are of standardised points. Heun costs two evaluations of the network for each
 * interval, the others one.
 *
 * @param start  points `[n, D]` at the grid's first time, in its units (see `load`)
 * @param seed  of the noise that `renoise` adds
 * @param sources  of that noise, where the points follow others
 * @returns points `[n, D]` at the grid's last time
 */
export async function takeThrough(
  map: SampledMap,
  method: SamplingMethod,
  start: Float32Array,
  grid: Grid,
  seed: number,
  sources?: readonly Random[],
): Promise<Float32Array> {
  const { inner, interpolant, standardization: by } = map
  const from = by ? standardized(by, start, grid[0]) : start
  const { jump, velocity } = inner
  const end =
    method === 'renoise'
      ? await renoise(jump, from, grid, { interpolant: interpolants[interpolant], seed, sources })
      : await jumpThrough({ jump, euler: euler(velocity), heun: heun(velocity) }[method], from, grid)
  return by ? unstandardized(by, end, grid.at(-1)) : end
}

export interface SampleOptions {
  /** Times from the start's to the end's, 1 for noise and 0 for data; falling, or rising for maps trained both ways. */
  readonly grid: Grid
  /** Default `auto`. */
  readonly method?: MethodName
  /** Seed of the noise that `renoise` adds on the way; default 0. */
  readonly seed?: number
}

/**
 * Samples a trained map: takes points from the first time of a grid to its last.
 *
 * @param start  points `[n, D]`, row after row: noise where the grid begins at 1 (see `drawNoise`), data where at 0
 * @returns the points `[n, D]` at the grid's last time, and the method that was used
 * @throws GridError when the grid is none, or the map was not trained for its jumps; ArgumentError when start, method or seed
 *   are something else; RunError from the map itself
 */
export async function sample(
  map: SampledMap,
  start: Float32Array,
  options: SampleOptions,
): Promise<{ points: Float32Array; method: SamplingMethod }> {
  checkMap('sample: map', map)
  checkOptions('sample: options', options, ['grid', 'method?', 'seed?'])
  const { grid, method: asked = 'auto', seed = 0 } = options
  const method = checkedMethod(map, grid, asked, seed)
  checkPoints('sample: start', start, map.dimension)
  checkFinite('sample: start', start)
  return { points: await takeThrough(map, method, start, grid, seed), method }
}

function checkMap(name: string, value: unknown): void {
  const { dimension, inner } = (value ?? {}) as Partial<SampledMap>
  const { jump, velocity } = inner ?? {}
  if (typeof jump === 'function' && typeof velocity === 'function' && dimension! > 0) return
  refuseArgument(name, 'a map, such as load gives', value)
}

/** @throws GridError when the grid is none, or the map was not trained for its jumps; ArgumentError for method and seed */
function checkedMethod(
  { objective }: SampledMap,
  grid: Grid,
  asked: MethodName,
  seed: number,
): SamplingMethod {
  checkGrid(grid)
  checkWord('sample: method', asked, METHODS)
  checkSeed('sample: seed', seed)
  const method = methodFor(asked, objective, grid)
  const reason = whyUntrained(objective, method, grid)
  if (reason) throw new GridError(reason)
  return method
}

/** Points taken through a grid at a time: whole blocks of `inBlocks`, so that the numbers are those of all at once. */
const BLOCK = 8 * 8192

/**
 * Samples a map from noise, block after block, so that beside the result little memory is needed; the points are those of
 * `sample` from `drawNoise(count, D, seed)`.
 *
 * @returns the points `[count, D]`, and the method that was used
 * @throws GridError as `sample`; ArgumentError when the count is out of range; RunError from the map itself
 */
export async function sampleNoise(
  map: SampledMap,
  count: number,
  { grid, method: asked = 'auto', seed = 0 }: SampleOptions,
): Promise<{ points: Float32Array; method: SamplingMethod }> {
  const method = checkedMethod(map, grid, asked, seed)
  const { dimension } = map
  checkWhole('sample: count', count, 0, Math.floor(MOST_NUMBERS / dimension))
  const points = new Float32Array(count * dimension)
  const noise = noiseSource(dimension, seed)
  const sources = renoiseSources(grid, seed)
  for (let row = 0; row < count; row += BLOCK) {
    const start = noise(Math.min(BLOCK, count - row))
    points.set(await takeThrough(map, method, start, grid, seed, sources), row * dimension)
  }
  return { points, method }
}
