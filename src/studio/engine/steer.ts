import { random } from '../../random/random.ts'
import { type Jump, jumpThrough } from '../../sampler/sampler.ts'
import type { PlanePoints } from './protocol.ts'

export interface SteerOptions {
  readonly beta: number
  /** Times `1 = t_0 > ... > t_n = 0`. */
  readonly grid: readonly number[]
  /** Metropolis moves after each jump. */
  readonly moves: number
  /** Whether particles are resampled by their weights. */
  readonly resample: boolean
  readonly seed: number
}

/** What steers: the jumps of a map, and the reward of data points `[n, 2]`, `[n]`. */
export interface Steered {
  readonly jump: Jump
  reward(x: PlanePoints): Promise<ArrayLike<number>>
}

export interface SteerResult {
  readonly points: PlanePoints
  /** Times that particles were resampled. */
  readonly resampled: number
  /** Share of the proposed moves that were accepted; null where there were none. */
  readonly acceptance: number | null
}

/** How far a move goes: the part of a point's noise that is drawn again, as a standard deviation. */
const RHO = 0.5
/** Particles are resampled when fewer than this part of them count. */
const FEW = 0.5

/** `(sum w)^2 / sum w^2`, of the logarithms of weights. */
export function effectiveCount(logWeights: Float64Array): number {
  const most = logWeights.reduce((a, b) => Math.max(a, b), -Infinity)
  let [sum, squares] = [0, 0]
  for (const value of logWeights) {
    const weight = Math.exp(value - most)
    sum += weight
    squares += weight * weight
  }
  return (sum * sum) / squares
}

/** Systematic resampling: which particle stands at each place. Carpenter, Clifford & Fearnhead 1999. */
export function systematic(logWeights: Float64Array, u: number): Int32Array {
  const n = logWeights.length
  const most = logWeights.reduce((a, b) => Math.max(a, b), -Infinity)
  const weights = logWeights.map(value => Math.exp(value - most))
  const total = weights.reduce((a, b) => a + b, 0)
  const chosen = new Int32Array(n)
  let [from, upTo] = [0, weights[0]]
  for (let i = 0; i < n; i++) {
    const goal = ((i + u) / n) * total
    while (upTo < goal && from < n - 1) upTo += weights[++from]
    chosen[i] = from
  }
  return chosen
}

const picked = (x: PlanePoints, chosen: Int32Array): PlanePoints =>
  Float32Array.from(x, (_, i) => x[2 * chosen[i >> 1] + (i & 1)])

/**
 * Samples of `p(x) exp(beta r(x))`, where `p` is what the map samples through the grid, by looking ahead: at time `t` the
 * noise `z` of a particle follows `N(z; 0, I) exp(beta (1-t) r(F(x_t,t,0)))`, where `x_t` is where the jumps take `z`.
 * A particle jumps, its weight grows by the change of that exponent, and particles are resampled where few count. Then
 * moves spread the copies: `z' = sqrt(1 - rho^2) z + rho n` (preconditioned Crank-Nicolson, Cotter et al. 2013,
 * arXiv:1202.0709) keeps `N(0, I)`, so a Metropolis step that accepts it with probability
 * `min(1, exp(beta (1-t) (r' - r)))` keeps the target exactly, for any map and any step size. A Langevin move in place of
 * that would need the density of `p_t`, and without a Metropolis step it is biased where the reward ahead is steep.
 * After Sabour et al. 2025 (Flow Map Trajectory Tilting), arXiv:2511.22688.
 *
 * @param noise  `[n, 2]`, standard normal
 */
export async function steer(
  { jump, reward }: Steered,
  noise: PlanePoints,
  { beta, grid, moves, resample, seed }: SteerOptions,
): Promise<SteerResult> {
  const source = random(seed, 'studio steer')
  const n = noise.length / 2
  const ahead = async (x: PlanePoints, t: number) =>
    Float64Array.from(await reward(t > 0 ? await jump(x, t, 0) : x))

  let z: PlanePoints = noise.slice()
  let x = noise
  let rewards = new Float64Array(n)
  let logWeights = new Float64Array(n)
  let [resampled, accepted] = [0, 0]
  for (let k = 1; k < grid.length; k++) {
    const [s, t] = [grid[k - 1], grid[k]]
    const before = rewards
    x = (await jump(x, s, t)).slice()
    rewards = await ahead(x, t)
    logWeights = logWeights.map((w, i) => w + beta * ((1 - t) * rewards[i] - (1 - s) * before[i]))
    if (resample && (t === 0 || effectiveCount(logWeights) < FEW * n)) {
      const chosen = systematic(logWeights, source.uniform())
      z = picked(z, chosen)
      x = picked(x, chosen)
      rewards = Float64Array.from(chosen, i => rewards[i])
      logWeights = new Float64Array(n)
      resampled++
    }
    for (let move = 0; move < moves; move++) accepted += await metropolis(grid.slice(0, k + 1))
  }
  const proposed = (grid.length - 1) * moves * n
  return { points: x, resampled, acceptance: proposed > 0 ? accepted / proposed : null }

  /** One move of every particle, through the jumps so far; gives how many were accepted. */
  async function metropolis(grid: readonly number[]): Promise<number> {
    const t = grid.at(-1)!
    const proposal = z.map(value => Math.sqrt(1 - RHO ** 2) * value + RHO * source.normal())
    const points = await jumpThrough(jump, proposal, grid)
    const proposed = await ahead(points, t)
    let count = 0
    for (let i = 0; i < n; i++) {
      const ratio = Math.exp(beta * (1 - t) * (proposed[i] - rewards[i]))
      if (!(source.uniform() < ratio)) continue
      z.set(proposal.subarray(2 * i, 2 * i + 2), 2 * i)
      x.set(points.subarray(2 * i, 2 * i + 2), 2 * i)
      rewards[i] = proposed[i]
      count++
    }
    return count
  }
}
