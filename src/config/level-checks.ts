import { isTwoLevel, objectives } from '../objective/index.ts'
import type { Check } from './check.ts'

/** Objectives whose map is an inner flow of velocities at noisy points. */
const levels = (): string =>
  [...objectives.values()].flatMap(row => (isTwoLevel(row) ? [row.id] : [])).join(' and ')

/** Combinations that make no sense of a map of velocities at noisy points, or of any other. */
export const levelChecks: readonly Check[] = [
  ({ condition: { kind } }, row) =>
    isTwoLevel(row) &&
    kind !== 'state' &&
    `condition.kind: ${row.id} conditions its map on a noisy point; use state, found ${kind}`,
  ({ condition: { drop } }, row) =>
    isTwoLevel(row) &&
    drop !== 0 &&
    `condition.drop: ${row.id} needs the noisy point for every sample; use 0, found ${drop}`,
  ({ network: { backbone = 0 } }, row) => {
    if (!isTwoLevel(row)) {
      return (
        backbone !== 0 &&
        `network.backbone: the first layers of ${row.id} see every point anew; use 0, or one of ${levels()}; found ${backbone}`
      )
    }
    return (
      backbone === 0 &&
      `network.backbone: ${row.id} makes features of a noisy point once for all inner jumps; use 1 or more layers, found 0`
    )
  },
  ({ adversarial, matching }, row) =>
    isTwoLevel(row) &&
    (adversarial ?? matching) !== null &&
    `${adversarial ? 'adversarial' : 'matching'}: acts on the jump from noise to data, but the map of ${row.id} jumps between velocities; remove this key`,
]
