import { checkFinite, checkOptions, checkPositive, checkWord, refuseArgument } from '../data/arguments.ts'
import { type FlowMap, fromVelocity } from '../model/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { checkWholeGrid } from '../sampler/grid.ts'
import { baseLogDensity } from './base.ts'
import { determinants } from './determinant.ts'
import { DIVERGENCES, type DivergenceName, follow } from './flow.ts'
import { headJumps } from './head.ts'
import { linearize } from './linearize.ts'

/** A density that cannot be had. The message is one line for the user to act on. */
export class DensityError extends Error {
  override readonly name = 'DensityError'
}

/**
 * `jump`: of the sampler's jumps themselves. `flow`: of the flow that the map's velocity has. `head`: what the map's divergence
 * head says of it.
 */
const DENSITIES = ['jump', 'flow', 'head'] as const
export type DensityName = (typeof DENSITIES)[number]

export interface OwnDensityOptions {
  readonly density: DensityName
  /** How points go through the grid: `jump`, or a step of the velocity; default `jump`. `flow` follows the velocity itself. */
  readonly method?: string
  /** Standard deviation of the noise, `sigma(1)` of the path; default 1. */
  readonly deviation?: number
  /** Of `flow`: the divergence; default `exact`. */
  readonly divergence?: DivergenceName
  /** Of an estimated divergence; default 1. */
  readonly probes?: number
  /** Of `flow`: local error of the solver; default 1e-6. */
  readonly tolerance?: number
  /** Of the probes; default 0. */
  readonly seed?: number
  /** Of `flow`: the time that the data is taken to be of; default 0. */
  readonly last?: number
}

/** Points that a map makes of noise, with the density that it gives them. */
export interface OwnSamples {
  /** At the grid's last time, `[n, D]`. */
  readonly points: Float64Array
  /** In nats, `[n]`; not finite where a jump is singular. */
  readonly logDensity: Float64Array
  /** Of the map from noise to the points, `[n]`: of `jump` the sum over the jumps. */
  readonly logDeterminant: Float64Array
  /** Product of the signs of the jumps' determinants, `[n]`; 0 where one is singular. */
  readonly sign: Int8Array
  /** Share of the points on whose way a jump has a determinant that is not positive, as that of a flow always is. */
  readonly folded: number
  /** Evaluations of the network for a point, a derivative counted as one. */
  readonly evaluations: number
}

/** Coordinates up to which determinants are computed: `D` derivatives of every jump, and `D^3` operations. */
const MOST_EXACT = 512

/** Samplers whose steps are maps, so that they have a density. */
const steps: Readonly<Record<string, (map: FlowMap) => FlowMap>> = {
  jump: map => map,
  euler: map => fromVelocity((x, s) => map.velocity(x, s)),
  heun: map =>
    fromVelocity((x, s, t) => {
      const first = map.velocity(x, s)
      return first.add(map.velocity(x.add(t.sub(s).mul(first)), t)).mul(0.5)
    }),
}
/** Evaluations of the network that a step of each takes. */
const COST: Readonly<Record<string, number>> = { jump: 1, euler: 1, heun: 2 }

/** The map of a sampler's steps. @throws DensityError when they are none */
export function stepMap(map: FlowMap, method: string): FlowMap {
  if (Object.hasOwn(steps, method)) return steps[method](map)
  throw new DensityError(
    `density jump: ${method} adds noise or remembers earlier steps, or its determinant is not computed here; use --method ${Object.keys(steps).join(', ')}, or --density flow`,
  )
}

/**
 * Takes noise through a grid, with the density that the sampler gives to where it ends: `log q(x) = log p_1(z) - sum_i L_i`.
 *
 * `jump`: `L_i` is the logarithm of the determinant of jump `i`, exact by a forward derivative along each coordinate: it is the
 * density of the samples themselves if each jump is one to one, and too low where the map folds. `flow`: `L` is the integral
 * of the divergence along the trajectory, exact to the solver's tolerance; the grid's ends alone count. `head`: `L_i` is what the
 * divergence head says, for no more than the jump itself: an estimate of the teacher's density, and no density of the samples.
 *
 * @param map  of float64 tensors, on rows `[B, D]`
 * @param noise  standard normal points times `deviation`, `[n, D]`
 * @param grid  `1 = t_0 > ... > t_n = 0`
 * @throws DensityError when the sampler has no density, or there are more than 512 coordinates
 */
export async function sampleWithDensity(
  runtime: Runtime,
  map: FlowMap,
  noise: Float64Array,
  dimension: number,
  grid: readonly number[],
  options: OwnDensityOptions,
): Promise<OwnSamples> {
  checkOptions('sampleWithDensity: options', options, [
    'density',
    ...['method?', 'deviation?', 'divergence?', 'probes?', 'tolerance?', 'seed?', 'last?'],
  ])
  const { density, method = 'jump', deviation = 1, divergence = 'exact', last = 0 } = options
  checkWord('sampleWithDensity: density', density, DENSITIES)
  checkWord('sampleWithDensity: divergence', divergence, DIVERGENCES)
  checkPositive('sampleWithDensity: deviation', deviation)
  checkFinite('sampleWithDensity: noise', noise)
  if (!(noise instanceof Float64Array) || noise.length % dimension !== 0) {
    refuseArgument('sampleWithDensity: noise', `a Float64Array of points of ${dimension} numbers`, noise)
  }
  checkWholeGrid(grid)
  const base = baseLogDensity(noise, dimension, deviation)
  if (density === 'jump') {
    checkExact(dimension, divergence)
    return throughJumps(runtime, stepMap(map, method), noise, dimension, grid, base, COST[method])
  }
  if (density === 'head') return byHead(runtime, map, noise, dimension, grid, base, method)
  if (divergence === 'exact') checkExact(dimension)
  const found = await follow(runtime, map, noise, dimension, [1, last], options)
  const count = noise.length / dimension
  return {
    points: found.ends,
    // The way leads down in time.
    logDensity: base.map((value, i) => value - found.integral[i]),
    logDeterminant: found.integral,
    sign: new Int8Array(count).fill(1),
    folded: 0,
    evaluations: found.steps * (divergence === 'exact' ? 1 + dimension : 1 + (options.probes ?? 1)),
  }
}

async function byHead(
  runtime: Runtime,
  map: FlowMap,
  noise: Float64Array,
  dimension: number,
  grid: readonly number[],
  base: Float64Array,
  method: string,
): Promise<OwnSamples> {
  if (!map.divergence) {
    throw new DensityError(
      'density head: the map has no divergence head; train one, e.g. with --objective f2d2:shortcut, or use density jump',
    )
  }
  if (method !== 'jump') {
    throw new DensityError(
      `density head: the head describes jumps, but ${method} follows the velocity; use --method jump`,
    )
  }
  const { ends, logVolume } = await headJumps(runtime, map, noise, dimension, grid)
  return {
    points: ends,
    logDensity: base.map((value, i) => value - logVolume[i]),
    logDeterminant: logVolume,
    sign: new Int8Array(base.length).fill(1),
    folded: 0,
    evaluations: grid.length - 1,
  }
}

function checkExact(dimension: number, divergence: DivergenceName = 'exact'): void {
  if (divergence !== 'exact') {
    throw new DensityError(
      `density jump: determinants are exact, and noise in them would cost effective samples; ${divergence} is for density flow`,
    )
  }
  if (dimension <= MOST_EXACT) return
  throw new DensityError(
    `exact densities take points of at most ${MOST_EXACT} coordinates, found ${dimension}; use density flow with probes (divergence rademacher)`,
  )
}

/** Numbers of Jacobians that are held at once. */
const HELD = 1 << 22

async function throughJumps(
  runtime: Runtime,
  map: FlowMap,
  noise: Float64Array,
  dimension: number,
  grid: readonly number[],
  base: Float64Array,
  cost: number,
): Promise<OwnSamples> {
  const count = noise.length / dimension
  const points = noise.slice()
  const logDeterminant = new Float64Array(count)
  const sign = new Int8Array(count).fill(1)
  const isFolded = new Uint8Array(count)
  const block = Math.max(1, Math.floor(HELD / dimension ** 2))
  const program = await linearize(runtime, map.jump, dimension)
  try {
    for (let k = 1; k < grid.length; k++) {
      for (let from = 0; from < count; from += block) {
        const part = points.slice(from * dimension, (from + block) * dimension)
        const { values, jacobian } = await program.run(part, grid[k - 1], grid[k])
        points.set(values, from * dimension)
        const found = determinants(jacobian, dimension)
        for (let i = 0; i < found.log.length; i++) {
          logDeterminant[from + i] += found.log[i]
          sign[from + i] *= found.sign[i]
          if (found.sign[i] <= 0) isFolded[from + i] = 1
        }
      }
    }
  } finally {
    await program.close()
  }
  return {
    points,
    logDensity: base.map((value, i) => value - logDeterminant[i]),
    logDeterminant,
    sign,
    folded: isFolded.reduce((sum, each) => sum + each, 0) / count,
    evaluations: (grid.length - 1) * cost * (1 + dimension),
  }
}
