import { isTwoLevel, type Objective } from './objective.ts'
import { categoricalRows } from './rows/categorical.ts'
import { compositionalRows } from './rows/compositional.ts'
import { consistencyRows } from './rows/consistency.ts'
import { criticRows } from './rows/critic.ts'
import { dataFreeRows } from './rows/data-free.ts'
import { diagonalRows } from './rows/diagonal.ts'
import { divergenceRows } from './rows/divergence.ts'
import { energyRows } from './rows/energy.ts'
import { eulerianRows } from './rows/eulerian.ts'
import { lagrangianRows } from './rows/lagrangian.ts'
import { levelRows } from './rows/levels.ts'
import { manifoldRows } from './rows/manifold.ts'
import { matchingRows } from './rows/matching.ts'
import { otherRows } from './rows/others.ts'
import { policyRows } from './rows/policy.ts'
import { sampleRows } from './rows/samples.ts'
import { selfEvaluationRows } from './rows/self-evaluation.ts'

/** Every objective by its id. */
export const objectives: ReadonlyMap<string, Objective> = new Map(
  [
    diagonalRows,
    compositionalRows,
    lagrangianRows,
    dataFreeRows,
    eulerianRows,
    consistencyRows,
    otherRows,
    policyRows,
    energyRows,
    divergenceRows,
    matchingRows,
    criticRows,
    sampleRows,
    selfEvaluationRows,
    levelRows,
    manifoldRows,
    categoricalRows,
  ]
    .flat()
    .map(objective => [objective.id, objective]),
)

/**
 * Why nothing that follows a trajectory is offered of a map, in a line; nothing where it is, or where nothing is known of it.
 *
 * @param id  of its objective
 */
export function whyNoTrajectories(id: string | undefined): string | undefined {
  const row = objectives.get(id ?? '')
  return row?.keepsTrajectories === false
    ? `${row.id} matches what comes out and keeps no trajectories: which noise a point comes from means nothing`
    : undefined
}

/**
 * Why a map has no velocity to follow, in a line; nothing where it has, or where nothing is known of it.
 *
 * @param id  of its objective
 * @param isGrounded  whether a diagonal term taught it its velocity beside that
 */
export function whyNoVelocity(id: string | undefined, isGrounded = false): string | undefined {
  const row = objectives.get(id ?? '')
  if (!row?.parts || row.diagonal !== null || isGrounded) return undefined
  if (row.jumps !== 'to-data' && row.jumps !== 'from-noise') return undefined
  return `${row.id} learns jumps ${row.jumps === 'to-data' ? 'to the data' : 'from pure noise'} and no velocity`
}

/** Why a map has no jumps between points, in a line; nothing where it has, or where nothing is known of it. */
export function whyNoJumps(id: string | undefined): string | undefined {
  const row = objectives.get(id ?? '')
  return row && isTwoLevel(row)
    ? `the map of ${row.id} is one of velocities at noisy points, and has no jumps between points`
    : undefined
}

/** Ids of the rows that can be the diagonal term of another. */
export const diagonalIds: readonly string[] = [...objectives.values()]
  .filter(({ grounds }) => grounds)
  .map(({ id }) => id)
