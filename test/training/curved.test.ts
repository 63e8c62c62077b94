import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Dataset } from '../../src/data/dataset.ts'
import { interpolants, spaceOf } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { whyUnfit } from '../../src/sampler/fitness.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { solverOf, solvers } from '../../src/sampler/solvers/table.ts'
import { load } from '../../src/serialization/load.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('curved')

const sum = (values: Float32Array) => values.reduce((a, b) => a + b, 0)

/** How far a point is from a space: 0 on it. */
const SPACES: Readonly<Record<string, { coordinates: number; off: (point: Float32Array) => number }>> = {
  sphere: { coordinates: 3, off: x => sum(x.map(v => v * v)) - 1 },
  torus: { coordinates: 2, off: x => Math.max(0, ...x.map(v => Math.abs(v) - Math.PI)) },
  rotations: {
    coordinates: 9,
    // R R' = 1
    off: R =>
      Math.max(
        ...[0, 1, 2].flatMap(i =>
          [0, 1, 2].map(j => {
            const dot = [0, 1, 2].reduce((all, k) => all + R[3 * i + k] * R[3 * j + k], 0)
            return Math.abs(dot - Number(i === j))
          }),
        ),
      ),
  },
  hyperbolic: {
    coordinates: 3,
    // Relative to the size of its terms.
    off: ([a, b, c]) => (b * b + c * c - a * a + 1) / (a * a),
  },
}

const offOf = (points: Float32Array, name: string) => {
  const { coordinates, off } = SPACES[name]
  return Array.from({ length: points.length / coordinates }, (_, i) =>
    Math.abs(off(points.subarray(i * coordinates, (i + 1) * coordinates))),
  )
}

/** Points that are not so far out that a short training says nothing of them. */
const within = (points: Float32Array, name: string): Float32Array =>
  name === 'hyperbolic' ? points.filter((_, i) => points[i - (i % SPACES[name].coordinates)] < 3) : points

/** One point of a space, again and again. */
function datasetOf(name: string): Dataset {
  const { coordinates } = SPACES[name]
  const [first] = [drawNoise(1, coordinates, 5, name)]
  return {
    name: `a point of the ${name}`,
    shape: [coordinates],
    dimension: coordinates,
    space: name,
    fingerprint: {
      sha256: 'a'.repeat(64),
      rows: null,
      minimum: new Array(coordinates).fill(-9),
      maximum: new Array(coordinates).fill(9),
    },
    sample(_, out) {
      for (let i = 0; i < out.length; i += coordinates) out.set(first, i)
    },
  }
}

describe.each(Object.entries(SPACES))('%s', (name, { coordinates }) => {
  test('noise is of the space, and follows its seed', () => {
    const noise = drawNoise(200, coordinates, 3, name)
    expect(Math.max(...offOf(noise, name))).toBeLessThan(1e-5)
    expect(drawNoise(200, coordinates, 3, name)).toEqual(noise)
    expect(drawNoise(200, coordinates, 3)).not.toEqual(noise)
    const { noise: law } = spaceOf({ space: name })
    const again = new Float32Array(noise.length)
    law.draw(random(3, 'sampling noise'), again, coordinates)
    expect(again).toEqual(noise)
  })

  // Coordinates of hyperbolic noise grow without bound, and so do velocities of a network of them: g-lsd does not stay finite there.
  test.each(name === 'hyperbolic' ? ['rfm'] : ['g-lsd', 'rfm'])(
    '%s trains, and its samples by jumps and by Euler steps are points of it',
    async objective => {
      const directory = join(folder, `${name}-${objective}`)
      const { finished } = await train(
        { ...tiny, objective, steps: 300, logEvery: 100 },
        { directory, data: datasetOf(name) },
      )
      expect(finished).toBe(true)
      expect(metricsOf(directory).every(({ loss }) => Number.isFinite(loss))).toBe(true)
      const map = await load(directory)
      const noise = within(drawNoise(50, coordinates, 1, name), name)
      for (const method of ['jump', 'euler'] as const) {
        const { points } = await sample(map, noise, { grid: [1, 0.6, 0.3, 0], method })
        expect(Math.max(...offOf(points, name)), method).toBeLessThan(1e-4)
        expect(points).not.toEqual(noise)
      }
      await expect(sample(map, noise, { grid: [1, 0.5, 0], method: 'heun' })).rejects.toThrow(
        new RegExp(`^heun adds points, which those on the ${name} do not; use jump or euler$`),
      )
      await map.close()
    },
  )
})

test('of all solvers jump and euler alone hold in a curved space', () => {
  const sampled = { path: interpolants.linear, pathName: 'linear' }
  const fits = (space: string) =>
    Object.keys(solvers).filter(id => {
      const solver = solverOf(id as never)
      const refused = whyUnfit(solver, solver.options.parse({}) as never, { ...sampled, space }, [1, 0.5, 0])
      return !refused?.includes('adds points')
    })
  for (const space of Object.keys(SPACES)) expect(fits(space)).toEqual(['jump', 'euler'])
  expect(fits('flat')).toEqual(Object.keys(solvers))
})
