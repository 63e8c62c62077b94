import { stopGradient, type Tensor } from '../../autodiff/index.ts'

/** `log(1 + e^a)` without overflow. */
const softplus = (a: Tensor): Tensor => a.maximum(0).add(a.abs().neg().exp().add(1).log())

/** What a critic and a generator make of the critic's numbers for data and for samples, `[B, 1]` each. */
interface Game {
  readonly critic: (real: Tensor, fake: Tensor) => Tensor
  readonly map: (real: Tensor, fake: Tensor) => Tensor
}

/** Losses of two players, by their names in the literature; the critic's number is positive for data. */
export const games = {
  /** Goodfellow et al. 2014, arXiv:1406.2661, with the loss of the generator that does not saturate. */
  logistic: {
    critic: (real, fake) => softplus(fake).add(softplus(real.neg())),
    map: (_, fake) => softplus(fake.neg()),
  },
  /** Lim & Ye 2017, arXiv:1705.02894. */
  hinge: {
    critic: (real, fake) => fake.add(1).maximum(0).add(real.neg().add(1).maximum(0)),
    map: (_, fake) => fake.neg(),
  },
  /** Jolicoeur-Martineau 2018, arXiv:1807.00734: which of a pair is the data. */
  relativistic: {
    critic: (real, fake) => softplus(fake.sub(real)),
    map: (real, fake) => softplus(stopGradient(real).sub(fake)),
  },
} as const satisfies Record<string, Game>
export type GameName = keyof typeof games
