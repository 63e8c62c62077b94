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
  readonly state?: string
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
      const vector = numbersIn(text, size)
      return vector && { vector }
    },
  },
  state: {
    expected: ({ size }) => `${size} coordinates of a noisy point and its time, 0 to 1`,
    given(text, { size }) {
      const state = numbersIn(text, size + 1)
      return state && state[size] >= 0 && state[size] <= 1 ? { state } : undefined
    },
  },
}

/** Numbers between commas; nothing where there are more or fewer, or others. */
function numbersIn(text: string, count: number): number[] | undefined {
  const found = text.split(',').map(part => (part.trim() === '' ? Number.NaN : Number(part)))
  return found.length === count && found.every(Number.isFinite) ? found : undefined
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

/** What a map can be told, and whether it must be. */
type Tellable = Pick<LoadedMap, 'condition' | 'needsCondition'>

/** What the flag of its kind tells a map; nothing without one. */
export function chosenBy(
  path: string,
  { condition, needsCondition }: Tellable,
  flags: ConditionFlags,
): Given | undefined {
  for (const kind of conditionKinds) {
    if (flags[kind] !== undefined && kind !== condition?.kind) {
      throw new UsageError(`--${kind}: ${path} was trained without ${pluralOf(kind)}`)
    }
  }
  if (!condition) return undefined
  const { kind } = condition
  const { expected, given } = chosen[kind] as (typeof chosen)['class']
  const known = condition as Kinds['class']
  const text = flags[kind]
  if (text === undefined) {
    if (!needsCondition) return undefined
    throw new UsageError(
      `--${kind} is needed: ${path} was trained with the ${kind} of every sample; ${expected(known)}`,
    )
  }
  const choice = given(text, known)
  if (!choice && text === 'none') {
    if (condition.none) return { [kind]: null }
    throw new UsageError(`--${kind}: expected ${expected(known)}; found none, which it was never shown`)
  }
  if (!choice) {
    throw new UsageError(
      `--${kind}: expected ${condition.none ? `none${kind === 'class' ? ', ' : ' or '}` : ''}${expected(known)}; found ${text}`,
    )
  }
  noteRange(choice, condition)
  return choice
}

/** The map with the condition of the flag of its kind. */
export function given(path: string, map: LoadedMap, flags: ConditionFlags): LoadedMap {
  const choice = chosenBy(path, map, flags)
  return choice ? map.given(choice) : map
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
