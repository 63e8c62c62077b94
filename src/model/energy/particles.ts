import { constant, type Tensor } from '../../autodiff/index.ts'
import type { Random } from '../../random/random.ts'
import { chainPool } from './chain.ts'
import type { Energy } from './kind.ts'

/** Particles in space that know their distances alone, held together about their center of mass. */
export interface ParticleSystem {
  readonly name: string
  readonly particles: number
  /** Coordinates of a particle. */
  readonly space: number
  /** The energy of a pair by the square of its distance, of every pair `[B, pairs]`. */
  readonly pairs: (square: Tensor) => Tensor
  /** The same of one pair in numbers, and its derivative by the square of the distance. */
  readonly pair: (square: number) => readonly [energy: number, slope: number]
  /** `c` of `c/2 sum |x_i - mean|^2`; 0 for none. */
  readonly oscillator: number
  /** Deviation of the coordinates that chains begin with. */
  readonly spread: number
}

/** Pairs of particles, each once. */
const pairsOf = (particles: number): [number, number][] =>
  Array.from({ length: particles }, (_, i) =>
    Array.from({ length: i }, (_, j): [number, number] => [i, j]),
  ).flat()

/** `x_i - x_j` of each pair, coordinate after coordinate, as a matrix `[P S, pairs S]` behind points. */
function differences({ particles, space }: ParticleSystem): number[] {
  const pairs = pairsOf(particles)
  const width = pairs.length * space
  const matrix = new Array<number>(particles * space * width).fill(0)
  pairs.forEach(([i, j], p) => {
    for (let k = 0; k < space; k++) {
      matrix[(i * space + k) * width + p * space + k] = 1
      matrix[(j * space + k) * width + p * space + k] = -1
    }
  })
  return matrix
}

/**
 * Orthonormal coordinates of particles without their center of mass, as a matrix `[(P-1) S, P S]` behind points: Helmert's basis,
 * the same for each coordinate of space.
 */
export function centredBasis(particles: number, space: number): Float64Array {
  const [rows, width] = [(particles - 1) * space, particles * space]
  const basis = new Float64Array(rows * width)
  for (let i = 1; i < particles; i++) {
    const length = Math.sqrt(i * (i + 1))
    for (let k = 0; k < space; k++) {
      const row = ((i - 1) * space + k) * width
      for (let j = 0; j < i; j++) basis[row + j * space + k] = 1 / length
      basis[row + i * space + k] = -i / length
    }
  }
  return basis
}

/** The energy of all coordinates `[B, P S]`, wherever the center of mass is: `[B]`. */
export function wholeEnergy(system: ParticleSystem): (x: Tensor) => Tensor {
  const { particles, space, pairs, oscillator } = system
  const count = (particles * (particles - 1)) / 2
  const matrix = differences(system)
  return x => {
    const apart = x.matmul(constant(matrix, [particles * space, count * space], x.dtype))
    const square = apart.reshape([x.shape[0], count, space]).square().sum(-1)
    const energy = pairs(square).sum(-1)
    // sum_i |x_i - mean|^2 is the mean of the squares of all distances over the particles.
    return oscillator === 0 ? energy : energy.add(square.sum(-1).mul(oscillator / 2 / particles))
  }
}

/** The energy of one point in numbers; adds its gradient to `slope`. */
function energyAt(
  { particles, space, pair, oscillator }: ParticleSystem,
  x: Float64Array,
  slope: Float64Array,
): number {
  slope.fill(0)
  let energy = 0
  const spring = oscillator / 2 / particles
  for (let i = 1; i < particles; i++) {
    for (let j = 0; j < i; j++) {
      let square = 0
      for (let k = 0; k < space; k++) {
        const apart = x[i * space + k] - x[j * space + k]
        square += apart * apart
      }
      const [value, rate] = pair(square)
      energy += value + spring * square
      const factor = 2 * (rate + spring)
      for (let k = 0; k < space; k++) {
        const push = factor * (x[i * space + k] - x[j * space + k])
        slope[i * space + k] += push
        slope[j * space + k] -= push
      }
    }
  }
  return energy
}

/** Takes the center of mass out of particles. */
function center(x: Float64Array, particles: number, space: number): void {
  for (let k = 0; k < space; k++) {
    let sum = 0
    for (let i = 0; i < particles; i++) sum += x[i * space + k]
    for (let i = 0; i < particles; i++) x[i * space + k] -= sum / particles
  }
}

/**
 * The law of particles in orthonormal coordinates without their center of mass, `(P-1) S` of them: that center has no law, and a
 * determinant of all coordinates would be singular. Samples are those of long chains of the same seed each time, turned,
 * mirrored and renumbered at random, which the law does not see.
 */
export function particleEnergy(system: ParticleSystem): Energy {
  const { name, particles, space } = system
  const basis = centredBasis(particles, space)
  const [dimension, width] = [(particles - 1) * space, particles * space]
  const whole = wholeEnergy(system)
  const pool = () =>
    chainPool(JSON.stringify(Object.values(system).map(String)), {
      dimension: width,
      spread: system.spread,
      project: step => center(step, particles, space),
      energy: (x, slope) => energyAt(system, x, slope),
    })
  const moved = new Float64Array(width)
  return {
    name,
    dimension,
    energy: y => whole(y.matmul(constant(basis, [dimension, width], y.dtype))),
    sample(random, out) {
      const points = pool()
      const count = points.length / width
      for (let row = 0; row < out.length; row += dimension) {
        move(random, points, random.integer(count) * width, moved, system)
        for (let i = 0; i < dimension; i++) {
          let sum = 0
          for (let k = 0; k < width; k++) sum += moved[k] * basis[i * width + k]
          out[row + i] = sum
        }
      }
    },
  }
}

/** Particles turned, mirrored and renumbered at random. */
function move(
  random: Random,
  x: Float64Array,
  from: number,
  out: Float64Array,
  { particles, space }: ParticleSystem,
): void {
  const turn = randomRotation(random, space)
  const order = Array.from({ length: particles }, (_, i) => i)
  for (let i = particles - 1; i > 0; i--) {
    const j = random.integer(i + 1)
    const held = order[i]
    order[i] = order[j]
    order[j] = held
  }
  for (let i = 0; i < particles; i++) {
    for (let k = 0; k < space; k++) {
      let sum = 0
      for (let l = 0; l < space; l++) sum += turn[k * space + l] * x[from + order[i] * space + l]
      out[i * space + k] = sum
    }
  }
}

/** An orthogonal matrix `[n, n]`, every one as likely: normal rows made orthonormal. */
function randomRotation(random: Random, n: number): Float64Array {
  const rows = Float64Array.from({ length: n * n }, () => random.normal())
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < i; j++) {
      let along = 0
      for (let k = 0; k < n; k++) along += rows[i * n + k] * rows[j * n + k]
      for (let k = 0; k < n; k++) rows[i * n + k] -= along * rows[j * n + k]
    }
    let length = 0
    for (let k = 0; k < n; k++) length += rows[i * n + k] ** 2
    for (let k = 0; k < n; k++) rows[i * n + k] /= Math.sqrt(length)
  }
  return rows
}
