import { describe, expect, test } from 'vitest'
import { constant } from '../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity } from '../../src/model/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import { some } from '../helpers/long.ts'
import { broken, kept, misses } from './measure.ts'
import { type Claim, claims, further } from './promises.ts'
import { batch, largest, residuals } from './setting.ts'
import { lossOf, lossOfRow, terms } from './terms.ts'
import { linearGaussian, linearMixture, velocityOfTwo, worlds } from './worlds.ts'

test('every formula of the catalogue has its promise', () => {
  expect(Object.keys(claims).sort()).toEqual(terms.map(({ key }) => key).sort())
})

const promised = [...terms.map(term => ({ ...term, claim: claims[term.key] })), ...further].flatMap(
  ({ claim, ...term }) => (claim ? [{ ...term, claim }] : []),
)

describe('the worlds are right', () => {
  const { x0, s, t } = batch
  /** Largest difference of two functions of a point, a source time and a target time. */
  const apart = (f: FlowMap['jump'], g: FlowMap['jump']) =>
    largest(valuesOf((x, s, t) => f(x, s, t).sub(g(x, s, t)), x0, s, t)[0])

  test('the written-out velocity of two Gaussians', () => {
    const { velocity } = velocityOfTwo(linearMixture.mixture)
    expect(
      apart(
        (x, s) => velocity(x, s),
        (x, s) => linearMixture.velocity.velocity(x, s),
      ),
    ).toBeLessThan(1e-13)
  })

  test.each(worlds)('$name: jumping there and back, and in two jumps', ({ map, perturbed, tolerance }) => {
    const back = ({ jump }: FlowMap) =>
      apart(
        (x, s, t) => jump(jump(x, s, t), t, s),
        x => x,
      )
    expect(back(map)).toBeLessThan(tolerance)
    expect(back(perturbed)).toBeGreaterThan(1e-3)
  })

  test.each(worlds)('$name: the instantaneous velocity is the limit of the average', world => {
    const gap = 1e-6
    expect(
      apart(
        (x, s) => world.map.velocity(x, s, s.sub(gap)),
        (x, s) => world.velocity.velocity(x, s),
      ),
    ).toBeLessThan(1e-5)
  })
})

describe.each(some(worlds))('$name', world => {
  const here = promised.filter(({ claim }) => !claim.linear || world.name.includes('linear'))

  test.each(here)('$key', ({ claim, ...term }) => {
    const make = (options: object) => lossOf(term, options)
    const found = misses(claim, world, world.map, make)
    expect(found.filter(miss => !kept(miss, world, claim))).toEqual([])
    const wrong = misses(claim, world, world.perturbed, make)
    expect(wrong.filter(miss => !broken(miss))).toEqual([])
  })
})

test('itm: its fixed point is not the plain velocity, unless beta = 0', () => {
  const { rule, options } = claims['itm draw=path']!
  const plain = (beta: number) => {
    const claim: Claim = { promises: [{ kind: 'mean', given: 's' }], rule, options: { ...options, beta } }
    return misses(claim, linearGaussian, linearGaussian.map, options => lossOfRow('itm', options))[0].by
  }
  expect(plain(1.3)).toBeGreaterThan(0.05)
  expect(plain(0)).toBeLessThan(1e-7)
})

test('reflow: on the pairs of a Gaussian its residual is zero at the straight velocity, and only there', () => {
  const { map, mixture } = linearGaussian
  const [{ mean, scales }] = mixture.components
  const [x0] = valuesOf((eps, s) => map.jump(eps, s.mul(0).add(1), s.mul(0)), batch.eps, batch.s)
  const pairs = { ...batch, x0 }
  // A pair is a noise and `mean + scale noise`, so the noise of a point is known.
  const straight = fromVelocity((x, s) => {
    const mu = constant(mean, [1, 2], 'float64')
    const eps = x.sub(s.neg().add(1).mul(mu)).div(s.neg().add(1).mul(scales[0]).add(s))
    return eps.mul(1 - scales[0]).sub(mu)
  })
  const reflow = lossOfRow('reflow')
  expect(largest(residuals(reflow, { map: straight }, pairs)[0])).toBeLessThan(1e-12)
  expect(largest(residuals(reflow, { map }, pairs)[0])).toBeGreaterThan(0.05)
})
