import {
  concat,
  DYNAMIC,
  jvp,
  onesLike,
  simplify,
  spec,
  trace,
  vjp,
  zerosLike,
} from '../../autodiff/index.ts'
import type { FlowMap, Interpolant } from '../../model/index.ts'
import type { Reward } from '../../objective/reward.ts'
import { random } from '../../random/random.ts'
import type { Jump } from '../../sampler/sampler.ts'
import type { Points } from './protocol.ts'
import type { Engine } from './session.ts'

/**
 * What looking ahead from points at a time gives, side by side in `[n, 5]`: the reward `r(F(x,t,0))` of where each will
 * land, its gradient by `x`, and the score of the path, `-E[eps|x] / sigma`, from the map's velocity
 * `v = alpha' E[x0|x] + sigma' E[eps|x]`.
 */
export const compileLookAhead = (
  engine: Pick<Engine, 'compile'>,
  map: FlowMap,
  { alpha, sigma }: Interpolant,
  reward: Reward,
) => {
  const graph = trace(
    ({ x, t }) => {
      const [r, pull] = vjp(x => reward(map.jump(x, t, zerosLike(t))), [x])
      const [a, da] = jvp(alpha, [t], [onesLike(t)])
      const [b, db] = jvp(sigma, [t], [onesLike(t)])
      const noise = a
        .mul(map.velocity(x, t))
        .sub(da.mul(x))
        .div(a.mul(db).sub(da.mul(b)))
      return { y: concat([r, pull(onesLike(r))[0], noise.div(b).neg()], 1) }
    },
    { x: spec([DYNAMIC, 2]), t: spec([DYNAMIC, 1]) },
  )
  return engine.compile(simplify(graph))
}

export interface SteerOptions {
  readonly beta: number
  /** Times `1 = t_0 > ... > t_n = 0`. */
  readonly grid: readonly number[]
  /** Langevin steps at each time between the ends. */
  readonly moves: number
  /** Whether particles are drawn anew by their weights. */
  readonly resample: boolean
  readonly seed: number
}

/** Length of a Langevin step, in the variance of the noise at its time. */
const STRIDE = 0.1
/** Largest pull of the reward, over the deviation of the noise: a steep reward does not throw points away. */
const FIRMEST = 4
/** Particles are drawn anew when fewer than this part of them count. */
const FEW = 0.5
/** Numbers of a point in what looking ahead gives. */
const WIDTH = 5

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

const picked = (x: Points, chosen: Int32Array): Points =>
  Float32Array.from(x, (_, i) => x[2 * chosen[i >> 1] + (i & 1)])

/** What steers: the jumps of a map, and what it sees ahead. */
export interface Steered {
  readonly jump: Jump
  /** `[n, 5]`, see `compileLookAhead`. */
  look(x: Points, t: number): Promise<Float32Array>
  /** Of the noise at a time. */
  sigma(t: number): number
}

/**
 * Samples of `p_0(x) exp(beta r(x))` by looking ahead: at time `t` particles follow
 * `p_t(x) exp(beta (1-t) r(F(x,t,0)))`, as a jump along the flow does not change where it looks to. From one time to the
 * next a particle jumps, its weight grows by `exp(beta (t_before - t) r(F(x,t,0)))`, particles are drawn anew where few
 * count, and Langevin steps with the gradient of the look-ahead reward spread them. With exact maps, many particles and
 * small steps it is exact. After Sabour et al. 2025 (Flow Map Trajectory Tilting), arXiv:2511.22688, with the weights of
 * annealed importance sampling.
 *
 * @param noise  `[n, 2]`, standard normal
 */
export async function steer(
  { jump, look, sigma }: Steered,
  noise: Points,
  { beta, grid, moves, resample, seed }: SteerOptions,
): Promise<{ points: Points; renewed: number }> {
  const source = random(seed, 'studio steer')
  const n = noise.length / 2
  let x = noise
  let logWeights = new Float64Array(n)
  let renewed = 0
  for (let k = 1; k < grid.length; k++) {
    const t = grid[k]
    x = await jump(x, grid[k - 1], t)
    if (resample) {
      // At time 0 there is no way left to go: where it looks to is where it is.
      const ahead = await look(x, t)
      for (let i = 0; i < n; i++) logWeights[i] += beta * (grid[k - 1] - t) * ahead[WIDTH * i]
      if (t === 0 || effectiveCount(logWeights) < FEW * n) {
        x = picked(x, systematic(logWeights, source.uniform()))
        logWeights = new Float64Array(n)
        renewed++
      }
    }
    if (t > 0) for (let move = 0; move < moves; move++) x = await langevin(x, t)
  }
  return { points: x, renewed }

  /** One unadjusted Langevin step at the tilted distribution of a time. */
  async function langevin(x: Points, t: number): Promise<Points> {
    const ahead = await look(x, t)
    const deviation = sigma(t)
    const h = STRIDE * deviation ** 2
    const spread = Math.sqrt(2 * h)
    const pull = beta * (1 - t)
    return Float32Array.from(x, (value, i) => {
      const at = WIDTH * (i >> 1)
      const length = Math.abs(pull) * Math.hypot(ahead[at + 1], ahead[at + 2])
      const held = length * deviation > FIRMEST ? (pull * FIRMEST) / (length * deviation) : pull
      const [gradient, score] = [ahead[at + 1 + (i & 1)], ahead[at + 3 + (i & 1)]]
      return value + h * (score + held * gradient) + spread * source.normal()
    })
  }
}
