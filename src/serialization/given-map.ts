import { ArgumentError } from '../data/arguments.ts'
import { type ClassChoice, type ClassesOf, classesOf, type KnownClasses } from './classes.ts'
import type { Given, LoadedMap } from './loaded-map.ts'

type Bound = Pick<LoadedMap, 'jump' | 'velocity' | 'inner'>

/**
 * A loaded map, and the same with a condition: at first with none where it knows the data as a whole, and otherwise waiting
 * for one.
 *
 * @param known  the classes that it is told; absent where it is told none
 * @param bind  the map of some classes
 */
export function givenMap(
  name: string,
  known: KnownClasses | undefined,
  bind: (classes?: ClassesOf) => Bound,
  rest: Omit<LoadedMap, keyof Bound | 'classes' | 'needsClass' | 'given'>,
): LoadedMap {
  if (!known) {
    const map: LoadedMap = {
      ...rest,
      ...bind(),
      given: given => (given.class == null ? map : refuse(name)),
    }
    return map
  }
  const of = (classes: ClassesOf, needsClass: boolean): LoadedMap => {
    const map: LoadedMap = {
      ...rest,
      ...bind(classes),
      classes: known.names,
      needsClass,
      given: ({ class: choice }: Given) =>
        choice === undefined ? map : of(classesOf(`${name}: class`, choice, known), false),
    }
    return map
  }
  return of(firstOf(name, null, known), !known.none)
}

/** Refused when it is used, and not before. */
const firstOf =
  (name: string, choice: ClassChoice, known: KnownClasses): ClassesOf =>
  (from, count) =>
    classesOf(`${name}: class`, choice, known)(from, count)

function refuse(name: string): never {
  throw new ArgumentError(`${name}: class: was trained without classes; expected none`)
}
