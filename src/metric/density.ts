import type { Mixture } from '../data/dataset.ts'

/** Logarithms of the weighted densities of a mixture's components at point `i` of `[n, D]`, in nats. */
export const componentLogDensities = (
  { components }: Mixture,
  points: ArrayLike<number>,
  i: number,
): number[] => {
  const dimension = components[0].mean.length
  return components.map(({ weight, mean, scales, axes }) => {
    const centred = mean.map((m, k) => points[i * dimension + k] - m)
    const along = axes ? mean.map((_, j) => centred.reduce((sum, c, k) => sum + c * axes[k][j], 0)) : centred
    const terms = along.map((z, k) => (z / scales[k]) ** 2 + Math.log(2 * Math.PI * scales[k] ** 2))
    return Math.log(weight) - terms.reduce((sum, term) => sum + term, 0) / 2
  })
}

/** Logarithm of a Gaussian mixture's density at points `[n, D]`, in nats, `[n]`. */
export function mixtureLogDensity(mixture: Mixture, points: ArrayLike<number>): Float64Array {
  const dimension = mixture.components[0].mean.length
  return Float64Array.from({ length: points.length / dimension }, (_, i) => {
    const logs = componentLogDensities(mixture, points, i)
    const most = Math.max(...logs)
    return most + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - most), 0))
  })
}
