import { logSumExp } from '../../model/index.ts'
import type { Dataset } from '../dataset.ts'
import { componentChooser } from '../mixture.ts'
import { spaceDataset } from './recipe.ts'

/** Degrees: the middle, the standard deviations of both angles, and how they go together. */
const MODES = [
  { name: 'alpha', weight: 0.5, mean: [-63, -43], deviation: [14, 14], correlation: -0.6 },
  { name: 'beta', weight: 0.35, mean: [-115, 135], deviation: [28, 24], correlation: 0.2 },
  { name: 'left', weight: 0.15, mean: [57, 47], deviation: [14, 16], correlation: -0.5 },
]

const DEGREE = Math.PI / 180
const TURN = 2 * Math.PI

/** Turns on either side whose density is added: the next ones are 20 deviations away. */
const TURNS = [-2, -1, 0, 1, 2]

/** An angle in `[-pi, pi)`. */
export const wrapAngle = (angle: number): number => angle - TURN * Math.floor((angle + Math.PI) / TURN)

/**
 * Three wrapped normals of the two angles of a protein's backbone, with the middles of an alpha helix, a beta sheet and a left-handed helix,
 * after the plot of Ramachandran, Ramakrishnan and Sasisekharan, Stereochemistry of polypeptide chain configurations, 1963.
 */
export function torusRamachandran(): Dataset {
  const choose = componentChooser(MODES.map(({ weight }) => weight))
  const inRadians = MODES.map(({ weight, mean, deviation, correlation }) => ({
    ...{ weight, correlation, rest: Math.sqrt(1 - correlation ** 2) },
    mean: mean.map(angle => angle * DEGREE),
    deviation: deviation.map(angle => angle * DEGREE),
  }))
  return spaceDataset({
    name: 'torus-ramachandran',
    parameters: { modes: MODES },
    space: 'torus',
    dimension: 2,
    classes: MODES.length,
    point(random, out, at) {
      const mode = choose(random)
      const { mean, deviation, correlation, rest } = inRadians[mode]
      const [a, b] = [random.normal(), random.normal()]
      out[at] = wrapAngle(mean[0] + deviation[0] * a)
      out[at + 1] = wrapAngle(mean[1] + deviation[1] * (correlation * a + rest * b))
      return mode
    },
    logDensity: (points, at) =>
      logSumExp(
        inRadians.flatMap(({ weight, mean, deviation, correlation, rest }) => {
          const constant = Math.log(weight / (TURN * deviation[0] * deviation[1] * rest))
          return TURNS.flatMap(i => {
            const a = (wrapAngle(points[at] - mean[0]) + TURN * i) / deviation[0]
            return TURNS.map(j => {
              const b = (wrapAngle(points[at + 1] - mean[1]) + TURN * j) / deviation[1]
              return constant - (a * a + ((b - correlation * a) / rest) ** 2) / 2
            })
          })
        }),
      ),
  })
}
