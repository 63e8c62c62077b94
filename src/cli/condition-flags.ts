import { shortList } from '../data/short-list.ts'
import { type ConditionKind, conditionKinds, pluralOf } from '../model/index.ts'
import type { Given, KnownCondition } from '../serialization/conditions.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { readRecord } from '../serialization/run.ts'
import { UsageError } from './failure.ts'
import { note } from './terminal.ts'

/** The options that choose what a map is told. */
export interface ConditionFlags {
  readonly class?: string
  readonly vector?: string
}

type Kinds = { readonly [kind in ConditionKind]: Extract<KnownCondition, { kind: kind }> }

/** How the word or the numbers of a flag choose, by kind; nothing where they do not. */
const chosen: {
  readonly [kind in ConditionKind]: {
    readonly expected: (known: Kinds[kind]) => string
    readonly given: (text: string, known: Kinds[kind]) => Given | undefined
  }
} = {
  class: {
    expected: ({ names }) => `all or one of ${shortList(names)}`,
    given: (text, { names }) => (names.includes(text) ? { class: text } : undefined),
  },
  vector: {
    expected: ({ size, columns }) =>
      `${size} ${size === 1 ? 'number' : 'numbers'}${columns ? ` (${shortList(columns)})` : ''}`,
    given(text, { size }) {
      const vector = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
      return vector.length === size && vector.every(Number.isFinite) ? { vector } : undefined
    },
  },
}

/** Says which numbers of a vector the training never saw. */
function noteRange({ vector }: Given, known: KnownCondition): void {
  if (!vector || known.kind !== 'vector') return
  const { minimum, maximum, columns } = known
  Array.from(vector).forEach((value, i) => {
    if (value >= minimum[i] && value <= maximum[i]) return
    const name = columns ? ` of ${columns[i]}` : ''
    const [low, high] = [minimum[i], maximum[i]].map(bound => Number(bound.toPrecision(6)))
    note(`oxbow: --vector: ${value}${name} is outside of the data (${low} to ${high})`)
  })
}

/** The classes that `--class all` stands for; nothing where it says something else. */
export const allClasses = (map: LoadedMap, flags: ConditionFlags): readonly string[] | undefined =>
  flags.class === 'all' && map.condition?.kind === 'class' && !map.condition.names.includes('all')
    ? map.condition.names
    : undefined

/** The map with the condition of the flag of its kind. */
export function given(path: string, map: LoadedMap, flags: ConditionFlags): LoadedMap {
  const { condition } = map
  for (const kind of conditionKinds) {
    if (flags[kind] !== undefined && kind !== condition?.kind) {
      throw new UsageError(`--${kind}: ${path} was trained without ${pluralOf(kind)}`)
    }
  }
  if (!condition) return map
  const { kind } = condition
  const { expected, given } = chosen[kind] as (typeof chosen)['class']
  const known = condition as Kinds['class']
  const text = flags[kind]
  if (text === undefined) {
    if (!map.needsCondition) return map
    throw new UsageError(
      `--${kind} is needed: ${path} was told the ${kind} of every sample; ${expected(known)}`,
    )
  }
  const choice = given(text, known)
  if (!choice && text === 'none') {
    if (condition.none) return map.without()
    throw new UsageError(`--${kind}: expected ${expected(known)}; found none, which it was never shown`)
  }
  if (!choice) {
    throw new UsageError(
      `--${kind}: expected ${condition.none ? `none${kind === 'class' ? ', ' : ' or '}` : ''}${expected(known)}; found ${text}`,
    )
  }
  noteRange(choice, condition)
  return map.given(choice)
}

/**
 * Whether an evaluation is of the data as a whole, of a run that is told something.
 *
 * @throws UsageError where a flag says more than `none`, or the run is not told that
 */
export function isWithout(run: string, flags: ConditionFlags): boolean {
  const named = conditionKinds.filter(kind => flags[kind] !== undefined)
  for (const kind of named) {
    if (flags[kind] !== 'none') {
      throw new UsageError(
        `--${kind}: expected none, found ${flags[kind]}; without it every ${kind} is measured, as often as the data has it`,
      )
    }
    if (readRecord(run).config.condition.kind !== kind) {
      throw new UsageError(`--${kind}: ${run} was trained without ${pluralOf(kind)}`)
    }
  }
  return named.length > 0
}
