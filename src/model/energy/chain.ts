import { random } from '../../random/random.ts'

/** A law that chains walk on. */
export interface Walked {
  readonly dimension: number
  /** Deviation of the points that they begin with. */
  readonly spread: number
  /** Takes out of a step what the law does not know, such as a common shift. */
  readonly project: (step: Float64Array) => void
  /** The energy of a point; its gradient into `slope`. */
  readonly energy: (point: Float64Array, slope: Float64Array) => number
}

const WALKERS = 128
/** Steps downhill from random points, steps that adapt and are left out, and steps from one kept point to the next. */
const [DOWNHILL, BURN_IN, APART] = [300, 2000, 20]
/** Points of each walker that are kept. */
const KEPT = 48
/** Part of the proposals that the length of steps is adapted to. */
const ACCEPTED = 0.6
/** Longest step downhill. */
const LONGEST = 0.1

const pools = new Map<string, Float64Array>()

/**
 * Points of a law by Metropolis-adjusted Langevin chains from random starts, `[n, D]`: the same each time. It takes seconds, and
 * is kept for the process.
 *
 * Roberts & Tweedie 1996, Bernoulli 2(4).
 *
 * @param key  of the law
 */
export function chainPool(key: string, law: Walked): Float64Array {
  const known = pools.get(key) ?? walk(law)
  pools.set(key, known)
  return known
}

interface Walker {
  point: Float64Array
  slope: Float64Array
  energy: number
}

function walk({ dimension, spread, project, energy }: Walked): Float64Array {
  const source = random(0, 'chains')
  const walkers = Array.from({ length: WALKERS }, (): Walker => {
    const point = Float64Array.from({ length: dimension }, () => spread * source.normal())
    project(point)
    const slope = new Float64Array(dimension)
    const walker = { point, slope, energy: energy(point, slope) }
    descend(walker, energy)
    return walker
  })
  let step = 0.01
  const advance = (): number => {
    let accepted = 0
    for (const walker of walkers) accepted += Number(propose(walker, step, { project, energy }, source))
    return accepted / WALKERS
  }
  for (let i = 0; i < BURN_IN; i++) step *= Math.exp(0.1 * (advance() - ACCEPTED))
  const pool = new Float64Array(WALKERS * KEPT * dimension)
  for (let k = 0; k < KEPT; k++) {
    for (let i = 0; i < APART; i++) advance()
    walkers.forEach(({ point }, i) => {
      pool.set(point, (k * WALKERS + i) * dimension)
    })
  }
  return pool
}

/** Down from where particles may lie on each other. */
function descend(walker: Walker, energy: Walked['energy']): void {
  for (let i = 0; i < DOWNHILL; i++) {
    const length = Math.hypot(...walker.slope)
    const factor = Math.min(0.01, LONGEST / Math.max(length, 1e-300))
    walker.point = walker.point.map((value, k) => value - factor * walker.slope[k])
    walker.energy = energy(walker.point, walker.slope)
  }
}

/** One proposal `x - h grad U + sqrt(2h) n`, and whether it was taken. */
function propose(
  walker: Walker,
  h: number,
  { project, energy }: Pick<Walked, 'project' | 'energy'>,
  source: ReturnType<typeof random>,
): boolean {
  const { point, slope } = walker
  const next = new Float64Array(point.length)
  const noise = new Float64Array(point.length)
  for (let k = 0; k < noise.length; k++) noise[k] = source.normal()
  project(noise)
  let forward = 0
  const size = Math.sqrt(2 * h)
  for (let k = 0; k < next.length; k++) {
    next[k] = point[k] - h * slope[k] + size * noise[k]
    forward += (noise[k] * noise[k]) / 2
  }
  const ahead = new Float64Array(point.length)
  const value = energy(next, ahead)
  let backward = 0
  for (let k = 0; k < next.length; k++) {
    const back = point[k] - next[k] + h * ahead[k]
    backward += (back * back) / (4 * h)
  }
  const isTaken = Math.log(source.uniform()) < walker.energy - value + forward - backward
  if (isTaken) Object.assign(walker, { point: next, slope: ahead, energy: value })
  return isTaken
}
