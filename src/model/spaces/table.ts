import type { CurvedSpace } from './curved.ts'
import { hyperbolic } from './hyperbolic.ts'
import { rotations } from './rotations.ts'
import { sphere } from './sphere.ts'
import { torus } from './torus.ts'

export type { CurvedSpace }

/** Every curved space by its name. */
export const curvedSpaces: Readonly<Record<string, CurvedSpace>> = { sphere, torus, rotations, hyperbolic }
