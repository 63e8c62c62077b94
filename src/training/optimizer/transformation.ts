import type { Tensor } from '../../autodiff/index.ts'
import type { Named } from '../../model/index.ts'

/** What an update is made of: flat vectors `[P]`. */
export interface Update {
  readonly parameters: Tensor
  /** What is subtracted from them in the end: at first the gradient. */
  readonly direction: Tensor
  /** `[RATES]`, from `writeRates`. */
  readonly rates: Tensor
}

/** One step of an optimiser: it changes an update, by what it remembers. */
export interface Transformation {
  /** What it remembers before the first update: flat vectors `[P]` by name. */
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
export const regularized = (weight: number): Transformation =>
  stateless(({ parameters, direction }) => ({ direction: direction.add(parameters.mul(weight)) }))

/** Shrinks the parameters beside the update. Loshchilov & Hutter 2019 (AdamW), arXiv:1711.05101. */
export const decayed = (weight: number): Transformation =>
  stateless(({ parameters, rates }) => ({
    parameters: parameters.sub(parameters.mul(rates.slice(0, 2, 3).mul(weight))),
  }))

/** Transformations one after another. */
export const chain = (links: readonly Transformation[]): Transformation => ({
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
