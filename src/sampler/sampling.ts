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
  coefficientsAt,
  type InterpolantName,
  interpolants,
  type PredictionName,
  predictions,
  type Standardization,
  spaceOf,
  standardized,
  unstandardized,
} from '../model/index.ts'
import {
  type Decided,
  isTwoLevel,
  type Jumps,
  type Objective,
  objectives,
  whyNoJumps,
  whyNoVelocity,
} from '../objective/index.ts'
import { noisesOf, whyUnfit } from './fitness.ts'
import { checkGrid, GridError } from './grid.ts'
import { METHODS, type MethodName, type SamplingMethod } from './names.ts'
import { type Jump, noiseSource, type Velocity } from './sampler.ts'
import { type SolverChoice, solverOptions } from './solver-choice.ts'
import { solverOf } from './solvers/table.ts'
import { type AddedNoise, seededNoise, through } from './through.ts'

/** A velocity for each of some points at a time, drawn from as much noise. */
export type DrawnVelocity = (
  x: Float32Array,
  s: number,
  noise: Float32Array,
  inner: number | null,
) => Promise<Float32Array>

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
  /** What its network of one time predicts; default the velocity. */
  readonly predicts?: PredictionName
  /** Whether a diagonal term taught it its velocity, beside an objective that does not. */
  readonly isGrounded?: boolean
  /** Whether noise was matched with data in its training, so that points of its path are not data with fresh noise. */
  readonly matched?: boolean
  /** Name of the space that its points live in; absent for `R^n`. */
  readonly space?: string
  /** Of text whose times were drawn by where symbols are decided. */
  readonly decided?: Decided
  /** Name of the data whose points it begins at in the place of noise; absent for noise. */
  readonly source?: string
  /** The map as it was trained, of standardised points. */
  readonly inner: {
    readonly jump: Jump
    readonly velocity: Velocity
    /** What the network predicts, where that is not the velocity. */
    readonly output?: Velocity
    /** Where a vector leads from a point, in a curved space. */
    readonly along?: (x: Float32Array, vector: Float32Array) => Promise<Float32Array>
    /** A velocity that is drawn at `x` from noise by inner jumps, of a map of velocities. */
    readonly drawn?: DrawnVelocity
  }
}

type Grid = readonly number[]

/** The jumps that a map knows, how that is said, and what to do instead. */
const TRAINED: Readonly<
  Record<Jumps, { fits: (s: number, t: number) => boolean; says: string; instead?: string }>
> = {
  any: { fits: (s, t) => t < s, says: 'to jump towards data only (t < s)' },
  'to-data': {
    fits: (_, t) => t === 0,
    says: 'to end at data only (t = 0)',
    instead: 'several steps from noise take --method SAMPLER',
  },
  'from-noise': {
    fits: s => s === 1,
    says: 'to begin at noise only (s = 1)',
    instead: 'sample it in one step',
  },
  'both-ways': { fits: () => true, says: 'to jump both ways' },
}

/** What to do with a map where what was asked for is none of its jumps. */
const insteadOf = ({
  jumps,
  sampler = 'renoise',
}: Pick<Objective, 'jumps' | 'sampler'>): string | undefined =>
  TRAINED[jumps].instead?.replace('SAMPLER', sampler)

/** Ids of the objectives whose map is one of velocities. */
const levels = (): string =>
  [...objectives.values()].flatMap(row => (isTwoLevel(row) ? [row.id] : [])).join(', ')

/** Ids of the objectives whose maps also jump from data to noise. */
const bothWays = (): string =>
  [...objectives.values()].flatMap(({ id, jumps }) => (jumps === 'both-ways' ? [id] : [])).join(', ')

const falls = (grid: Grid): boolean => grid[1] < grid[0]

/**
 * The method that `auto` stands for: `renoise`, or what the row says, where a map that only ends at data takes several steps, `jump`
 * otherwise, which for a velocity network is Euler's step.
 *
 * @param objective  the map's objective; absent where nothing is known of it
 */
export function methodFor(asked: MethodName, objective: string | undefined, grid: Grid): SamplingMethod {
  if (asked !== 'auto') return asked
  const { jumps, sampler = 'renoise' } = objectives.get(objective ?? '') ?? {}
  if (isTwoLevel({ sampler })) return 'transition'
  return jumps === 'to-data' && grid.length > 2 && falls(grid) ? sampler : 'jump'
}

/** The pairs of times that the map is asked for; none where its velocity is followed. */
function jumpsOf(method: SamplingMethod, grid: Grid): [number, number][] {
  const starts = grid.slice(0, -1)
  const { jumps } = solverOf(method)
  if (!jumps) return []
  return starts.map((s, i) => [s, jumps === 'each' ? grid[i + 1] : 0])
}

/**
 * Why a map is not to be taken through a grid by a method, in a line; nothing where it was trained for every jump, where
 * its velocity is followed, or where nothing is known of it.
 */
export function whyUntrained(
  objective: string | undefined,
  method: SamplingMethod,
  grid: Grid,
  isGrounded = false,
): string | undefined {
  const row = objectives.get(objective ?? '')
  const none = whyNoJumps(objective)
  if (none && method !== 'transition') return `${none}; use --method transition, found ${method}`
  if (!none && method === 'transition') {
    return `transition draws a velocity for each step, which a map of ${objective ?? 'unknown origin'} does not; it is of ${levels()}`
  }
  // A velocity alone leads either way, and transition asks for no jump between points.
  if (!row?.parts || none) return undefined
  const still = solverOf(method).jumps ? undefined : whyNoVelocity(objective, isGrounded)
  if (still) return `${method} follows the velocity, and ${still}; ${insteadOf(row)}`
  const reason = unknownJumps(objective, jumpsOf(method, grid))
  if (!reason) return undefined
  const instead = insteadOf(row)
  if (falls(grid)) return instead ? `${reason}; ${instead}` : reason
  const able = bothWays() || 'none'
  const heun = whyNoVelocity(objective, isGrounded) ? '' : '; --method heun follows the velocity either way'
  return `${reason}, not from ${grid[0]} to ${grid.at(-1)}; trained both ways: ${able}${heun}`
}

/** What a map was trained for, in a line, where that does not hold all of these jumps; nothing where it does, or nothing is known. */
export function unknownJumps(
  objective: string | undefined,
  jumps: readonly (readonly [s: number, t: number])[],
): string | undefined {
  const row = objectives.get(objective ?? '')
  if (!row?.parts) return undefined
  const none = whyNoJumps(objective)
  if (none) return none
  const { fits, says } = TRAINED[row.jumps]
  return jumps.every(([s, t]) => fits(s, t)) ? undefined : `${row.id} is trained ${says}`
}

/**
 * Takes points through a grid. The steps are of standardised points.
 *
 * @param start  points `[n, D]` at the grid's first time, in its units (see `load`)
 * @param noise  what solvers add on the way, from `seededNoise`
 * @param onStep  hears of the points after each step, in the units of its time
 * @returns points `[n, D]` at the grid's last time
 */
export async function takeThrough(
  map: SampledMap,
  choice: SolverChoice,
  start: Float32Array,
  grid: Grid,
  noise: AddedNoise,
  onStep?: (points: Float32Array) => void,
): Promise<Float32Array> {
  const { inner, interpolant, standardization: by, predicts = 'velocity' } = map
  const { jump, velocity, output = velocity } = inner
  const { isCurved, project } = spaceOf(map)
  const end = await through(
    ({ x, s, t, drawn, along }) => {
      if (along) return inner.along!(x, along)
      if (drawn) return inner.drawn!(x, s, drawn.noise, drawn.inner)
      return t === undefined ? output(x, s) : jump(x, s, t)
    },
    by ? standardized(by, start, grid[0]) : start,
    grid,
    {
      path: interpolants[interpolant],
      isCurved,
      prediction: predictions[predicts],
      solver: solverOf(choice.method),
      options: solverOptions(choice),
      noise,
      ...(onStep && { onStep: (x, { t }) => onStep(by ? unstandardized(by, x, t) : x) }),
    },
  )
  project?.(end, map.dimension)
  return by ? unstandardized(by, end, grid.at(-1)) : end
}

/** Methods that ask for jumps or the velocity, and nothing of data or noise. */
const OF_VELOCITY: readonly SamplingMethod[] = ['jump', 'euler', 'heun', 'midpoint', 'rk4', 'adaptive']

/** What decides how a map can be sampled. */
export type SampledBy = Pick<
  SampledMap,
  'objective' | 'isGrounded' | 'interpolant' | 'predicts' | 'matched' | 'source' | 'space' | 'decided'
>

/**
 * Why a map is not to be taken through a grid by a solver, in a line: it was not trained for the jumps, or the path does not
 * give what the solver needs. Nothing where neither holds.
 *
 * @throws GridError when an option of the solver is none of its own or out of range
 */
export function whyNot(
  { objective, isGrounded, interpolant, predicts, matched, source, space }: SampledBy,
  choice: SolverChoice,
  grid: Grid,
): string | undefined {
  const path = interpolants[interpolant]
  const sampled = { path, pathName: interpolant, predicts, space }
  return (
    whyUntrained(objective, choice.method, grid, isGrounded) ??
    whyUnfit(solverOf(choice.method), solverOptions(choice), sampled, grid) ??
    (source !== undefined && !OF_VELOCITY.includes(choice.method)
      ? `${choice.method} assumes that points at time 1 are noise, but this map starts from ${source}; use one of ${OF_VELOCITY.join(', ')}`
      : undefined) ??
    (matched && noisesOf(choice, path, grid) > 0
      ? `${choice.method} adds fresh noise on the way, and this map was trained on noise that is matched with its data; use a method without, such as heun`
      : undefined)
  )
}

export interface SampleOptions {
  /** Times from the start's to the end's, 1 for noise and 0 for data; falling, or rising for maps trained both ways. */
  readonly grid: Grid
  /** Default `auto`. */
  readonly method?: MethodName
  /** Of the method, such as `{ eta: 1 }` of `ddim`; see `solvers`. */
  readonly options?: Readonly<Record<string, unknown>>
  /** Seed of the noise that a method adds on the way; default 0. */
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
  checkOptions('sample: options', options, ['grid', 'method?', 'options?', 'seed?'])
  const { grid, seed = 0 } = options
  const choice = checkedChoice(map, options)
  checkPoints('sample: start', start, map.dimension)
  checkFinite('sample: start', start)
  const noise = seededNoise(choice.method, seed)
  return { points: await takeThrough(map, choice, start, grid, noise), method: choice.method }
}

function checkMap(name: string, value: unknown): void {
  const { dimension, inner } = (value ?? {}) as Partial<SampledMap>
  const { jump, velocity } = inner ?? {}
  if (typeof jump === 'function' && typeof velocity === 'function' && dimension! > 0) return
  refuseArgument(name, 'a map, such as load gives', value)
}

/** @throws GridError when the grid is none, or the map does not go through it so; ArgumentError for method and seed */
function checkedChoice(
  map: SampledMap,
  { grid, method: asked = 'auto', options, seed = 0 }: SampleOptions,
): SolverChoice {
  checkGrid(grid)
  checkWord('sample: method', asked, METHODS)
  checkSeed('sample: seed', seed)
  const choice = { method: methodFor(asked, map.objective, grid), ...(options && { options }) }
  const reason = whyNot(map, choice, grid)
  if (reason) throw new GridError(reason)
  return choice
}

/**
 * Noise `[n, D]` of a time of a map's path, `sigma(t) z`, from standard normal numbers `z`: what sampling begins with at 1, or
 * where hardly any data is left.
 */
export function noiseAt(
  { interpolant, standardization: by }: Pick<SampledMap, 'interpolant' | 'standardization'>,
  normal: Float32Array,
  t = 1,
): Float32Array {
  const { sigma } = coefficientsAt(interpolants[interpolant], t)
  const noise = sigma === 1 ? normal : normal.map(value => sigma * value)
  return by && t < 1 ? unstandardized(by, noise, t) : noise
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
  asked: SampleOptions,
): Promise<{ points: Float32Array; method: SamplingMethod }> {
  const { grid, seed = 0 } = asked
  if (map.source !== undefined) {
    throw new GridError(
      `the map starts from points of ${map.source}, not from noise; pass them to sample as its start`,
    )
  }
  const choice = checkedChoice(map, asked)
  const { dimension } = map
  checkWhole('sample: count', count, 0, Math.floor(MOST_NUMBERS / dimension))
  const points = new Float32Array(count * dimension)
  const normal = noiseSource(dimension, seed, map.space)
  const noise = seededNoise(choice.method, seed)
  for (let row = 0; row < count; row += BLOCK) {
    const start = noiseAt(map, normal(Math.min(BLOCK, count - row)), grid[0])
    points.set(await takeThrough(map, choice, start, grid, noise), row * dimension)
  }
  return { points, method: choice.method }
}
