import type { Weights } from '../config/weights-name.ts'
import { columnOrder, reorder } from '../data/column-order.ts'
import { DataError } from '../data/error.ts'
import { readPoints } from '../data/points.ts'
import { linearize } from '../density/linearize.ts'
import { standardized, unstandardized } from '../model/index.ts'
import { whyNoTrajectories, whyNoVelocity } from '../objective/index.ts'
import { random } from '../random/random.ts'
import { formatNumber } from '../report/format.ts'
import { openRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { drawNoise, heun, jumpThrough, uniformGrid } from '../sampler/sampler.ts'
import { load } from '../serialization/load.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { asRowMap } from '../serialization/model.ts'
import { RunError } from '../serialization/run.ts'
import { statePosterior, steerable } from '../serialization/steerable.ts'
import { chooseInversion, isVelocityOnly } from '../steering/choices.ts'
import { type Inverted, inverted } from '../steering/invert.ts'
import type { InversionName, ReturnName } from '../steering/names.ts'
import { type PosteriorSampler, SteeringError } from '../steering/steerable.ts'
import { type ConditionFlags, given } from './condition-flags.ts'
import { type GuidanceFlags, guidanceOf } from './guidance.ts'
import { note } from './terminal.ts'

export interface MapFlags extends ConditionFlags, GuidanceFlags {
  readonly weights: Weights
}

/** A map with the runtime that it runs on. */
export interface OpenMap {
  readonly map: LoadedMap
  readonly runtime: Runtime
}

/** A map that is told what the flags say; close it when done. */
export async function openMap(path: string, flags: MapFlags): Promise<OpenMap> {
  const runtime = await openRuntime()
  const map = given(path, await load(path, { weights: flags.weights, runtime }), flags)
  if (map.source !== undefined) {
    await map.close()
    throw new SteeringError(
      `${path}: starts from points of ${map.source}, but this command needs a map that starts from noise`,
    )
  }
  if (map.space !== undefined) {
    await map.close()
    throw new SteeringError(
      `${path}: ${map.text ? 'is a map of text' : `its points live on the ${map.space}`}, but this command needs a map of points in flat space; use oxbow sample or oxbow evaluate`,
    )
  }
  const guidance = guidanceOf(flags)
  return { map: guidance ? map.guided(guidance) : map, runtime }
}

/** What a map gives is written only where it is numbers. @throws RunError */
export function checkFinite(path: string, points: Float32Array): void {
  if (points.every(Number.isFinite)) return
  throw new RunError(`${path}: gives points that are not finite numbers; nothing was written`)
}

/** Points of a file, for a map. */
interface ReadPoints {
  /** In the data's own units. */
  readonly own: Float32Array
  /** As the map's network sees them. */
  readonly seen: Float32Array
  /** Names of the coordinates: of the map's data, or where that has none, of the file. */
  readonly columns?: readonly string[]
}

/**
 * How many points lie off the data by more than the data's own width: beyond its range, of any coordinate, by that range again.
 * Nothing is known of a file of jumps.
 */
function farPoints(points: Float32Array, { dimension, model }: LoadedMap): number {
  if (!model) return 0
  const { minimum, maximum } = model.data.fingerprint
  // Pictures have one range for all pixels.
  const at = (values: readonly number[], i: number) => values[i % values.length]
  let far = 0
  for (let row = 0; row < points.length; row += dimension) {
    const isFar = points.subarray(row, row + dimension).some((value, i) => {
      const [low, high] = [at(minimum, i), at(maximum, i)]
      return value < 2 * low - high || value > 2 * high - low
    })
    far += Number(isFar)
  }
  return far
}

/** Reads points for a map, in the order of its columns, and says where they are far off its data. */
export async function readFor(path: string, file: string, map: LoadedMap): Promise<ReadPoints> {
  const { dimension, columns, standardization: by } = map
  const given = await readPoints(file)
  if (given.dimension !== dimension) {
    throw new DataError(`${file}: has points of ${given.dimension} coordinates, ${path} of ${dimension}`)
  }
  const own = reorder(
    given.points,
    columnOrder({ name: file, columns: given.columns }, { name: path, columns }),
  )
  const far = farPoints(own, map)
  if (far > 0) {
    const count = own.length / dimension
    const said = count === 1 ? 'its point lies' : `${far} of ${count} points lie`
    note(`oxbow: ${file}: ${said} far from the data of ${path}, where the map has learnt nothing`)
  }
  const seen = by ? standardized(by, own, 0) : own
  const names = columns ?? given.columns
  return { own, seen, ...(names && { columns: names }) }
}

/** Points that the network sees in the data's own units. */
export const inData = ({ standardization: by }: LoadedMap, points: Float32Array): Float32Array =>
  by ? unstandardized(by, points, 0) : points

/** More coordinates than these have too large Jacobians. */
const MOST_NEWTON = 64
/** Noise from which Newton's method begins. */
const STARTS = 512

/** How data go to noise: as was asked for, or as fits the map. */
export const inversionFor = (
  { objective, model, isGrounded }: LoadedMap,
  asked: InversionName | undefined,
): InversionName => chooseInversion(objective, model !== undefined, asked, isGrounded)

/** Data, as the network sees them, to noise. */
export async function toNoise(
  map: LoadedMap,
  runtime: Runtime,
  seen: Float32Array,
  method: InversionName,
  { steps, seed = 0 }: { readonly steps?: number; readonly seed?: number } = {},
): Promise<Inverted> {
  if (method !== 'newton') return inverted(steerable(map), seen, { method, steps })
  const { dimension, model } = map
  if (!model) throw new SteeringError('the inversion newton needs a run or a .safetensors model')
  if (map.condition) throw new SteeringError('the inversion newton takes maps without conditions')
  if (dimension > MOST_NEWTON) {
    throw new SteeringError(
      `the inversion newton takes points of at most ${MOST_NEWTON} coordinates, found ${dimension}`,
    )
  }
  const jump = asRowMap(model)
  const program = await linearize(runtime, jump.jump, dimension)
  try {
    const starts = drawNoise(STARTS, dimension, seed)
    return await inverted(steerable(map), seen, {
      method,
      newton: { jump: x => program.run(x, 1, 0), starts },
    })
  } finally {
    await program.close()
  }
}

/**
 * How noise goes back to data, where nobody says: one jump, or of a velocity Heun's steps.
 *
 * @throws SteeringError for a map whose noise means nothing, or that has no velocity to follow
 */
export function returnFor(
  path: string,
  { objective, isGrounded }: LoadedMap,
  asked: ReturnName | undefined,
): ReturnName {
  const none = whyNoTrajectories(objective)
  if (none) throw new SteeringError(`${path}: ${none}; take a map of a velocity or of its flow, such as psd`)
  const still = asked === 'heun' ? whyNoVelocity(objective, isGrounded) : undefined
  if (still) throw new SteeringError(`--back: ${still}; take jump`)
  return asked ?? (isVelocityOnly(objective) ? 'heun' : 'jump')
}

/** Noise to data, as the network sees them. @throws SteeringError for a way that the map does not have */
export async function toData(
  map: LoadedMap,
  noise: Float32Array,
  { back, steps = 64 }: { readonly back: ReturnName; readonly steps?: number },
): Promise<Float32Array> {
  const { inner, model, objective } = map
  if (back === 'jump') {
    if (isVelocityOnly(objective)) {
      throw new SteeringError('--back: this map is a velocity, whose jump is an Euler step; use heun')
    }
    return inner.jump(noise, 1, 0)
  }
  if (!model) throw new SteeringError('--back: a file of jumps holds no velocity; take jump')
  return jumpThrough(heun(inner.velocity), noise, uniformGrid(steps))
}

/** Samples of the posterior by the stochastic map of `--posterior`, and what closes it; nothing where none is named. */
export async function openPosterior(
  path: string | undefined,
  map: LoadedMap,
  runtime: Runtime,
  seed: number,
): Promise<{ readonly posterior?: PosteriorSampler; close(): Promise<void> }> {
  if (path === undefined) return { close: async () => {} }
  const stochastic = await load(path, { runtime })
  try {
    const posterior = statePosterior(stochastic, map, random(seed, 'steering posterior'))
    return { posterior, close: () => stochastic.close() }
  } catch (error) {
    await stochastic.close()
    throw error
  }
}

/** An open map whose evaluations of single points are counted. */
interface CostedMap extends OpenMap {
  readonly evaluations: { readonly forward: number; readonly backward: number }
}

/** Opens a map, counts what it costs, and closes it when all is done. */
export async function withMap(
  path: string,
  flags: MapFlags,
  use: (open: CostedMap) => Promise<void>,
): Promise<void> {
  const { map, runtime } = await openMap(path, flags)
  try {
    await use({ ...costed(map), runtime })
  } finally {
    await map.close()
  }
}

/** A line that says how far points are from where they came from. */
export const saysRoundTrip = (what: string, distance: number): string =>
  `${what}: ${formatNumber(distance, 4)} (root mean square of a point's distance, in the data's units)`

/** A map whose evaluations of single points are counted, but for those of Newton's method. */
function costed(map: LoadedMap): Omit<CostedMap, 'runtime'> {
  const { inner, dimension } = map
  const evaluations = { forward: 0, backward: 0 }
  const count = (x: Float32Array): void => {
    evaluations.forward += x.length / dimension
  }
  return {
    evaluations,
    map: {
      ...map,
      inner: {
        ...inner,
        jump: (x, s, t) => {
          count(x)
          return inner.jump(x, s, t)
        },
        velocity: (x, t) => {
          count(x)
          return inner.velocity(x, t)
        },
      },
    },
  }
}
