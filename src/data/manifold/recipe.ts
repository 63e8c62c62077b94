import type { Random } from '../../random/random.ts'
import type { Dataset, Values } from '../dataset.ts'
import { generated } from '../generated.ts'

/** What decides a distribution of points of a space. */
export interface SpaceRecipe {
  readonly name: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly space: string
  readonly dimension: number
  /** Number of classes. */
  readonly classes: number
  /** Writes one point at `out[at]` and gives its class. */
  point(random: Random, out: Values, at: number): number
  /** The log density, in nats, of the point at `points[at]`, in the space's own volume. */
  logDensity(points: Values, at: number): number
}

/** A built-in distribution of points of a space. */
export function spaceDataset({
  name,
  parameters,
  space,
  dimension,
  classes,
  point,
  logDensity,
}: SpaceRecipe): Dataset {
  return generated({
    ...{ name, parameters, space, dimension },
    labels: { names: Array.from({ length: classes }, (_, i) => String(i)) },
    sample(random, out, found) {
      for (let at = 0, i = 0; at < out.length; at += dimension, i++) {
        const index = point(random, out, at)
        if (found) found[i] = index
      }
    },
    logDensity: points =>
      Float64Array.from({ length: points.length / dimension }, (_, i) => logDensity(points, i * dimension)),
  })
}
