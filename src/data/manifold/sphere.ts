import { logSumExp } from '../../model/index.ts'
import type { Dataset } from '../dataset.ts'
import { componentChooser } from '../mixture.ts'
import { spaceDataset } from './recipe.ts'

const MODES = [
  { mean: [1, 0, 0], weight: 0.5 },
  { mean: [0, 0.8, 0.6], weight: 0.3 },
  { mean: [-0.6, -0.64, 0.48], weight: 0.2 },
]

/** Two unit vectors that stand upright on a unit vector and on each other. */
function across([x, y, z]: readonly number[]): readonly [readonly number[], readonly number[]] {
  const size = Math.hypot(x, y)
  const a = size > 0.1 ? [-y / size, x / size, 0] : [0, -z / Math.hypot(y, z), y / Math.hypot(y, z)]
  return [a, [y * a[2] - z * a[1], z * a[0] - x * a[2], x * a[1] - y * a[0]]]
}

/**
 * Three modes on the sphere, each of von Mises and Fisher with the concentration 20: `kappa/(4 pi sinh kappa) e^(kappa <mu, x>)`. The height
 * `<mu, x>` is drawn by its distribution function. Fisher, Dispersion on a sphere, 1953.
 */
export function sphereVmf(): Dataset {
  const kappa = 20
  const choose = componentChooser(MODES.map(({ weight }) => weight))
  const frames = MODES.map(({ mean }) => across(mean))
  // log(4 pi sinh kappa / kappa), without its overflow.
  const logNormalizer = Math.log(2 * Math.PI * -Math.expm1(-2 * kappa)) + kappa - Math.log(kappa)
  return spaceDataset({
    name: 'sphere-vmf',
    parameters: { modes: MODES, kappa },
    space: 'sphere',
    dimension: 3,
    classes: MODES.length,
    point(random, out, at) {
      const mode = choose(random)
      const u = random.uniform()
      const height = 1 + Math.log(u + (1 - u) * Math.exp(-2 * kappa)) / kappa
      const radius = Math.sqrt(1 - height * height)
      const angle = 2 * Math.PI * random.uniform()
      const [a, b] = frames[mode]
      const [p, q] = [radius * Math.cos(angle), radius * Math.sin(angle)]
      for (let k = 0; k < 3; k++) out[at + k] = height * MODES[mode].mean[k] + p * a[k] + q * b[k]
      return mode
    },
    logDensity: (points, at) =>
      logSumExp(
        MODES.map(({ mean, weight }) => {
          const height = mean[0] * points[at] + mean[1] * points[at + 1] + mean[2] * points[at + 2]
          return Math.log(weight) + kappa * height - logNormalizer
        }),
      ),
  })
}

/** Bands of equal height, which have equal areas, and sectors of equal longitude. */
const [BANDS, SECTORS] = [4, 8]

/** Uniform on every other one of 32 cells of equal area: 4 bands of latitude, 8 sectors of longitude. */
export function sphereCheckerboard(): Dataset {
  const cells = (BANDS * SECTORS) / 2
  const inside = -Math.log(2 * Math.PI)
  return spaceDataset({
    name: 'sphere-checkerboard',
    parameters: { bands: BANDS, sectors: SECTORS },
    space: 'sphere',
    dimension: 3,
    classes: cells,
    point(random, out, at) {
      const cell = random.integer(cells)
      const band = Math.floor((2 * cell) / SECTORS)
      const sector = ((2 * cell) % SECTORS) + (band % 2)
      const z = -1 + (2 * (band + random.uniform())) / BANDS
      const longitude = -Math.PI + (2 * Math.PI * (sector + random.uniform())) / SECTORS
      const radius = Math.sqrt(1 - z * z)
      out[at] = radius * Math.cos(longitude)
      out[at + 1] = radius * Math.sin(longitude)
      out[at + 2] = z
      return cell
    },
    logDensity(points, at) {
      const turn = Math.atan2(points[at + 1], points[at]) / (2 * Math.PI) + 0.5
      const band = Math.min(BANDS - 1, Math.floor(((points[at + 2] + 1) / 2) * BANDS))
      const sector = Math.min(SECTORS - 1, Math.floor(turn * SECTORS))
      return (band + sector) % 2 === 0 ? inside : Number.NEGATIVE_INFINITY
    },
  })
}
