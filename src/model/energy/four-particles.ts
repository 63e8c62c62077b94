import { z } from 'zod'
import { energyKind } from './kind.ts'
import { type ParticleSystem, particleEnergy } from './particles.ts'

const schema = z.strictObject({
  particles: z.int().min(2).max(64).default(4),
  space: z.int().min(1).max(3).default(2),
  /** Of `(d - distance)^2` and its square. */
  quadratic: z.number().default(-4),
  quartic: z.number().positive().default(0.9),
  distance: z.number().default(4),
})

/**
 * `sum_pairs -4 (d-4)^2 + 0.9 (d-4)^4`, each pair once: the double wells of Köhler, Klein & Noé 2020, arXiv:2006.02425, who write
 * `1/2 sum_ij`.
 */
export function pairWells({
  particles,
  space,
  quadratic,
  quartic,
  distance,
}: z.infer<typeof schema>): ParticleSystem {
  return {
    name: 'four-particles',
    particles,
    space,
    oscillator: 0,
    spread: 2,
    pairs(square) {
      const u = square.sqrt().sub(distance).square()
      return u.mul(quadratic).add(u.square().mul(quartic))
    },
    pair(square) {
      const d = Math.sqrt(square)
      const u = d - distance
      const bent = u * u
      return [bent * (quadratic + quartic * bent), (u * (quadratic + 2 * quartic * bent)) / d]
    },
  }
}

export const fourParticles = energyKind({
  description: 'four particles in the plane with a double well for each distance (DW-4): 6 coordinates',
  schema,
  open: options => particleEnergy(pairWells(options)),
})
