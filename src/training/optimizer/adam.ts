import type { Config } from '../../config/index.ts'
import type { Transformation } from './transformation.ts'

type Optimizer = Config['optimizer']

/**
 * What changes from update to update in `a M / (root sqrt(V) + e)`, for the decayed sums `M` of gradients and `V` of their
 * squares: the constant factors `1 - beta` of the moments, and what corrects their beginning, are in `a` and `e`.
 */
export interface Moments {
  readonly a: number
  readonly e: number
  /** 1, or 0 for a step that does not divide by the second moment. */
  readonly root: number
}

/** @param update  counted from 1 */
export type MomentsRule = (optimizer: Optimizer, rate: number, update: number) => Moments

const correctionsOf = ({ beta1, beta2 }: Optimizer, update: number) => ({
  first: (1 - beta1) / (1 - beta1 ** update),
  second: Math.sqrt((1 - beta2) / (1 - beta2 ** update)),
})

/** Kingma & Ba 2015, arXiv:1412.6980. */
export const adamMoments: MomentsRule = (optimizer, rate, update) => {
  const { first, second } = correctionsOf(optimizer, update)
  return { a: (rate * first) / second, e: optimizer.epsilon / second, root: 1 }
}

/** The length of the average behind `V` above which its variance can be told. */
const TRACTABLE = 4

/**
 * Rectified Adam (Liu et al. 2020, arXiv:1908.03265, algorithm 2): steps are shorter while few squares are in `V`, and
 * momentum alone, without `V`, while they are so few that its variance is not finite. `epsilon` stands where Adam has it.
 */
export const radamMoments: MomentsRule = (optimizer, rate, update) => {
  const { beta2 } = optimizer
  const most = 2 / (1 - beta2) - 1
  const power = beta2 ** update
  const length = most - (2 * update * power) / (1 - power)
  if (length <= TRACTABLE) return { a: rate * correctionsOf(optimizer, update).first, e: 1, root: 0 }
  const rectification = Math.sqrt(((length - 4) * (length - 2) * most) / ((most - 4) * (most - 2) * length))
  return adamMoments(optimizer, rate * rectification, update)
}

/** @param rectified  whether `root` is not always 1 */
export const scaledByMoments = ({ beta1, beta2 }: Optimizer, rectified = false): Transformation => ({
  init: size => ({ first: new Float32Array(size), second: new Float32Array(size) }),
  update: (update, state) => {
    const { direction, rates } = update
    const [a, e, , root] = [0, 1, 2, 3].map(i => rates.slice(0, i, i + 1))
    const first = state.first.mul(beta1).add(direction)
    const second = state.second.mul(beta2).add(direction.square())
    const deviation = rectified ? second.sqrt().mul(root) : second.sqrt()
    return {
      update: { ...update, direction: first.mul(a).div(deviation.add(e)) },
      state: { first, second },
    }
  },
})
