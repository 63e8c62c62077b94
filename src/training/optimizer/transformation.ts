import type { Tensor } from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'
import type { Named } from '../model/index.ts'

type Optimizer = Config['optimizer']

/** The learning rate at a step counted from 1. */
export function learningRate({ optimizer, schedule, steps }: Config, step: number): number {
  const { kind, warmup, final } = schedule
  const peak = optimizer.learningRate
  if (step <= warmup) return (peak * step) / warmup
  if (kind === 'cosine') {
    const progress = (step - warmup) / Math.max(1, steps - warmup)
    return peak * (final + (1 - final) * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress))))
  }
  if (kind === 'inverse-sqrt') {
    const from = Math.max(1, warmup)
    return peak * Math.sqrt(from / Math.max(from, step))
  }
  return peak
}

/** What changes from step to step in the update: fed, because it is exact in float64 and not in the graph's float32. */
export const RATES = 3

/**
 * Adam's update with all constants gathered: `a M / (sqrt(V) + e)` for the sums `M` and `V`. Writes `a`, `e` and the
 * learning rate.
 *
 * @param step  of the training, counted from 1, which the schedule goes by
 * @param update  of this network, counted from 1, which the moments go by
 */
export function writeRates(config: Config, step: number, out: Float32Array, update = step): void {
  const { beta1, beta2, epsilon } = config.optimizer
  const rate = learningRate(config, step)
  const first = (1 - beta1) / (1 - beta1 ** update)
  const second = Math.sqrt((1 - beta2) / (1 - beta2 ** update))
  out[0] = (rate * first) / second
  out[1] = epsilon / second
  out[2] = rate
}

/** What an update is made of: flat vectors `[P]`. */
export interface Update {
  readonly parameters: Tensor
  /** What is subtracted from them in the end: at first the gradient. */
  readonly direction: Tensor
  /** `[3]`, from `writeRates`. */
  readonly rates: Tensor
}

/** One step of an optimiser: it changes an update, by what it remembers. */
export interface Transformation {
  /** What it remembers before the first update: flat vectors by name. */
  init(size: number): Named<Float32Array>
  update(update: Update, state: Named<Tensor>): { readonly update: Update; readonly state: Named<Tensor> }
}

/** Something that remembers nothing. */
const stateless = (change: (update: Update) => Partial<Update>): Transformation => ({
  init: () => ({}),
  update: update => ({ update: { ...update, ...change(update) }, state: {} }),
})

/** Scales the gradient down to the largest allowed norm. */
export const clipByNorm = (limit: number): Transformation =>
  stateless(({ direction }) => {
    const norm = direction.square().sum().sqrt()
    return { direction: direction.mul(norm.add(1e-6).pow(-1).mul(limit).minimum(1)) }
  })

/** Adds the gradient of `weight |p|^2 / 2`. */
const regularized = (weight: number): Transformation =>
  stateless(({ parameters, direction }) => ({ direction: direction.add(parameters.mul(weight)) }))

/** Shrinks the parameters beside the update. Loshchilov & Hutter 2019 (AdamW), arXiv:1711.05101. */
const decayed = (weight: number): Transformation =>
  stateless(({ parameters, rates }) => ({
    parameters: parameters.sub(parameters.mul(rates.slice(0, 2, 3).mul(weight))),
  }))

/**
 * Adam (Kingma & Ba 2015, arXiv:1412.6980): decayed sums of the gradient and of its square, without their constant factors
 * `1 - beta`, which go into the rates.
 */
const scaledByAdam = ({ beta1, beta2 }: Optimizer): Transformation => ({
  init: size => ({ first: new Float32Array(size), second: new Float32Array(size) }),
  update: (update, state) => {
    const { direction, rates } = update
    const [step, epsilon] = [0, 1].map(i => rates.slice(0, i, i + 1))
    const first = state.first.mul(beta1).add(direction)
    const second = state.second.mul(beta2).add(direction.square())
    return {
      update: { ...update, direction: first.mul(step).div(second.sqrt().add(epsilon)) },
      state: { first, second },
    }
  },
})

/** Transformations one after another. */
const chain = (links: readonly Transformation[]): Transformation => ({
  init: size => Object.assign({}, ...links.map(link => link.init(size))),
  update: (update, state) =>
    links.reduce<ReturnType<Transformation['update']>>(
      (before, link) => {
        const after = link.update(before.update, state)
        return { update: after.update, state: { ...before.state, ...after.state } }
      },
      { update, state: {} },
    ),
})

/** The optimiser of a configuration: what is clipped, then decayed, then scaled. */
export function optimizerOf(optimizer: Optimizer): Transformation {
  const { name, clip, weightDecay } = optimizer
  return chain([
    ...(clip === null ? [] : [clipByNorm(clip)]),
    ...(name === 'adam' && weightDecay > 0 ? [regularized(weightDecay)] : []),
    ...(name === 'adamw' && weightDecay > 0 ? [decayed(weightDecay)] : []),
    scaledByAdam(optimizer),
  ])
}
