import { expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { type FlowMap, flat, fromVelocity } from '../../src/model/index.ts'
import { type CategoricalDraw, csd } from '../../src/objective/categorical.ts'
import { psdMap, psdVelocity } from '../../src/objective/compositional.ts'
import { lsd } from '../../src/objective/lagrangian.ts'
import type { Draw } from '../../src/objective/loss.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'

const [N, L, K] = [5, 3, 4]
const source = random(11, 'identities')
const normals = (count: number) => Array.from({ length: count }, () => source.normal())
const weights = [normals(L * K * 16), normals(16 * L * K)]

/** Logits of a random network of two layers, which has nothing to do with any data. */
function logits(x: Tensor, s: Tensor, t: Tensor): Tensor {
  const [first, second] = weights.map((w, i) =>
    constant(w, i === 0 ? [L * K, 16] : [16, L * K], x.dtype).mul(0.7),
  )
  const [from, to] = [s, t].map(time => time.reshape([N, 1]))
  const hidden = x
    .reshape([N, L * K])
    .matmul(first)
    .add(from.mul(3))
    .sub(to.square().mul(2))
    .tanh()
  return hidden.matmul(second).reshape([N, L, K])
}

const psi = (x: Tensor, s: Tensor, t: Tensor) => logits(x, s, t).softmax()
const mapOf = (denoised: (x: Tensor, s: Tensor, t: Tensor) => Tensor): FlowMap =>
  fromVelocity((x, s, t) => x.sub(denoised(x, s, t)).div(s))
const map = mapOf(psi)
const squared = (a: Tensor, b: Tensor) => a.sub(b).square().sum(-1).mean(-1)

const points = value(normals(N * L * K), [N, L, K])
const times = (...all: number[]) => value(all, [N, 1, 1])
const [s, m, t] = [
  times(1, 0.9, 0.7, 0.5, 0.2),
  times(0.6, 0.8, 0.3, 0.2, 0.1),
  times(0.3, 0.7, 0.02, 0.1, 0.05),
]

type Found = (x: Tensor, s: Tensor, t: Tensor, m: Tensor) => Tensor
const largest = (of: Found) =>
  Math.max(...[...valuesOf(of as never, points, s, t, m)[0].data].map(found => Math.abs(Number(found))))

/** A draw at `x` whatever the time, with this error. */
const drawAt = (x: Tensor, s: Tensor, t: Tensor, m: Tensor, error = squared): Draw =>
  ({
    ...{ map, target: map, space: flat, s, t, m, error, distance: error },
    path: { at: () => x },
  }) as never

const sumLeft = (of: FlowMap) => (x: Tensor, s: Tensor, t: Tensor) => {
  const linear = t.div(s).mul(x.sum(-1, true).sub(1)).add(1)
  return of.jump(x, s, t).sum(-1, true).sub(linear)
}

test('symbols of a jump add up as those of the point do', () => {
  expect(largest(sumLeft(map))).toBeLessThan(1e-12)
  expect(largest(sumLeft(mapOf(logits)))).toBeGreaterThan(0.1)
})

test('what is denoised is a probability, and a jump is none', () => {
  expect(largest((x, s, t) => psi(x, s, t).sum(-1).sub(1))).toBeLessThan(1e-12)
  expect(largest((x, s, t) => psi(x, s, t).minimum(0))).toBe(0)
  expect(largest((x, s, t) => map.jump(x, s, t).minimum(0))).toBeGreaterThan(0.1)
})

test('csd is t^2 times lsd', () => {
  const left =
    (power: number): Found =>
    (x, s, t, m) => {
      const draw = drawAt(x, s, t, m)
      const own = { ...draw, map: { logits }, target: { logits } } as unknown as CategoricalDraw
      const scale = (power === 2 ? t.square() : t).reshape([N])
      return csd(own).sub(scale.mul(lsd(draw)))
    }
  expect(largest(left(2))).toBeLessThan(1e-12)
  expect(largest(left(1))).toBeGreaterThan(1e-3)
})

/** `a psi(x,s,m) + (1-a) psi(F,m,t)`. */
const mixed = (x: Tensor, s: Tensor, t: Tensor, m: Tensor, a: Tensor) =>
  a.mul(psi(x, s, m)).add(
    a
      .neg()
      .add(1)
      .mul(psi(map.jump(x, s, m), m, t)),
  )
const weight = (s: Tensor, t: Tensor, m: Tensor) => t.mul(s.sub(m)).div(m.mul(s.sub(t)))

test('the target of psd in velocities is the mean of two denoised points', () => {
  const left =
    (weightOf: typeof weight): Found =>
    (x, s, t, m) => {
      const difference = (_: Tensor, V: Tensor) => x.sub(s.mul(V)).sub(mixed(x, s, t, m, weightOf(s, t, m)))
      return psdVelocity(drawAt(x, s, t, m, difference))
    }
  expect(largest(left(weight))).toBeLessThan(1e-12)
  expect(largest(left((s, t, m) => s.sub(m).div(s.sub(t))))).toBeGreaterThan(0.01)
})

test('psd of points is (1 - t/s)^2 times the distance of what is denoised', () => {
  const left =
    (power: 1 | 2): Found =>
    (x, s, t, m) => {
      const part = t.div(s).neg().add(1)
      const scale = (power === 2 ? part.square() : part).reshape([N])
      const apart = squared(psi(x, s, t), mixed(x, s, t, m, weight(s, t, m)))
      return psdMap(drawAt(x, s, t, m)).sub(scale.mul(apart))
    }
  expect(largest(left(2))).toBeLessThan(1e-12)
  expect(largest(left(1))).toBeGreaterThan(1e-3)
})
