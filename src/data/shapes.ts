import type { Random } from '../random/random.ts'
import type { Dataset, Values } from './dataset.ts'
import { generated } from './generated.ts'

/**
 * Uniform on 8 of the 16 unit cells of [-2, 2]^2, those whose floors of x and y have an even sum.
 * Boffi et al., arXiv:2505.18825. Histograms are taken over [-2.5, 2.5]^2.
 */
export function checkerboard(): Dataset {
  return plane(
    'checkerboard',
    { cells: 4, side: 1 },
    (random, out, at) => {
      const cell = random.integer(8)
      const row = cell >> 1
      const column = 2 * (cell & 1) + (row & 1)
      out[at] = column - 2 + random.uniform()
      out[at + 1] = row - 2 + random.uniform()
      return cell
    },
    {
      classes: 8,
      histogramRange: [
        [-2.5, 2.5],
        [-2.5, 2.5],
      ],
    },
  )
}

/**
 * Two interleaved half circles, twice the size of scikit-learn's `make_moons(noise=0.1)`, shifted by (-1, -0.2).
 * Scale and shift as in Grathwohl et al., FFJORD, arXiv:1810.01367.
 */
export function twoMoons(): Dataset {
  const noise = 0.1
  return plane(
    'two-moons',
    { noise, scale: 2, shift: [-1, -0.2] },
    (random, out, at) => {
      const lower = random.uniform() < 0.5
      const angle = Math.PI * random.uniform()
      const x = lower ? 1 - Math.cos(angle) : Math.cos(angle)
      const y = lower ? 0.5 - Math.sin(angle) : Math.sin(angle)
      out[at] = 2 * (x + noise * random.normal()) - 1
      out[at + 1] = 2 * (y + noise * random.normal()) - 0.2
      return Number(lower)
    },
    { classes: 2 },
  )
}

/**
 * The spiral `a (cos a, sin a)`, `a` uniform in [1.5 pi, 4.5 pi], with unit noise, divided by 5.
 * Marsland, Machine Learning: An Algorithmic Perspective, 2009, as in scikit-learn's `make_swiss_roll(noise=1)` seen
 * from the side; scale as in FFJORD, arXiv:1810.01367. The vector of a point is its angle `a`.
 */
export function swissRoll(): Dataset {
  const [noise, scale] = [1, 1 / 5]
  const [low, high] = [1.5 * Math.PI, 4.5 * Math.PI]
  const dataset = plane('swiss-roll', { noise, scale }, (random, out, at, vectors) => {
    const angle = 1.5 * Math.PI * (1 + 2 * random.uniform())
    out[at] = scale * (angle * Math.cos(angle) + noise * random.normal())
    out[at + 1] = scale * (angle * Math.sin(angle) + noise * random.normal())
    if (vectors) vectors[at / 2] = angle
    return undefined
  })
  const standardization = { shift: [(low + high) / 2], scale: [(high - low) / Math.sqrt(12)] }
  return {
    ...dataset,
    vector: { size: 1, columns: ['angle'], minimum: [low], maximum: [high], standardization },
  }
}

/**
 * Five arms bent by the exponential of their radius.
 * Johnson et al., arXiv:1603.06277; parameters as in FFJORD, arXiv:1810.01367: radial spread 0.3, tangential 0.1,
 * rate 0.25, all doubled.
 */
export function pinwheel(): Dataset {
  const [arms, radial, tangential, rate, scale] = [5, 0.3, 0.1, 0.25, 2]
  return plane(
    'pinwheel',
    { arms, radial, tangential, rate, scale },
    (random, out, at) => {
      const along = 1 + radial * random.normal()
      const across = tangential * random.normal()
      const arm = random.integer(arms)
      const angle = (2 * Math.PI * arm) / arms + rate * Math.exp(along)
      const [cos, sin] = [Math.cos(angle), Math.sin(angle)]
      out[at] = scale * (along * cos + across * sin)
      out[at + 1] = scale * (across * cos - along * sin)
      return arm
    },
    { classes: arms },
  )
}

/**
 * Two spirals of one and a half turns, one the other turned by half a turn ("2spirals" of FFJORD, arXiv:1810.01367).
 * The radius is at most pi before a jitter of 1/6 and noise of 0.1.
 */
export function spirals(): Dataset {
  const [turns, jitter, scale, noise] = [1.5, 0.5, 1 / 3, 0.1]
  return plane(
    'spirals',
    { turns, jitter, scale, noise },
    (random, out, at) => {
      const angle = Math.sqrt(random.uniform()) * turns * 2 * Math.PI
      const turned = random.uniform() < 0.5
      const sign = turned ? -scale : scale
      const x = -Math.cos(angle) * angle + jitter * random.uniform()
      const y = Math.sin(angle) * angle + jitter * random.uniform()
      out[at] = sign * x + noise * random.normal()
      out[at + 1] = sign * y + noise * random.normal()
      return Number(turned)
    },
    { classes: 2 },
  )
}

/** Uniform inside the curve `(x^2 + y^2 - 1)^3 = x^2 y^3`, doubled and shifted down by 0.6. */
export function heart(): Dataset {
  const [scale, down] = [2, 0.6]
  return plane('heart', { scale, shift: [0, -down] }, (random, out, at) => {
    for (;;) {
      const x = 1.2 * (2 * random.uniform() - 1)
      const y = 2.4 * random.uniform() - 1.1
      if ((x * x + y * y - 1) ** 3 > x * x * y ** 3) continue
      out[at] = scale * x
      out[at + 1] = scale * y - down
      return undefined
    }
  })
}

/**
 * A dataset in the plane from a function that writes one point at `out[at]`, `out[at + 1]`, its vector if it has any, and gives its
 * class if it has any.
 */
function plane(
  name: string,
  parameters: Record<string, unknown>,
  point: (random: Random, out: Values, at: number, vectors?: Values) => number | undefined,
  { classes, histogramRange }: { classes?: number; histogramRange?: Dataset['histogramRange'] } = {},
): Dataset {
  const sample: Dataset['sample'] = (random, out, found, vectors) => {
    for (let at = 0; at < out.length; at += 2) {
      const index = point(random, out, at, vectors)
      if (found && index !== undefined) found[at / 2] = index
    }
  }
  return generated({
    name,
    parameters,
    dimension: 2,
    sample,
    ...(classes && { labels: { names: Array.from({ length: classes }, (_, i) => String(i)) } }),
    ...(histogramRange && { histogramRange }),
  })
}
