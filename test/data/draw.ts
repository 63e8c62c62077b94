import type { Dataset } from '../../src/data/dataset.ts'
import { random } from '../../src/random/random.ts'

/** `count` points of a dataset in float64, from a stream of the test's own. */
export function draw(dataset: Dataset, count: number, seed = 1): Float64Array {
  const out = new Float64Array(count * dataset.dimension)
  dataset.sample(random(seed, 'test'), out)
  return out
}

/** Mean `[2]` and covariance `[xx, yy, xy]` of `[N, 2]` points. */
export function moments(points: Float64Array): { mean: number[]; covariance: number[] } {
  const count = points.length / 2
  const average = (f: (x: number, y: number) => number) => {
    let sum = 0
    for (let i = 0; i < points.length; i += 2) sum += f(points[i], points[i + 1])
    return sum / count
  }
  const [mx, my] = [average(x => x), average((_, y) => y)]
  const covariance = [
    average(x => (x - mx) ** 2),
    average((_, y) => (y - my) ** 2),
    average((x, y) => (x - mx) * (y - my)),
  ]
  return { mean: [mx, my], covariance }
}
