import { flat, type Space } from './space.ts'
import { curvedSpaces, spaceNamed } from './spaces/table.ts'

/**
 * Every space that points can live in, beside products such as `sphere(3) x flat(1)`. One-hot symbols are points of a flat one, of which
 * maps know more; see the parameterization `simplex`.
 */
export const spaces: Record<string, Space> = { flat, simplex: flat, ...curvedSpaces }

/**
 * The space of some points; flat where they name none.
 *
 * @throws Error when there is no space of that name; data is checked before
 */
export function spaceOf({ space = 'flat' }: { readonly space?: string }): Space {
  const found = Object.hasOwn(spaces, space) ? spaces[space] : spaceNamed(space)
  if (!found) throw new Error(`no space "${space}"`)
  return found
}
