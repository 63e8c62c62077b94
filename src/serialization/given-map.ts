import { checkGiven, type Given, type KnownCondition, type Told, toldBy } from './conditions.ts'
import type { LoadedMap } from './loaded-map.ts'

type Bound = Pick<LoadedMap, 'jump' | 'velocity' | 'inner'>

/**
 * A loaded map, and the same with a condition: at first with none where it knows the data as a whole, and otherwise waiting
 * for one.
 *
 * @param known  what it can be told; absent where it is told nothing
 * @param bind  the map that is told something
 */
export function givenMap(
  name: string,
  known: KnownCondition | undefined,
  bind: (told?: Told) => Bound,
  rest: Omit<LoadedMap, keyof Bound | 'condition' | 'needsCondition' | 'given' | 'without'>,
): LoadedMap {
  const of = (told: Told | undefined, needsCondition: boolean): LoadedMap => {
    const map: LoadedMap = {
      ...rest,
      ...bind(told),
      ...(known && { condition: known, needsCondition }),
      given(given: Given) {
        checkGiven(name, given, known)
        const choice = known && given[known.kind]
        return known && choice !== undefined ? of(toldBy(name, known, choice), false) : map
      },
      without: () => (known ? of(toldBy(name, known, null), false) : map),
    }
    return map
  }
  // What it must be told is asked for when it is used, and not before.
  return of(known && ((...points) => toldBy(name, known, null)(...points)), known?.none === false)
}
