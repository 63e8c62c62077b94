import { knownSize } from '../../autodiff/primitive.ts'
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
  /** Rows that rows of a later stage need: by then the block that they are computed in is gone. */
  readonly kept: ReadonlySet<Item>
}

/** Rows that are in memory without being computed. */
export const isThere = ({ op }: Item): boolean => (['input', 'rows'] as PlanOperation[]).includes(op)

/** Whether a whole is an input as it is: all of its rows, in order. */
export function isInput({ op, inputs, shape }: Item): boolean {
  const rows = inputs.filter(input => input.op === 'input') as Item<'input'>[]
  const [first] = rows
  if (op !== 'whole' || rows.length < inputs.length || first.domain!.from !== 0) return false
  const inOrder = rows.every(({ domain }, i) => i === 0 || domain!.from > rows[i - 1].domain!.from)
  const isOne = rows.every(({ params }) => params.index === first.params.index)
  const count = rows.reduce((sum, { domain }) => sum + domain!.rows, 0)
  return isOne && inOrder && count * knownSize(first.shape) === knownSize(shape)
}

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
      return !item.domain && input.domain && !isInput(item) ? stage + 1 : stage
    })
    stageOf.set(item, Math.max(0, ...stages))
  }
  delay(stageOf)
  for (const [item, stage] of stageOf) {
    for (const input of item.inputs) {
      const isLater = item.domain && stageOf.get(input)! < stage
      if (input.domain && !isThere(input) && isLater) kept.add(input)
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

/** Rows of nothing but what is there come with the first rows that need them, so that they need not be kept until then. */
function delay(stageOf: Map<Item, number>): void {
  const first = new Map<Item, number>()
  for (const [item, stage] of stageOf) {
    const latest = item.domain ? stage : stage - 1
    for (const input of item.inputs) first.set(input, Math.min(latest, first.get(input) ?? latest))
  }
  for (const [item, stage] of stageOf) {
    const isOfThere = item.inputs.every(input => !input.domain || isThere(input))
    if (item.domain && !isThere(item) && isOfThere)
      stageOf.set(item, Math.max(stage, first.get(item) ?? stage))
  }
}

function reachable(items: readonly Item[], outputs: readonly Placed[]): ReadonlySet<Item> {
  const used = new Set<Item>(outputs.flatMap(each => ('whole' in each ? [each.whole] : each.pieces)))
  for (const item of [...items].reverse()) {
    if (used.has(item)) for (const input of item.inputs) used.add(input)
  }
  return used
}
