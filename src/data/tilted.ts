import { random } from '../random/random.ts'
import { type Classes, type Dataset, pictureShape } from './dataset.ts'
import { DataError } from './error.ts'
import { generated } from './generated.ts'
import { mixtureSampler } from './mixture.ts'
import { type QuadraticTilt, tiltedMixture } from './tilted-mixture.ts'

/** What a distribution is multiplied by, `e^tilt(x)`. */
export interface Tilting {
  /** In the fingerprint, beside that of the data. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly tilt: (point: Readonly<ArrayLike<number>>) => number
  /** What the tilt is never above. */
  readonly most: number
  /** Draws that are tried for one point, at most: where none of them is kept, the last stands in. */
  readonly patience?: number
}

const begin = (base: Dataset, parameters: Tilting['parameters']) => ({
  name: `tilted ${base.name}`,
  parameters: { base: base.fingerprint.sha256, ...parameters },
  dimension: base.dimension,
  shape: base.shape,
  ...(base.space !== undefined && { space: base.space }),
})

/** Data tilted exactly by rejection: a point is kept with probability `e^(tilt - most)`. */
export function tiltedDataset(base: Dataset, { parameters, tilt, most, patience }: Tilting): Dataset {
  const { dimension, labels } = base
  return generated({
    ...begin(base, parameters),
    ...(labels && { labels: { names: labels.names } }),
    // Of pictures it is that of all their pixels, and no other one is at hand.
    ...(pictureShape(base) && { range: base.fingerprint }),
    sample(random, out, classes) {
      const point = new Float64Array(dimension)
      const one: Classes | undefined = labels && classes && new Float32Array(1)
      for (let at = 0, row = 0; at < out.length; at += dimension, row++) {
        for (let tries = 0; tries < (patience ?? Number.POSITIVE_INFINITY); tries++) {
          base.sample(random, point, one)
          if (random.uniform() < Math.exp(tilt(point) - most)) break
        }
        out.set(point, at)
        if (classes && one) classes[row] = one[0]
      }
    },
  })
}

/** Data of a Gaussian mixture tilted by a quadratic: in closed form again. */
export function tiltedMixtureDataset(
  base: Dataset,
  parameters: Tilting['parameters'],
  tilt: QuadraticTilt,
): Dataset {
  const { mixture, kept } = tiltedMixture(base.mixture!, tilt)
  const { labels } = base
  return generated({
    ...begin(base, parameters),
    mixture,
    ...(labels && kept.length > 1 && { labels: { names: kept.map(k => labels.names[k]) } }),
    sample: mixtureSampler(mixture),
  })
}

const TRIED = 20_000
/** Less of the data is kept by hardly any draw. */
const LEAST_KEPT = 1e-3

/** @throws {DataError} when rejection would hardly ever keep a point, or points are text */
export function checkKept(base: Dataset, { tilt, most }: Pick<Tilting, 'tilt' | 'most'>): void {
  if (base.text) throw new DataError(`data.tilted: expected points, found text (${base.name})`)
  const points = new Float64Array(TRIED * base.dimension)
  base.sample(random(0, 'tilt', base.name), points)
  let sum = 0
  for (let at = 0; at < points.length; at += base.dimension) {
    sum += Math.exp(tilt(points.subarray(at, at + base.dimension)) - most)
  }
  if (sum >= LEAST_KEPT * TRIED) return
  throw new DataError(
    `data.tilted: of a thousand points of ${base.name} less than one would be kept; lower beta, or tilt a Gaussian mixture by a quadratic reward, which is exact`,
  )
}
