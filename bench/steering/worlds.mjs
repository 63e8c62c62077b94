// Worlds whose tilted law is known, and their exact flow maps in float64: mixtures of round Gaussians on the linear path.

import { generatedDataset } from '../../dist/config/dataset.js'
import { interpolants } from '../../dist/model/index.js'
import { random } from '../../dist/random/random.js'

/** Of the dataset `ring`. */
const RING = generatedDataset('ring').mixture.components.map(({ weight, mean, scales }) => ({
  weight,
  mean,
  sd: scales[0],
}))
const TWO = [
  { weight: 0.3, mean: [-1.5, 0.5], sd: 0.5 },
  { weight: 0.7, mean: [1, -0.5], sd: 0.3 },
]

/** `data` and `reward` are as in a configuration. */
export const WORLDS = {
  ring: {
    components: RING,
    data: 'ring',
    beta: 4,
    reward: { kind: 'gaussian', center: [4, 0], scale: 2.5 },
  },
  two: {
    components: TWO,
    data: {
      mixture: { components: TWO.map(({ weight, mean, sd }) => ({ weight, mean, std: sd })) },
    },
    beta: 1,
    reward: {
      kind: 'quadratic',
      A: [
        [1 / 0.36, 0],
        [0, 1 / 0.36],
      ],
      center: [0.2, 0.8],
    },
  },
}

/**
 * The mixture at a time of its path, at points `[n, 2]`: velocities, and where asked for the logarithm of the density up to a
 * constant, and each component's share.
 */
function along(components, x, t, velocities, densities, shares) {
  const n = components.length
  const [variances, slopes, logs, mx, my, weights] = Array.from({ length: 6 }, () => new Float64Array(n))
  components.forEach(({ weight, mean, sd }, k) => {
    variances[k] = ((1 - t) * sd) ** 2 + t * t
    slopes[k] = (t - (1 - t) * sd * sd) / variances[k]
    logs[k] = Math.log(weight / variances[k])
    mx[k] = mean[0]
    my[k] = mean[1]
  })
  for (let i = 0; i < x.length; i += 2) {
    let most = -Infinity
    for (let k = 0; k < n; k++) {
      const [dx, dy] = [x[i] - (1 - t) * mx[k], x[i + 1] - (1 - t) * my[k]]
      weights[k] = logs[k] - (dx * dx + dy * dy) / (2 * variances[k])
      if (weights[k] > most) most = weights[k]
    }
    let [total, vx, vy] = [0, 0, 0]
    for (let k = 0; k < n; k++) {
      const weight = Math.exp(weights[k] - most)
      weights[k] = weight
      total += weight
      vx += weight * (slopes[k] * (x[i] - (1 - t) * mx[k]) - mx[k])
      vy += weight * (slopes[k] * (x[i + 1] - (1 - t) * my[k]) - my[k])
    }
    if (velocities) {
      velocities[i] = vx / total
      velocities[i + 1] = vy / total
    }
    if (densities) densities[i / 2] = Math.log(total) + most
    if (shares) for (let k = 0; k < n; k++) shares[(i / 2) * n + k] = weights[k] / total
  }
}

/** Steps of the classical Runge-Kutta method for a jump over the whole path; fewer for a shorter one. */
const STEPS = 48
/** For derivatives by central differences. */
const SMALL = 1e-5

/** The exact map of a world as steering asks of it. */
export function exactMap({ components }) {
  const velocity = async (x, t) => {
    const out = new Float64Array(x.length)
    along(components, x, t, out)
    return out
  }
  const jump = async (x, s, t) => {
    const steps = Math.max(4, Math.ceil(STEPS * Math.abs(t - s)))
    const h = (t - s) / steps
    const slopes = Array.from({ length: 4 }, () => new Float64Array(x.length))
    const end = Float64Array.from(x)
    const place = new Float64Array(x.length)
    for (let k = 0; k < steps; k++) {
      const time = s + h * k
      for (const [j, [part, before]] of [[0], [h / 2, 0], [h / 2, 1], [h, 2]].entries()) {
        for (let i = 0; i < x.length; i++) place[i] = end[i] + (j === 0 ? 0 : part * slopes[before][i])
        along(components, place, time + (j === 0 ? 0 : part), slopes[j])
      }
      for (let i = 0; i < x.length; i++) {
        end[i] += (h / 6) * (slopes[0][i] + 2 * slopes[1][i] + 2 * slopes[2][i] + slopes[3][i])
      }
    }
    return end
  }
  const pullback = f => async (x, g) => {
    const out = new Float64Array(x.length)
    for (const axis of [0, 1]) {
      const moved = sign => f(x.map((value, i) => (i % 2 === axis ? value + sign * SMALL : value)))
      const [up, down] = [await moved(1), await moved(-1)]
      for (let i = 0; i < x.length; i += 2) {
        for (const d of [0, 1]) out[i + axis] += (g[i + d] * (up[i + d] - down[i + d])) / (2 * SMALL)
      }
    }
    return out
  }
  return {
    dimension: 2,
    interpolant: interpolants.linear,
    velocity,
    jump,
    velocityPullback: (x, t, g) => pullback(y => velocity(y, t))(x, g),
    jumpPullback: (x, s, t, g) => pullback(y => jump(y, s, t))(x, g),
    logDensity: async (x, t) => {
      const out = new Float64Array(x.length / 2)
      along(components, x, t, undefined, out)
      return out
    },
  }
}

/** Exact samples of `p(x0 | x_tau)`. */
export function exactPosterior({ components }, seed) {
  const source = random(seed, 'posterior')
  const n = components.length
  return async (x, tau) => {
    const out = new Float64Array(x.length)
    const shares = new Float64Array((x.length / 2) * n)
    along(components, x, tau, undefined, undefined, shares)
    for (let i = 0; i < x.length; i += 2) {
      let [k, u] = [0, source.uniform()]
      while (k < n - 1 && u >= shares[(i / 2) * n + k]) u -= shares[(i / 2) * n + k++]
      const { mean, sd } = components[k]
      const variance = ((1 - tau) * sd) ** 2 + tau * tau
      const gain = ((1 - tau) * sd * sd) / variance
      const spread = (sd * tau) / Math.sqrt(variance)
      for (const d of [0, 1]) {
        out[i + d] = mean[d] + gain * (x[i + d] - (1 - tau) * mean[d]) + spread * source.normal()
      }
    }
    return out
  }
}

/** The share of points that are nearest to each component. */
export function modeShares({ components }, points) {
  const counts = new Float64Array(components.length)
  for (let i = 0; i < points.length; i += 2) {
    let [best, least] = [0, Infinity]
    for (let k = 0; k < components.length; k++) {
      const { mean } = components[k]
      const square = (points[i] - mean[0]) ** 2 + (points[i + 1] - mean[1]) ** 2
      if (square < least) {
        best = k
        least = square
      }
    }
    counts[best]++
  }
  return counts.map(count => (2 * count) / points.length)
}

/** Half the sum of the differences of shares. */
export const totalVariation = (a, b) => a.reduce((sum, value, k) => sum + Math.abs(value - b[k]) / 2, 0)

/** `log E[e^{beta r}]` by a sum over a grid that holds the components whole. */
export function logNormaliser({ components, beta }, value) {
  const [low, step, count] = [-8, 0.02, 800]
  let [top, bottom] = [0, 0]
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < count; j++) {
      const point = [low + (i + 0.5) * step, low + (j + 0.5) * step]
      let density = 0
      for (const { weight, mean, sd } of components) {
        const square = (point[0] - mean[0]) ** 2 + (point[1] - mean[1]) ** 2
        if (square < 100 * sd * sd) density += (weight / (sd * sd)) * Math.exp(-square / (2 * sd * sd))
      }
      if (density === 0) continue
      top += density * Math.exp(beta * value(point))
      bottom += density
    }
  }
  return Math.log(top / bottom)
}
