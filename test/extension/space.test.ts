import { describe, expect, test } from 'vitest'
import type { Tensor, Value } from '../../src/autodiff/index.ts'
import { resolveConfig } from '../../src/config/index.ts'
import {
  divergenceOf,
  type FlowMap,
  flat,
  flowMap,
  mapOf,
  type Path,
  parameterCount,
  type Space,
} from '../../src/model/index.ts'
import { sphere } from '../../src/model/spaces/sphere.ts'
import { comparing, type ErrorFunction, meanSquare, objectives, traitsOf } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { everyone, holdsOnSphere, inputs, lossOfRotation, matrix, SIZE } from '../objective/rotation.ts'
import { drawOf, placeFor, symbols } from '../objective/setting.ts'
import { lossOf, type Term, terms } from '../objective/terms.ts'

/** Some tangent velocity field with two times, no flow map of anything. */
function anyMap(seed: number): FlowMap {
  const random_ = random(seed, 'map of a sphere')
  const [a, b, c] = [0, 1, 2].map(() => matrix(Array.from({ length: 9 }, () => random_.normal() / 2)))
  const network = (x: Tensor, s: Tensor, t: Tensor) =>
    x.matmul(a).mul(s).add(x.matmul(b).mul(t)).sin().add(x.matmul(c))
  const mean = (x: Tensor, s: Tensor, t: Tensor) => network(x, s, t).mean(1, true)
  return { ...flowMap(network, { space: sphere }), divergence: divergenceOf(mean, 6) }
}

const dot = (a: Value, b: Value): number[] =>
  Array.from({ length: SIZE }, (_, i) =>
    [0, 1, 2].reduce((sum, k) => sum + a.data[3 * i + k] * b.data[3 * i + k], 0),
  )
const isSmall = (list: readonly number[]): boolean => list.every(v => Math.abs(v) < 1e-9)
const isOnSphere = (x: Value): boolean => isSmall(dot(x, x).map(square => square - 1))
const isTangent = (at: Value, v: Value): boolean => isSmall(dot(at, v))

/** What a formula does on the sphere with networks that know nothing: what leaves the space or compares what does not compare. */
function trespasses(term: Term): string[] {
  const asked: Tensor[] = []
  const reached: Tensor[] = []
  const pairs: Record<'error' | 'distance', Tensor[]> = { error: [], distance: [] }
  const watched = (map: FlowMap): FlowMap => ({
    ...map,
    velocity: (x, s, t) => {
      asked.push(x)
      return map.velocity(x, s, t)
    },
    jump: (x, s, t) => {
      asked.push(x)
      const end = map.jump(x, s, t)
      reached.push(end)
      return end
    },
  })
  const [map, teacher] = [anyMap(1), anyMap(2)].map(watched)
  const size = meanSquare(sphere)
  const noting =
    (kind: 'error' | 'distance', compare: ErrorFunction): ErrorFunction =>
    (a, b) => {
      pairs[kind].push(a, b)
      return compare(a, b)
    }
  const run = (...given: Tensor[]) => {
    const plain = drawOf({ ...everyone(map), teacher, space: sphere }, given)
    const path: Path = {
      ...plain.path,
      at(t) {
        const x = plain.path.at(t)
        reached.push(x)
        return x
      },
    }
    const { error, distance } = comparing(sphere, size)
    lossOf(term)({ ...plain, path, error: noting('error', error), distance: noting('distance', distance) })
    return [asked, reached, pairs.error, pairs.distance].flat()
  }
  const found = valuesOf(run, ...inputs)
  const [questions, ends, vectors, places] = [asked, reached, pairs.error, pairs.distance].map(({ length }) =>
    found.splice(0, length),
  )
  const feet = [...questions, ...ends].filter(isOnSphere)
  const haveFoot = (a: Value, b: Value) => feet.some(at => isTangent(at, a) && isTangent(at, b))
  return [
    ...(questions.every(isOnSphere) ? [] : ['asks at a point that is not of the space']),
    ...(vectors.every((a, i) => i % 2 === 1 || haveFoot(a, vectors[i + 1]))
      ? []
      : ['compares vectors at two points']),
    ...(places.every(isOnSphere) ? [] : ['compares points that are not of the space']),
    ...(vectors.length + places.length > 0 ? [] : ['compares nothing']),
  ]
}

// What reads logits has no points of a sphere.
describe.each(terms.filter(({ id }) => placeFor(id) !== symbols))('$key', term => {
  // The part that is `psd` stays; the row has another one, and is refused.
  const isComposition = term.part === 'semigroup'
  // So do the velocity's parts of rows that train a divergence head.
  const isBesideHead =
    term.id === 'f2d2:diagonal' ||
    (/^f2d2:(meanflow|lsd)$/.test(term.id) && term.part === 'consistency') ||
    term.key === 'f2d2:shortcut:consistency space=velocity'
  // Knows points of a path in flat space alone.
  const isOfPath = term.options.divergence === 'denoising' && term.part !== 'consistency'
  // And the teacher's velocity at the noise, beside which steps compare vectors of two points.
  const isBoundary = term.part === 'boundary'
  const { curved = isComposition || isBesideHead || isBoundary } = traitsOf(
    objectives.get(term.id)!,
    term.options,
  )

  test.skipIf(isOfPath)(`${curved ? 'stays' : 'would not stay'} in a curved space`, () => {
    expect(trespasses(term).length === 0, trespasses(term).join()).toBe(curved)
  })

  test.runIf(holdsOnSphere(term))('is zero for the exact flow map of a rotation', () => {
    expect(Math.max(...lossOfRotation(lossOf(term)))).toBeLessThan(1e-14)
  })
})

const flatPart: Readonly<Record<string, Partial<Space>>> = {
  'no transverse part': { transverse: flat.transverse },
  'no covariant derivative': { tangent: flat.tangent },
}

describe.each(Object.entries(flatPart))('with %s', (_, part) => {
  test.each([
    'meanflow',
    'imf',
    'ayf-emd tangentNormalization=false',
    'scm velocity=teacher tangentNormalization=false',
    'facm:consistency',
  ])('%s is not zero for it', key => {
    const term = terms.find(term => term.key === key)!
    expect(Math.max(...lossOfRotation(lossOf(term), { ...sphere, ...part }))).toBeGreaterThan(1e-5)
  })
})

test('a map of points on a sphere stays there', () => {
  const config = resolveConfig({ data: 'ring', objective: 'psd' })
  const point = { shape: [3], space: 'sphere' }
  const count = parameterCount(config, point)
  const noise = random(3, 'parameters')
  const parameters = value(Array.from({ length: count }, () => noise.normal() / 4))
  const [x, , s, t] = inputs
  const [end] = valuesOf((flat, x, s, t) => mapOf(config, point, flat).jump(x, s, t), parameters, x, s, t)
  expect(isOnSphere(end)).toBe(true)
  expect(Math.max(...dot(x, end))).toBeLessThan(0.999)
})
