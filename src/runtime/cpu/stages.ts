import type { Item, Placed, PlanOperation } from './item.ts'
import type { Placing } from './placing.ts'

/** What is computed at one time: values as a whole, one after the other, and then the rows of domains. */
export interface Stage {
  readonly wholes: readonly Item[]
  /** Of each domain, by its number. */
  readonly rows: ReadonlyMap<number, readonly Item[]>
}

export interface Staged {
  readonly stages: readonly Stage[]
  /** Rows that are needed beyond the block that they are computed in. */
  readonly kept: ReadonlySet<Item>
}

/** Rows that are in memory without being computed. */
export const isThere = ({ op }: Item): boolean => (['input', 'rows'] as PlanOperation[]).includes(op)

/**
 * Orders the items of a placing. A whole that is made of rows comes in the stage after them; rows come after the wholes of their
 * own stage.
 */
export function stagesOf({ items, outputs }: Placing): Staged {
  const stageOf = new Map<Item, number>()
  const kept = new Set<Item>()
  const used = reachable(items, outputs)
  for (const item of items) {
    if (!used.has(item)) continue
    const stages = item.inputs.map(input => {
      const stage = stageOf.get(input)!
      return !item.domain && input.domain && !isThere(input) ? stage + 1 : stage
    })
    stageOf.set(item, Math.max(0, ...stages))
  }
  for (const [item, stage] of stageOf) {
    for (const input of item.inputs) {
      const beyond = item.op === 'whole' || (item.domain && stageOf.get(input)! < stage)
      if (input.domain && !isThere(input) && beyond) kept.add(input)
    }
  }
  const count = Math.max(0, ...stageOf.values()) + 1
  const stages = Array.from({ length: count }, (_, i) => {
    const own = [...stageOf].filter(([, stage]) => stage === i).map(([item]) => item)
    const rows = new Map<number, Item[]>()
    for (const item of own) {
      if (item.domain) rows.set(item.domain.id, [...(rows.get(item.domain.id) ?? []), item])
    }
    return { wholes: own.filter(({ domain }) => !domain), rows }
  })
  return { stages, kept }
}

function reachable(items: readonly Item[], outputs: readonly Placed[]): ReadonlySet<Item> {
  const used = new Set<Item>(outputs.flatMap(each => ('whole' in each ? [each.whole] : each.pieces)))
  for (const item of [...items].reverse()) {
    if (used.has(item)) for (const input of item.inputs) used.add(input)
  }
  return used
}
