import type { Objective } from './objective.ts'
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

/** Ids of the rows that can be the diagonal term of another. */
export const diagonalIds: readonly string[] = [...objectives.values()]
  .filter(({ grounds }) => grounds)
  .map(({ id }) => id)
