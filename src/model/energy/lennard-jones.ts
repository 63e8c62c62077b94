import { z } from 'zod'
import { energyKind } from './kind.ts'
import { type ParticleSystem, particleEnergy } from './particles.ts'

const positive = z.number().positive()
const schema = z.strictObject({
  particles: z.int().min(2).max(64).default(13),
  space: z.int().min(1).max(3).default(3),
  epsilon: positive.default(1),
  radius: positive.default(1),
  /** Temperature of the pairs. */
  tau: positive.default(1),
  oscillator: positive.default(1),
})

/**
 * `(epsilon/tau) sum_pairs (r/d)^12 - 2 (r/d)^6 + (c/2) sum |x_i - mean|^2`, each pair once. Köhler, Klein & Noé 2020,
 * arXiv:2006.02425, who write `epsilon/(2 tau) sum_ij`.
 */
export function lennardJonesSystem({
  particles,
  space,
  epsilon,
  radius,
  tau,
  oscillator,
}: z.infer<typeof schema>): ParticleSystem {
  const [depth, unit] = [epsilon / tau, radius ** 2]
  return {
    name: 'lennard-jones',
    particles,
    space,
    oscillator,
    spread: radius,
    pairs(square) {
      const sixth = square.div(unit).pow(-3)
      return sixth.square().sub(sixth.mul(2)).mul(depth)
    },
    pair(square) {
      const ratio = unit / square
      const sixth = ratio * ratio * ratio
      return [depth * sixth * (sixth - 2), (6 * depth * sixth * (1 - sixth)) / square]
    },
  }
}

export const lennardJones = energyKind({
  description: 'thirteen particles in space that attract and repel each other (LJ-13): 36 coordinates',
  schema,
  open: options => particleEnergy(lennardJonesSystem(options)),
})
