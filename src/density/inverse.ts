import { LuDecomposition, Matrix } from 'ml-matrix'

/** A function of points `[n, D]` with its Jacobian `[n, D, D]`, `[i, j] = d f_j/d z_i`. */
export type Linearization = (
  points: Float64Array,
) => Promise<{ values: Float64Array; jacobian: Float64Array }>

export interface Inverse {
  /** `[n, D]`; where a point was not reached, the nearest that was found. */
  readonly noise: Float64Array
  /** Of the Jacobian's absolute determinant, `[n]`. */
  readonly logDeterminant: Float64Array
  /** Of the determinant, `[n]`; 0 where it is singular. */
  readonly sign: Int8Array
  readonly reached: boolean[]
  /** How far the value at the noise is from the point, `[n]`. */
  readonly distance: Float64Array
}

const TOLERANCE = 1e-9
const ROUNDS = 200
/** A step that must be shorter than this does not lead on. */
const SHORTEST = 2 ** -20
/** A pivot below this part of the largest is rounding. */
const SINGULAR = 1e-13

interface Search {
  readonly target: Float64Array
  readonly z: Float64Array
  readonly step: Float64Array
  length: number
  distance: number
  logDeterminant: number
  sign: number
  state: 'open' | 'reached' | 'lost'
}

/**
 * Solves `f(z) = x` for each point `x` `[n, D]` by Newton's method; a step that does not come nearer is halved.
 *
 * @param starts  `[m, D]`; a search begins at the one whose value is nearest
 * @param guesses  `[n, D]`, where there are some: a search begins at its own, and where that leads nowhere again as above
 */
export async function invert(
  f: Linearization,
  points: Float64Array,
  dimension: number,
  starts: Float64Array,
  guesses?: Float64Array,
): Promise<Inverse> {
  const targets = Array.from({ length: points.length / dimension }, (_, i) =>
    points.slice(i * dimension, (i + 1) * dimension),
  )
  const own = guesses && targets.map((target, i) => searchFrom(target, guesses, i * dimension))
  if (own) await search(f, own, dimension)
  let values: Float64Array | undefined
  const searches: Search[] = []
  for (const [i, target] of targets.entries()) {
    if (own?.[i].state === 'reached') {
      searches.push(own[i])
      continue
    }
    values ??= (await f(starts)).values
    searches.push(searchFrom(target, starts, nearest(values, target) * dimension))
  }
  await search(f, searches, dimension)
  return {
    noise: Float64Array.from(searches.flatMap(({ z }) => [...z])),
    logDeterminant: Float64Array.from(searches, search => search.logDeterminant),
    sign: Int8Array.from(searches, ({ sign }) => sign),
    reached: searches.map(({ state }) => state === 'reached'),
    distance: Float64Array.from(searches, ({ distance }) => distance),
  }
}

const searchFrom = (target: Float64Array, starts: Float64Array, from: number): Search => ({
  target,
  z: starts.slice(from, from + target.length),
  step: new Float64Array(target.length),
  length: 1,
  distance: Infinity,
  logDeterminant: Number.NaN,
  sign: 0,
  state: 'open',
})

/** Goes on with all that are open, until none is. */
async function search(f: Linearization, searches: readonly Search[], dimension: number): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const open = searches.filter(({ state }) => state === 'open')
    if (open.length === 0) break
    const trials = open.map(({ z, step, length }) => z.map((value, k) => value + length * step[k]))
    const { values, jacobian } = await f(Float64Array.from(trials.flatMap(trial => [...trial])))
    open.forEach((search, i) => {
      const value = values.subarray(i * dimension, (i + 1) * dimension)
      const slopes = jacobian.subarray(i * dimension ** 2, (i + 1) * dimension ** 2)
      advance(search, trials[i], value, slopes)
    })
  }
}

/** Takes the trial where it is nearer, and shortens the step where it is not. */
function advance(search: Search, trial: Float64Array, value: Float64Array, jacobian: Float64Array): void {
  const { target } = search
  const rest = target.map((x, k) => x - value[k])
  const distance = Math.hypot(...rest)
  if (!(distance < search.distance)) {
    search.length /= 2
    if (search.length < SHORTEST) search.state = 'lost'
    return
  }
  search.z.set(trial)
  search.distance = distance
  search.length = 1
  const done = distance <= TOLERANCE * (1 + Math.hypot(...target))
  const size = target.length
  const matrix = Matrix.from1DArray(size, size, Array.from(jacobian)).transpose()
  const lu = new LuDecomposition(matrix)
  const pivots = lu.upperTriangularMatrix.diagonal()
  const singular = isSingular(pivots)
  search.logDeterminant = pivots.reduce((sum, pivot) => sum + Math.log(Math.abs(pivot)), 0)
  search.sign = singular ? 0 : Math.sign(lu.determinant)
  if (done) search.state = 'reached'
  else if (singular) search.state = 'lost'
  else search.step.set(lu.solve(Matrix.columnVector(Array.from(rest))).to1DArray())
}

function isSingular(pivots: readonly number[]): boolean {
  const sizes = pivots.map(Math.abs)
  return !(Math.min(...sizes) > SINGULAR * Math.max(...sizes))
}

function nearest(values: Float64Array, target: Float64Array): number {
  let [best, least] = [0, Infinity]
  for (let i = 0; i < values.length / target.length; i++) {
    let square = 0
    for (let k = 0; k < target.length; k++) square += (values[i * target.length + k] - target[k]) ** 2
    if (square < least) {
      best = i
      least = square
    }
  }
  return best
}
