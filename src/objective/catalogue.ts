import { flowMatching, teacherVelocity, tiltMatching } from './diagonal.ts'
import type { Loss } from './loss.ts'
import type { DiagonalId, Objective } from './objective.ts'
import { type RewardConfig, rewardOf } from './reward.ts'
import { compositionalRows } from './rows/compositional.ts'
import { consistencyRows } from './rows/consistency.ts'
import { dataFreeRows } from './rows/data-free.ts'
import { diagonalRows } from './rows/diagonal.ts'
import { eulerianRows } from './rows/eulerian.ts'
import { lagrangianRows } from './rows/lagrangian.ts'
import { otherRows } from './rows/others.ts'

/** Every objective by its id. */
export const objectives: ReadonlyMap<string, Objective> = new Map(
  [diagonalRows, compositionalRows, lagrangianRows, dataFreeRows, eulerianRows, consistencyRows, otherRows]
    .flat()
    .map(objective => [objective.id, objective]),
)

// biome-ignore lint/suspicious/noExplicitAny: options are checked by the row of the same id
type Options = any

/** The diagonal terms by id, with the options of the row of that name. */
export const diagonals: Readonly<Record<DiagonalId, (options: Options) => Loss>> = {
  'flow-matching': () => flowMatching,
  'teacher-velocity': () => teacherVelocity,
  itm: ({ beta, reward }) => tiltMatching(beta, rewardOf(reward as RewardConfig)),
}
