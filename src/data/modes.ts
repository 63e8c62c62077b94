import type { Dataset } from './dataset.ts'
import { gaussianMixture } from './gaussian-mixture.ts'

/** Equal isotropic Gaussians at equal angles on a circle about the origin, the first on the positive x axis. */
function circle(name: string, modes: number, radius: number, std: number): Dataset {
  const components = Array.from({ length: modes }, (_, k) => {
    const angle = (2 * Math.PI * k) / modes
    return { mean: [radius * Math.cos(angle), radius * Math.sin(angle)], std }
  })
  return gaussianMixture({ components }, name)
}

/** Eight narrow modes: radius 4, standard deviation 0.15. */
export const ring = (): Dataset => circle('ring', 8, 4, 0.15)

/**
 * The field's 8 Gaussians: centres at radius 4 with standard deviation 0.5, all divided by the square root of 2.
 * Grathwohl et al., FFJORD, arXiv:1810.01367 (its code divides by 1.414).
 */
export const eightGaussians = (): Dataset => circle('eight-gaussians', 8, 4 / Math.SQRT2, 0.5 / Math.SQRT2)
