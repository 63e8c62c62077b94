import { describe, expect, test } from 'vitest'
import {
  constant,
  evaluate,
  simplify,
  spec,
  type Tensor,
  trace,
  valueAndGrad,
} from '../../src/autodiff/index.ts'
import { determinants } from '../../src/density/determinant.ts'
import { type Energy, energies, flat, fromJump, mixtureEnergy, noisePath } from '../../src/model/index.ts'
import { reverseKl } from '../../src/objective/energy-training.ts'
import { comparing, type Draw, squaredError } from '../../src/objective/index.ts'
import { logAbsDeterminant } from '../../src/objective/log-determinant.ts'
import { random } from '../../src/random/random.ts'

const COUNT = 4000
const normals = (count: number, name: string): Float64Array => {
  const source = random(2, name)
  return Float64Array.from({ length: count }, () => source.normal())
}

/** Noise whose mean and covariance are exactly those of the normal law: then a quadratic energy has no luck in it. */
function whitened(count: number): Float64Array {
  const half = normals(count, 'half')
  const size = Math.sqrt(half.reduce((sum, z) => sum + z * z, 0) / (count / 2))
  // Four points for each: both signs of both coordinates, and exchanged.
  const points: number[] = []
  for (let i = 0; i < count; i += 2) {
    const [a, b] = [half[i] / (size / Math.SQRT2), half[i + 1] / (size / Math.SQRT2)]
    for (const [x, y] of [
      [a, b],
      [-a, b],
      [a, -b],
      [-a, -b],
      [b, a],
      [-b, a],
      [b, -a],
      [-b, -a],
    ])
      points.push(x, y)
  }
  return Float64Array.from(points)
}

type Parameters = Readonly<Record<string, Tensor>>
type Jump = (parameters: Parameters, z: Tensor) => Tensor

/** The mean loss of a jump with some parameters, and its gradients by them. */
function lossOf(
  energy: Pick<Energy, 'energy'>,
  jump: Jump,
  at: Readonly<Record<string, number[]>>,
  noise: Float64Array,
) {
  const rows = noise.length / 2
  const graph = trace(
    parameters =>
      valueAndGrad((live: Parameters) => {
        const map = fromJump(x => jump(live, x))
        const draw = {
          map,
          path: noisePath(constant(noise, [rows, 2], 'float64')),
          energy: energy.energy,
          ...comparing(flat, squaredError),
        } as unknown as Draw
        return reverseKl(draw).mean()
      })(parameters as Parameters),
    Object.fromEntries(Object.entries(at).map(([name, value]) => [name, spec([value.length], 'float64')])),
  )
  const inputs = Object.values(at).map(value => ({ shape: [value.length], data: Float64Array.from(value) }))
  const [loss, ...gradients] = evaluate(simplify(graph), inputs)
  return { loss: loss.data[0], gradients: gradients.map(({ data }) => [...data]) }
}

/** `F(z) = shift + (scale, rotated) z`, so that the Jacobian is full. */
const affine: Jump = ({ shift, scale }, z) => {
  const [cos, sin] = [Math.cos(0.7), Math.sin(0.7)]
  const turn = constant([cos, sin, -sin, cos], [2, 2], 'float64')
  return z
    .matmul(turn)
    .mul(scale.reshape([1, 2]))
    .add(shift.reshape([1, 2]))
}

const MEAN = [0.7, -0.4]
const SCALES = [0.5, 1.3]
const gaussian = mixtureEnergy('one', { components: [{ weight: 1, mean: MEAN, scales: SCALES }] }, undefined)
/** The same law with another normaliser. */
const shifted = { energy: (x: Tensor) => gaussian.energy(x).sub(3) }

describe('reverse-kl', () => {
  const noise = whitened(COUNT / 8)

  test('is -log Z with no gradient at the exact scale of a Gaussian', () => {
    for (const [energy, logZ] of [
      [gaussian, 0],
      [shifted, 3],
    ] as const) {
      const { loss, gradients } = lossOf(energy, affine, { shift: MEAN, scale: SCALES }, noise)
      // What is left is `|z|^2/2 + log 2 pi`, whose mean over this noise is 1 more than the entropy's.
      const expected = -logZ + entropyOff(noise)
      expect(Math.abs(loss - expected)).toBeLessThan(1e-10)
      for (const gradient of gradients.flat()) expect(Math.abs(gradient)).toBeLessThan(1e-10)
    }
  })

  /** `E[U - log det]` of the exact map is `E[|z|^2]/2 + log 2 pi - log Z`: less the entropy of the noise, 1 + log 2 pi, it is -log Z. */
  const entropyOff = (z: Float64Array): number =>
    z.reduce((sum, value) => sum + value * value, 0) / z.length + Math.log(2 * Math.PI)

  test('is more at any other scale, with a gradient that leads back', () => {
    const exact = lossOf(gaussian, affine, { shift: MEAN, scale: SCALES }, noise).loss
    for (const scale of [
      [0.7, 1.3],
      [0.5, 1],
    ]) {
      const { loss, gradients } = lossOf(gaussian, affine, { shift: MEAN, scale }, noise)
      expect(loss).toBeGreaterThan(exact + 1e-3)
      const [, slope] = gradients
      scale.forEach((value, i) => {
        if (value !== SCALES[i]) expect(Math.sign(slope[i])).toBe(Math.sign(value - SCALES[i]))
      })
    }
  })

  test('with the determinant counted the other way round has its least elsewhere', () => {
    // U + log det: the gradient by a scale is that of U and 1/scale in the same direction.
    const { gradients } = lossOf(gaussian, affine, { shift: MEAN, scale: SCALES }, noise)
    const wrong = gradients[1].map((slope, i) => slope + 2 / SCALES[i])
    for (const slope of wrong) expect(Math.abs(slope)).toBeGreaterThan(1)
  })

  test('has the gradient that differences have, through a bent map and a double well', () => {
    const bent: Jump = ({ a, b }, z) => {
      const turned = affine({ shift: a, scale: b }, z)
      return turned.add(turned.sin().mul(0.3))
    }
    const at = { a: [0.3, -0.2], b: [0.9, 1.2] }
    const energy = energies['double-well'].open({})
    const z = normals(400, 'bent')
    const { gradients } = lossOf(energy, bent, at, z)
    const h = 1e-6
    Object.keys(at).forEach((name, k) => {
      for (const i of [0, 1]) {
        const moved = (by: number) => {
          const value = [...at[name as 'a']]
          value[i] += by
          return lossOf(energy, bent, { ...at, [name]: value }, z).loss
        }
        const slope = (moved(h) - moved(-h)) / (2 * h)
        expect(Math.abs(slope - gradients[k][i])).toBeLessThan(1e-5 * (1 + Math.abs(slope)))
      }
    })
  })
})

test.each([1, 2, 5])('the determinant of a graph is that of elimination, size %s', size => {
  const count = 6
  const values = normals(count * size * size, `matrix ${size}`)
  const { log } = determinants(values, size)
  const columns = Array.from({ length: size }, (_, k) =>
    Float64Array.from(
      { length: count * size },
      (_, i) => values[Math.floor(i / size) * size * size + (i % size) * size + k],
    ),
  )
  const graph = trace(
    inputs => logAbsDeterminant(inputs),
    columns.map(() => spec([count, size], 'float64')),
  )
  const [found] = evaluate(
    graph,
    columns.map(data => ({ shape: [count, size], data })),
  )
  found.data.forEach((value, i) => {
    expect(value).toBeCloseTo(log[i], 10)
  })
})
