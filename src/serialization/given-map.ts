import { checkGiven, type Given, type KnownCondition, type Told, toldBy } from './conditions.ts'
import { checkGuidance, type GuidanceChoice, guidedInner, usualScale, withGuidance } from './guidance.ts'
import type { LoadedMap } from './loaded-map.ts'

type Bound = Pick<LoadedMap, 'jump' | 'velocity' | 'inner'>

/**
 * A loaded map, and the same with a condition: at first with none where it knows the data as a whole, and otherwise waiting
 * for one.
 *
 * @param known  what it can be told; absent where it is told nothing
 * @param bind  the map that is told something
 * @param outer  a map of standardised points as one of points in the data's units
 */
export function givenMap(
  name: string,
  known: KnownCondition | undefined,
  bind: (told?: Told) => Bound,
  rest: Omit<LoadedMap, keyof Bound | 'condition' | 'needsCondition' | 'given' | 'without' | 'guided'>,
  outer: (inner: LoadedMap['inner']) => Bound,
): LoadedMap {
  const { guidance, objective } = rest
  const bound = (told: Told | undefined, choice: GuidanceChoice | undefined, isTold: boolean): Bound => {
    if (guidance.applied === 'input')
      return bind(withGuidance(told, guidance, choice ?? { scale: usualScale(guidance) }))
    if (!choice || !isTold || choice.scale === 1 || guidance.applied === 'baked') return bind(told)
    const without = bind(toldBy(name, known!, null))
    return outer(
      guidedInner(name, choice, objective, bind(told).inner, without.inner, rest.text?.alphabet.length),
    )
  }
  const of = (
    told: Told | undefined,
    needsCondition: boolean,
    isTold = false,
    choice?: GuidanceChoice,
  ): LoadedMap => {
    const map: LoadedMap = {
      ...rest,
      ...bound(told, choice, isTold),
      ...(known && { condition: known, needsCondition }),
      given(given: Given) {
        checkGiven(name, given, known)
        const asked = known && given[known.kind]
        return known && asked !== undefined
          ? of(toldBy(name, known, asked), false, asked !== null, choice)
          : map
      },
      without: () => (known ? of(toldBy(name, known, null), false, false, choice) : map),
      guided(asked: GuidanceChoice) {
        checkGuidance(name, asked, guidance, isTold)
        return of(told, needsCondition, isTold, asked)
      },
    }
    return map
  }
  // What it must be told is asked for when it is used, and not before.
  return of(known && ((...points) => toldBy(name, known, null)(...points)), known?.none === false)
}
