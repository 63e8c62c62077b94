import type { Random } from '../random/random.ts'
import type { Dataset, Mixture, MixtureComponent } from './dataset.ts'

/**
 * A sampler of a Gaussian mixture of dimension `D`: fills `out` (`[N, D]`, row after row) with independent points.
 * The class of a point is its component. A point takes one uniform number (none for a single component) and `D` normal numbers from the stream.
 */
export function mixtureSampler({ components }: Mixture): Dataset['sample'] {
  const dimension = components[0].mean.length
  const choose = componentChooser(components.map(component => component.weight))
  const means = Float64Array.from(components.flatMap(component => component.mean))
  const noise = new Float64Array(dimension)

  if (components.every(component => component.axes === undefined)) {
    const scales = Float64Array.from(components.flatMap(component => component.scales))
    return (random, out, classes) => {
      for (let row = 0, k = 0; row < out.length; row += dimension, k++) {
        const component = choose(random)
        if (classes) classes[k] = component
        const base = component * dimension
        for (let i = 0; i < dimension; i++) {
          out[row + i] = means[base + i] + scales[base + i] * random.normal()
        }
      }
    }
  }

  const factors = Float64Array.from(components.flatMap(factor))
  return (random, out, classes) => {
    for (let row = 0, k = 0; row < out.length; row += dimension, k++) {
      const component = choose(random)
      if (classes) classes[k] = component
      const base = component * dimension
      for (let j = 0; j < dimension; j++) noise[j] = random.normal()
      for (let i = 0; i < dimension; i++) {
        let sum = means[base + i]
        const from = (base + i) * dimension
        for (let j = 0; j < dimension; j++) sum += factors[from + j] * noise[j]
        out[row + i] = sum
      }
    }
  }
}

/** `axes diag(scales)`, row after row: maps standard normal noise to the component's centred noise. */
function factor({ scales, axes }: MixtureComponent): number[] {
  return scales.flatMap((_, i) => scales.map((scale, j) => (axes ? axes[i][j] : i === j ? 1 : 0) * scale))
}

/** Draws a component's index with the probabilities of `weights`, by bisection of their running sums. */
export function componentChooser(weights: readonly number[]): (random: Random) => number {
  if (weights.length === 1) return () => 0
  let total = 0
  const upTo = Float64Array.from(weights, weight => (total += weight))
  return random => {
    const u = random.uniform() * total
    let low = 0
    let high = upTo.length - 1
    while (low < high) {
      const middle = (low + high) >>> 1
      if (u < upTo[middle]) high = middle
      else low = middle + 1
    }
    return low
  }
}
