import {
  type CorePrimitive,
  constant,
  type Graph,
  jvp,
  onesLike,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../autodiff/index.ts'
import {
  ArgumentError,
  checkFunction,
  checkOptions,
  checkWhole,
  checkWord,
  MOST_NUMBERS,
  refuseArgument,
} from '../data/arguments.ts'
import { type FlowMap, type Interpolant, type Space, spaceOf } from '../model/index.ts'
import { standardError } from './estimate.ts'

/** Compiles a graph to something that runs it, as `compile` of the runtime does. */
export type Compile = (graph: Graph<CorePrimitive>) => Promise<{
  run(inputs: readonly (Float64Array | Float32Array)[]): Promise<readonly ArrayLike<number | bigint>[]>
  close(): Promise<void>
}>

/** A residual over pairs of times. */
export interface ResidualGrid {
  /** Times that jumps begin at, rising, the last one 1. */
  readonly s: readonly number[]
  /** Times that they end at, rising, the first one 0. */
  readonly t: readonly number[]
  /** Root mean square over the points at `s[i]`, `t[j]`; `null` where `t >= s`, or where it is not a finite number. */
  readonly values: readonly (readonly (number | null)[])[]
  /** Mean over the cells below the diagonal; `null` where one of them is not finite. */
  readonly mean: number | null
  /** Standard error of that mean over the points; `null` with it. */
  readonly deviation: number | null
}

/** How far a map is from a flow map, over pairs of times. All are 0 for a flow map. */
export interface Residuals {
  /** Length of `F(x, s, t) - F(F(x, s, m), m, t)`, in the unit of the points; `m` at a quarter, half, three quarters. */
  readonly semigroup: ResidualGrid
  /** Length of `d_t F(x, s, t) - V(F, t, t)`, in the unit of the points per unit of time. */
  readonly lagrangian: ResidualGrid
  /** Length of `d_s F(x, s, t) + d_x F(x, s, t) V(x, s, s)`, in the same unit. */
  readonly eulerian: ResidualGrid
}

export interface ResidualOptions {
  readonly dimension: number
  readonly interpolant: Interpolant
  /** Points of the data `[N, D]`, as the network sees them: the path's `x0`. */
  readonly data: ArrayLike<number>
  /** Name of the space that the points live in; default `R^n`. Lengths are of its metric, and the path is a geodesic. */
  readonly space?: string
  /** Standard normal points `[N, D]`, or those of the space's noise: the path's `eps`. */
  readonly noise: ArrayLike<number>
  readonly compile: Compile
  /** Number of times on either axis; default 8, which is 36 pairs. */
  readonly levels?: number
  /** What the map's tensors are of: float32 is several times as quick in a browser; default float64. */
  readonly dtype?: 'float32' | 'float64'
}

/** Where the inner time of the semigroup property stands between `t` and `s`. */
const INNER = [0.25, 0.5, 0.75]

/** Squared lengths of the three residuals at the path's points: `x0`, `eps` `[N, D]`, `s`, `t` `[N, 1]`; each `[N]`. */
function squaredResiduals(
  map: FlowMap,
  interpolant: Interpolant,
  space: Space,
  x0: Tensor,
  eps: Tensor,
  s: Tensor,
  t: Tensor,
) {
  const squaredLength = (vector: Tensor): Tensor => space.squared(vector, 'sum')
  const x = space.path(interpolant, x0, eps).at(s)
  const end = map.jump(x, s, t)
  const gaps = INNER.map(part => {
    const m = t.add(s.sub(t).mul(constant(part, [], x.dtype)))
    return squaredLength(space.difference(end, map.jump(map.jump(x, s, m), m, t)))
  })
  const along = jvp((t: Tensor) => map.jump(x, s, t), [t], [onesLike(t)])[1]
  const across = jvp(
    (x: Tensor, s: Tensor) => map.jump(x, s, t),
    [x, s],
    [map.velocity(x, s), onesLike(s)],
  )[1]
  return {
    semigroup: gaps.reduce((sum, gap) => sum.add(gap)).div(INNER.length),
    lagrangian: squaredLength(along.sub(map.velocity(end, t))),
    eulerian: squaredLength(across),
  }
}

const KEYS = ['dimension', 'interpolant', 'space?', 'data', 'noise', 'compile', 'levels?', 'dtype?']

const NAMES = ['semigroup', 'lagrangian', 'eulerian'] as const

/**
 * Measures how far a map is from a flow map, on the points of its own path: `x_s = alpha(s) x0 + sigma(s) eps`. A map
 * that was trained for some jumps only is judged on all of them.
 *
 * Semigroup: Kim et al., arXiv:2310.02279; the other two: Boffi et al., arXiv:2505.18825, section 3.
 *
 * @param map  of tensors of `dtype`
 * @throws ArgumentError when data and noise do not hold as many points, or an argument is something else
 */
export async function measureResiduals(map: FlowMap, options: ResidualOptions): Promise<Residuals> {
  checkFunction('measureResiduals: map.jump', map?.jump)
  checkFunction('measureResiduals: map.velocity', map.velocity)
  checkOptions('measureResiduals: options', options, KEYS)
  const { dimension, interpolant, space, data, noise, compile, levels = 8, dtype = 'float64' } = options
  checkFunction('measureResiduals: compile', compile)
  checkWord('measureResiduals: dtype', dtype, ['float32', 'float64'])
  if (typeof interpolant?.alpha !== 'function')
    refuseArgument('measureResiduals: interpolant', 'one of interpolants', interpolant)
  checkWhole('measureResiduals: dimension', dimension, 1, MOST_NUMBERS)
  checkWhole('measureResiduals: levels', levels, 1, 1000)
  const count = data?.length / dimension
  if (noise?.length !== data?.length || !Number.isInteger(count) || count === 0) {
    throw new ArgumentError(
      `measureResiduals: expected as many points of data and of noise, found ${data?.length ?? 'none'} and ${noise?.length ?? 'none'} numbers`,
    )
  }
  const points = spec([count, dimension], dtype)
  const time = spec([count, 1], dtype)
  const graph = trace(
    ({ x0, eps, s, t }) => squaredResiduals(map, interpolant, spaceOf({ space }), x0, eps, s, t),
    {
      x0: points,
      eps: points,
      s: time,
      t: time,
    },
  )
  const program = await compile(simplify(graph))
  const List = dtype === 'float64' ? Float64Array : Float32Array
  const inputs = [List.from(data), List.from(noise)]
  const column = (value: number) => new List(count).fill(value)
  const s = Array.from({ length: levels }, (_, i) => (i + 1) / levels)
  const t = Array.from({ length: levels }, (_, j) => j / levels)
  const cells = NAMES.map((): (number | null)[][] => s.map(() => t.map(() => null)))
  const influences = NAMES.map(() => new Float64Array(count))
  try {
    for (let i = 0; i < levels; i++) {
      for (let j = 0; j <= i; j++) {
        const squares = await program.run([...inputs, column(s[i]), column(t[j])])
        squares.forEach((values, k) => {
          cells[k][i][j] = rootMean(values)
          addInfluence(influences[k], values, cells[k][i][j])
        })
      }
    }
  } finally {
    await program.close()
  }
  const grid = (k: number): ResidualGrid => {
    const mean = triangleMean(cells[k])
    const pairs = (levels * (levels + 1)) / 2
    return { s, t, values: cells[k], mean, deviation: mean && standardError(influences[k]) / pairs }
  }
  return { semigroup: grid(0), lagrangian: grid(1), eulerian: grid(2) }
}

function rootMean(squares: ArrayLike<number | bigint>): number | null {
  let sum = 0
  for (let i = 0; i < squares.length; i++) sum += Number(squares[i])
  const root = Math.sqrt(sum / squares.length)
  return Number.isFinite(root) ? root : null
}

/** Adds what each point does to the root of the mean of these squares. */
function addInfluence(sums: Float64Array, squares: ArrayLike<number | bigint>, root: number | null): void {
  if (!root) return
  for (let i = 0; i < sums.length; i++) sums[i] += Number(squares[i]) / (2 * root)
}

function triangleMean(values: readonly (readonly (number | null)[])[]): number | null {
  const below = values.flatMap((row, i) => row.slice(0, i + 1))
  return below.some(value => value === null)
    ? null
    : below.reduce((sum, value) => sum! + value!, 0)! / below.length
}
