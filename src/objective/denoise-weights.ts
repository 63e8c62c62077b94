import type { Tensor } from '../autodiff/index.ts'
import { type Coefficients, wronskian } from '../model/index.ts'

/** Keeps a weight finite at the ends of a path. */
const SMALLEST = 1e-9

/** How much each noise level counts. */
export const denoiseWeights = {
  /** The prediction's own squared error. */
  none: undefined,
  /** `min(SNR, gamma)` on the data. Hang et al. 2023, arXiv:2303.09556. */
  'min-snr': ({ alpha, sigma }: Coefficients<Tensor>, gamma: number) =>
    // min(1, gamma/SNR) on the noise, without dividing by sigma.
    sigma.square().mul(gamma).div(alpha.square()).minimum(1),
  /**
   * `-lambda' SNR` on the data, `W/(alpha sigma)` on the noise, with which the loss is a bound of the negative log-likelihood.
   * Song et al. 2021, arXiv:2101.09258; Kingma et al. 2021, arXiv:2107.00630.
   */
  likelihood: (at: Coefficients<Tensor>) => wronskian(at).div(at.alpha.mul(at.sigma).maximum(SMALLEST)),
} as const satisfies Record<string, ((at: Coefficients<Tensor>, gamma: number) => Tensor) | undefined>

export type DenoiseWeighting = keyof typeof denoiseWeights
