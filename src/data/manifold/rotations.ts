import { logSumExp } from '../../model/index.ts'
import type { Dataset } from '../dataset.ts'
import { componentChooser } from '../mixture.ts'
import { spaceDataset } from './recipe.ts'

/** The middle of a mode as a vector along its axis, as long as its angle, and the standard deviation of what turns it further. */
const MODES = [
  { weight: 0.4, turn: [0, 0, 0], deviation: 0.3 },
  { weight: 0.35, turn: [0, 1.8, 0.9], deviation: 0.2 },
  { weight: 0.25, turn: [-1.6, 0.5, -1.2], deviation: 0.25 },
]

const TURN = 2 * Math.PI

/** The matrix of the rotation by a vector, row after row: `I + (sin w/w) hat + ((1 - cos w)/w^2) hat^2`. */
export function rotationBy([a, b, c]: readonly number[]): number[] {
  const w = Math.hypot(a, b, c)
  const p = w === 0 ? 1 : Math.sin(w) / w
  const q = w === 0 ? 0.5 : 2 * (Math.sin(w / 2) / w) ** 2
  return [
    ...[1 - q * (b * b + c * c), q * a * b - p * c, q * a * c + p * b],
    ...[q * a * b + p * c, 1 - q * (a * a + c * c), q * b * c - p * a],
    ...[q * a * c - p * b, q * b * c + p * a, 1 - q * (a * a + b * b)],
  ]
}

/** The angle of the rotation from one matrix to another, by its sine and cosine. */
function angleBetween(R: ArrayLike<number>, Q: ArrayLike<number>, at: number): number {
  /** `(R^T Q)[i, j]`. */
  const entry = (i: number, j: number): number =>
    R[i] * Q[at + j] + R[3 + i] * Q[at + 3 + j] + R[6 + i] * Q[at + 6 + j]
  const sine = Math.hypot(entry(2, 1) - entry(1, 2), entry(0, 2) - entry(2, 0), entry(1, 0) - entry(0, 1)) / 2
  return Math.atan2(sine, (entry(0, 0) + entry(1, 1) + entry(2, 2) - 1) / 2)
}

/**
 * Three modes of rotations `R rot(w)`, `w` normal. A rotation by the angle `theta` comes from `w` of the lengths `|theta + 2 pi k|`, and volumes
 * shrink on the way from `w` by `(sin(w/2)/(w/2))^2`.
 */
export function so3Mixture(): Dataset {
  const choose = componentChooser(MODES.map(({ weight }) => weight))
  const centers = MODES.map(({ turn }) => rotationBy(turn))
  return spaceDataset({
    name: 'so3-mixture',
    parameters: { modes: MODES },
    space: 'rotations',
    dimension: 9,
    classes: MODES.length,
    point(random, out, at) {
      const mode = choose(random)
      const R = centers[mode]
      const { deviation } = MODES[mode]
      const Q = rotationBy([0, 1, 2].map(() => deviation * random.normal()))
      for (let i = 0; i < 3; i++) {
        for (let j = 0; j < 3; j++)
          out[at + 3 * i + j] = R[3 * i] * Q[j] + R[3 * i + 1] * Q[3 + j] + R[3 * i + 2] * Q[6 + j]
      }
      return mode
    },
    logDensity: (points, at) =>
      logSumExp(
        MODES.flatMap(({ weight, deviation }, mode) => {
          const theta = angleBetween(centers[mode], points, at)
          return [-1, 0, 1].map(k => {
            const w = theta + TURN * k
            const shrunk = w === 0 ? 1 : Math.sin(w / 2) / (w / 2)
            const normal = -1.5 * Math.log(TURN * deviation ** 2) - w ** 2 / (2 * deviation ** 2)
            return Math.log(weight) + normal - 2 * Math.log(Math.abs(shrunk))
          })
        }),
      ),
  })
}
