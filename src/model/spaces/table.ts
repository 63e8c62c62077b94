import type { CurvedSpace } from './curved.ts'
import { flatPart } from './flat.ts'
import { hyperbolic } from './hyperbolic.ts'
import { product } from './product.ts'
import { rotations } from './rotations.ts'
import { sphere } from './sphere.ts'
import { torus } from './torus.ts'

export type { CurvedSpace }

/** Every curved space by its name. */
export const curvedSpaces: Readonly<Record<string, CurvedSpace>> = { sphere, torus, rotations, hyperbolic }

/** A space and how many numbers its points have, such as `sphere(3)`. */
export interface NamedBlock {
  readonly name: string
  readonly size: number
}

/** The spaces that a product is made of. */
const parts: Readonly<Record<string, CurvedSpace>> = { ...curvedSpaces, flat: flatPart }

/** Fewest numbers of a point; of a rotation there are nine. */
const FEWEST: Readonly<Record<string, number>> = { sphere: 2, hyperbolic: 2, torus: 1, flat: 1, rotations: 9 }

function blockNamed(text: string): NamedBlock | undefined {
  const [, name, digits] = /^([a-z]+)(?:\((\d+)\))?$/.exec(text.trim()) ?? []
  if (name === undefined || !Object.hasOwn(parts, name)) return undefined
  const size = digits === undefined && name === 'rotations' ? 9 : Number(digits)
  const fits = name === 'rotations' ? size === 9 : size >= FEWEST[name]
  return fits ? { name, size } : undefined
}

/**
 * The blocks of a product by its name, each with the numbers of its points: `sphere(3) x torus(2) x flat(1)`; `rotations` has
 * nine. Nothing for a space without such numbers, and for what is no name.
 */
export function blocksNamed(name: string): readonly NamedBlock[] | undefined {
  const blocks = name.split(' x ').map(blockNamed)
  return blocks.every(block => block !== undefined) ? blocks : undefined
}

const products = new Map<string, CurvedSpace>()

/** The curved space, or the product of spaces, of a name. */
export function spaceNamed(name: string): CurvedSpace | undefined {
  if (Object.hasOwn(curvedSpaces, name)) return curvedSpaces[name]
  const blocks = blocksNamed(name)
  if (!blocks) return undefined
  const known = products.get(name)
  if (known) return known
  const found = product(blocks.map(({ name, size }) => ({ space: parts[name], size })))
  products.set(name, found)
  return found
}

/** How many numbers a point of a named space may have: whether so many fit. */
export function holdsPoints(name: string, size: number): boolean {
  if (Object.hasOwn(FEWEST, name)) return name === 'rotations' ? size === 9 : size >= FEWEST[name]
  return blocksNamed(name)?.reduce((total, block) => total + block.size, 0) === size
}
