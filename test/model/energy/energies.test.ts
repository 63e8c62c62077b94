import { describe, expect, test } from 'vitest'
import { evaluate, onesLike, simplify, spec, trace, vjp } from '../../../src/autodiff/index.ts'
import { energyDataset, openEnergy } from '../../../src/data/energy.ts'
import { pairWells } from '../../../src/model/energy/four-particles.ts'
import { type Energy, energies, mixtureEnergy } from '../../../src/model/energy/index.ts'
import { centredBasis, wholeEnergy } from '../../../src/model/energy/particles.ts'
import { random } from '../../../src/random/random.ts'

/** Energies and gradients of points. */
function at({ energy }: Pick<Energy, 'energy'>, points: Float64Array, dimension: number) {
  const shape = [points.length / dimension, dimension]
  const graph = simplify(
    trace(
      x => {
        const [value, pull] = vjp(energy, [x])
        return { value, gradient: pull(onesLike(value))[0] }
      },
      spec(shape, 'float64'),
    ),
  )
  const [value, gradient] = evaluate(graph, [{ shape, data: points }])
  return { value: value.data, gradient: gradient.data }
}

const draw = (energy: Energy, count: number, seed = 0): Float64Array => {
  const points = new Float64Array(count * energy.dimension)
  energy.sample!(random(seed, 'energy'), points)
  return points
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length

/** `E[x . grad U]` is the number of coordinates, whatever the law. */
function virial(energy: Energy, count: number): { value: number; error: number } {
  const { dimension } = energy
  const points = draw(energy, count)
  const { gradient } = at(energy, points, dimension)
  const values = Float64Array.from({ length: count }, (_, i) => {
    let sum = 0
    for (let k = 0; k < dimension; k++) sum += points[i * dimension + k] * gradient[i * dimension + k]
    return sum
  })
  const value = mean(values)
  return { value, error: Math.sqrt(mean(values.map(each => (each - value) ** 2)) / count) }
}

const named = (config: unknown) => openEnergy(config).energy

describe('double wells', () => {
  test('have the log Z and the mass right of the barrier that are known', () => {
    const { logNormalizer, observables } = named('double-well')
    expect(logNormalizer).toBeCloseTo(10.29347971, 8)
    expect(observables!.right.known).toBeCloseTo(0.8443, 4)
    expect(named({ kind: 'many-well', dimension: 32 }).logNormalizer).toBeCloseTo(164.69567532, 7)
  })

  test.each(['double-well', 'many-well'])('samples of %s are of the law', kind => {
    const energy = named(kind)
    const { value, error } = virial(energy, 20_000)
    expect(Math.abs(value - energy.dimension)).toBeLessThan(4 * error)
    const points = draw(energy, 20_000)
    const right = mean(
      Float64Array.from({ length: 20_000 }, (_, i) =>
        energy.observables!.right.of(points, i * energy.dimension),
      ),
    )
    expect(right).toBeCloseTo(0.8443, 2)
  })

  test('a pair of coordinates of many wells is a double well', () => {
    const points = draw(named('double-well'), 6)
    const [pairs, one] = [
      at(named({ kind: 'many-well', dimension: 4 }), points, 4),
      at(named('double-well'), points, 2),
    ]
    pairs.value.forEach((value, i) => {
      expect(value).toBeCloseTo(one.value[2 * i] + one.value[2 * i + 1], 10)
    })
  })
})

describe('particles', () => {
  test('four of them: samples are of the law, and know no center', () => {
    const energy = named('four-particles')
    expect(energy.dimension).toBe(6)
    expect(energy.logNormalizer).toBeUndefined()
    const { value, error } = virial(energy, 6000)
    // Points of one chain are not independent of each other.
    expect(Math.abs(value - 6)).toBeLessThan(6 * error)
  })

  test('are drawn the same by the same seed', () => {
    expect([...draw(named('four-particles'), 3, 1)]).toEqual([...draw(named('four-particles'), 3, 1)])
    expect([...draw(named('four-particles'), 3, 1)]).not.toEqual([...draw(named('four-particles'), 3, 2)])
  })

  test('the basis is orthonormal and without a center', () => {
    const [rows, width] = [9, 12]
    const basis = centredBasis(4, 3)
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j < rows; j++) {
        let sum = 0
        for (let k = 0; k < width; k++) sum += basis[i * width + k] * basis[j * width + k]
        expect(sum).toBeCloseTo(Number(i === j), 12)
      }
      for (let axis = 0; axis < 3; axis++) {
        let sum = 0
        for (let p = 0; p < 4; p++) sum += basis[i * width + 3 * p + axis]
        expect(sum).toBeCloseTo(0, 12)
      }
    }
  })

  test('the energy in numbers, which chains walk on, is that of the graph', () => {
    for (const [kind, size] of [
      ['four-particles', 6],
      ['lennard-jones', 36],
    ] as const) {
      const energy = named(kind)
      const source = random(1, kind)
      const points = Float64Array.from({ length: 5 * size }, () => 1.5 * source.normal())
      const { value, gradient } = at(energy, points, size)
      const h = 1e-6
      const moved = points.map((x, i) => x + (i % size === 1 ? h : 0))
      const back = points.map((x, i) => x - (i % size === 1 ? h : 0))
      const [up, down] = [at(energy, moved, size).value, at(energy, back, size).value]
      value.forEach((each, i) => {
        const slope = (up[i] - down[i]) / (2 * h)
        expect(Math.abs(slope - gradient[i * size + 1])).toBeLessThan(
          1e-4 * (1 + Math.abs(slope) + Math.abs(each)),
        )
      })
    }
  })

  test('four on a square of side 4 have the energy of its diagonals', () => {
    const system = pairWells({ particles: 4, space: 2, quadratic: -4, quartic: 0.9, distance: 4 })
    const square = Float64Array.of(0, 0, 4, 0, 4, 4, 0, 4)
    const u = 4 * Math.SQRT2 - 4
    const { value } = at({ energy: wholeEnergy(system) }, square, 8)
    expect(value[0]).toBeCloseTo(2 * (-4 * u ** 2 + 0.9 * u ** 4), 10)
  })
})

test('a mixture is an energy with log Z = 0', () => {
  const mixture = { components: [{ weight: 1, mean: [1, 2], scales: [0.5, 2] }] }
  const energy = mixtureEnergy('one', mixture, undefined)
  const { value } = at(energy, Float64Array.of(1, 2), 2)
  expect(value[0]).toBeCloseTo(Math.log(2 * Math.PI), 12)
  expect(energy.logNormalizer).toBe(0)
})

describe('an energy as data', () => {
  test('has its samples, its energy and a fingerprint of its options', () => {
    const data = energyDataset({ kind: 'many-well', dimension: 4 })
    expect([data.name, data.dimension]).toEqual(['many-well', 4])
    expect(data.energy!.logNormalizer).toBeCloseTo(2 * 10.29347971, 7)
    expect(data.fingerprint.sha256).not.toBe(
      energyDataset({ kind: 'many-well', dimension: 6 }).fingerprint.sha256,
    )
  })

  test.each<[unknown, RegExp]>([
    ['double-wel', /expected one of double-well.*found "double-wel"; did you mean double-well\?$/],
    [{ kind: 'many-well', dimension: 5 }, /^energy.dimension: expected an even number; found 5$/],
    [{ kind: 'many-well', size: 4 }, /^energy: unknown key "size"/],
    [3, /expected one of .*found 3/],
    [{ kind: 'lennard-jones', tau: 0 }, /^energy.tau: expected .*; found 0$/],
  ])('%j is refused in one line', (config, message) => {
    expect(() => energyDataset(config)).toThrow(message)
    expect(() => energyDataset(config)).toThrow(/^[^\n]+$/)
  })

  test('all kinds say what they are', () => {
    for (const { description } of Object.values(energies)) expect(description.length).toBeGreaterThan(20)
  })
})
