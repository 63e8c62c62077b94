import { doubleWell } from './double-well.ts'
import { fourParticles } from './four-particles.ts'
import type { EnergyKind } from './kind.ts'
import { lennardJones } from './lennard-jones.ts'
import { manyWell } from './many-well.ts'

export type { Energy, Observable } from './kind.ts'
export { mixtureEnergy } from './mixture.ts'

/** Energies that are named, each with its options. */
export const energies: Readonly<Record<string, EnergyKind<unknown>>> = {
  'double-well': doubleWell,
  'many-well': manyWell,
  'four-particles': fourParticles,
  'lennard-jones': lennardJones,
}
