import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { grad, jvp, onesLike, stopGradient, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { divergenceOf, type FlowMap, mixtureVelocity, pathOf } from '../../src/model/index.ts'
import { divergences } from '../../src/objective/divergence.ts'
import type { Draw, Loss } from '../../src/objective/index.ts'
import { f2d2Diagonal, f2d2Lsd, f2d2Meanflow, f2d2Shortcut, headPart } from '../../src/objective/lifted.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { curvedFlow } from '../helpers/curved-flow.ts'
import { meanOver, posterior, spaced } from './posterior.ts'
import { batch, drawOf, inputsOf, largest, student } from './setting.ts'
import { linearMixture } from './worlds.ts'

const fixture = JSON.parse(
  readFileSync(new URL('../fixtures/golden-likelihood/curved.json', import.meta.url), 'utf8'),
)
const SCALE = 4
const flow = curvedFlow(fixture.rotation, fixture.mean, fixture.scale, SCALE)

describe('the curved flow', () => {
  test.each(fixture.expected as { s: number; t: number; x: number[][]; [name: string]: unknown }[])(
    'from $s to $t',
    ({ s, t, x, ...expected }) => {
      const times = [s, t].map(time =>
        value(
          x.map(() => time),
          [x.length, 1],
        ),
      )
      const found = valuesOf(
        (x, s, t) => ({
          y: flow.map.jump(x, s, t),
          velocity: flow.map.velocity(x, s),
          divergence: flow.divergence(x, s),
          logDeterminant: flow.logDeterminant(x, s, t),
          averageDivergence: flow.map.divergence!(x, s, t),
        }),
        value(x.flat(), [x.length, 2]),
        ...times,
      )
      const names = ['y', 'velocity', 'divergence', 'logDeterminant', 'averageDivergence']
      names.forEach((name, i) => {
        const wanted = (expected[name] as number[] | number[][]).flat()
        wanted.forEach((number, k) => {
          expect(found[i].data[k], name).toBeCloseTo(number, 11)
        })
      })
    },
  )
})

/** The loss of each sample on the curved flow, where the conditional velocity is the marginal one. */
const onCurved = (loss: Loss, change: Partial<Draw> = {}): number =>
  largest(
    valuesOf(
      (...inputs) => {
        const draw = drawOf({ map: flow.map }, inputs)
        const path = { ...draw.path, velocity: (t: Tensor) => flow.map.velocity(draw.path.at(t), t) }
        return loss({ ...draw, path, ...change })
      },
      ...inputsOf(batch),
    )[0],
  )

const ZERO = 1e-24

describe('on the curved flow', () => {
  test.each([
    ['f2d2:diagonal', f2d2Diagonal('exact', 1)],
    ['f2d2:shortcut at a drawn time', f2d2Shortcut('velocity')],
    ['f2d2:shortcut halfway', f2d2Shortcut('midpoint')],
    ['f2d2:lsd', f2d2Lsd('exact')],
    ['f2d2:meanflow of the marginal velocity', f2d2Meanflow('exact')],
  ])('%s leaves nothing', (_, loss) => {
    expect(onCurved(loss)).toBeLessThan(ZERO)
  })

  const eulerian =
    (sign: number, moves: boolean): Loss =>
    ({ map, path, s, t, error }) => {
      const x = path.at(s)
      const u = path.velocity(s)
      const [V, dV] = moves
        ? jvp((x: Tensor, s: Tensor) => map.velocity(x, s, t), [x, s], [u, onesLike(s)])
        : jvp((s: Tensor) => map.velocity(x, s, t), [s], [onesLike(s)])
      return error(V, stopGradient(u.add(t.sub(s).mul(dV).mul(sign))))
    }

  test.each<[string, Loss]>([
    [
      'a divergence at x in the place of F',
      ({ map, target, path, s, t, error }) => {
        const x = path.at(s)
        const [V, dV] = jvp((t: Tensor) => map.velocity(x, s, t), [t], [onesLike(t)])
        return error(V.add(t.sub(s).mul(dV)), target.velocity(x, t))
      },
    ],
    [
      'a second jump from x in the place of x_m',
      ({ map, target, path, s, t, m, error }) => {
        const x = path.at(s)
        const [first, second] = [target.velocity(x, s, m), target.velocity(x, m, t)]
        const w = m.sub(s).div(t.sub(s))
        return error(map.velocity(x, s, t), second.add(w.mul(first.sub(second))))
      },
    ],
    ['a derivative that does not move the point', eulerian(1, false)],
    ['the other sign of the Eulerian rule', eulerian(-1, true)],
    [
      'a Lagrangian rule without its derivative',
      ({ map, target, path, s, t, error }) => {
        const x = path.at(s)
        return error(map.velocity(x, s, t), target.velocity(map.jump(x, s, t), t))
      },
    ],
  ])('%s does', (_, loss) => {
    expect(onCurved(headPart(loss, 'exact'))).toBeGreaterThan(1e-3)
  })

  test('a scale that only one side knows is seen', () => {
    const other: FlowMap = { ...flow.map, divergence: divergenceOf(flow.map.divergence!, 2 * SCALE) }
    expect(onCurved(f2d2Diagonal('exact', 1), { map: other })).toBeLessThan(ZERO)
    const wrong = divergenceOf((x, s, t) => flow.map.divergence!(x, s, t).mul(2), SCALE)
    expect(onCurved(f2d2Diagonal('exact', 1), { map: { ...flow.map, divergence: wrong } })).toBeGreaterThan(
      0.1,
    )
  })
})

describe('what of the head has a gradient', () => {
  /** The gradient by `theta` of a map whose average divergence is off by `theta t`, of each sample, in units of the head. */
  const gradients = (loss: Loss, of: 'map' | 'target') =>
    valuesOf(
      (theta, ...inputs) =>
        grad((theta: Tensor) => {
          const moved: FlowMap = {
            ...flow.map,
            divergence: divergenceOf((x, s, t) => flow.map.divergence!(x, s, t).add(theta.mul(t)), SCALE),
          }
          const roles = { map: flow.map, target: flow.map, [of]: moved }
          return loss(drawOf(roles, inputs)).sum()
        })(theta),
      value(
        [...batch.t.data].map(() => 1),
        batch.t.shape,
      ),
      ...inputsOf(batch),
    )[0].data

  test('f2d2:lsd: that of the head, and not of its derivative', () => {
    gradients(f2d2Lsd('exact'), 'map').forEach((found, i) => {
      const [s, t] = [batch.s.data[i], batch.t.data[i]]
      const residual = (t + (t - s)) / SCALE
      expect(found).toBeCloseTo((2 * residual * t) / SCALE, 12)
    })
  })

  test('f2d2:shortcut: not that of its target', () => {
    expect(gradients(f2d2Shortcut('velocity'), 'map').some(found => Math.abs(found) > 1e-3)).toBe(true)
    expect(gradients(f2d2Shortcut('velocity'), 'target').every(found => found === 0)).toBe(true)
  })
})

describe('divergences on the mixture', () => {
  const { mixture, interpolant } = linearMixture
  const field = mixtureVelocity(mixture, interpolant)
  const byDifferences = (at: Value, s: Value) => {
    const h = 1e-5
    const moved = (k: number, by: number) =>
      value(
        [...at.data].map((v, i) => (i % 2 === k ? v + by : v)),
        at.shape,
      )
    const v = (x: Value) => valuesOf((x, s) => field.velocity(x, s), x, s)[0].data
    return Array.from({ length: at.shape[0] }, (_, i) =>
      [0, 1].reduce((sum, k) => sum + (v(moved(k, h))[2 * i + k] - v(moved(k, -h))[2 * i + k]) / (2 * h), 0),
    )
  }
  const inner = { ...batch, s: value([0.9, 0.75, 0.6, 0.45, 0.3], [5, 1]) }
  const estimate = (name: keyof typeof divergences, from = inner) =>
    valuesOf(
      (...inputs) => {
        const draw = drawOf({ map: student.bind([]), teacher: field, interpolant }, inputs)
        const path = pathOf(interpolant, inputs[0], inputs[1])
        return divergences[name](field, path.at(draw.s), draw.s, { ...draw, path })
      },
      ...inputsOf(from),
    )[0]
  const points = valuesOf(
    (...inputs) => pathOf(interpolant, inputs[0], inputs[1]).at(inputs[2]),
    ...inputsOf(inner),
  )[0]
  const truth = byDifferences(points, inner.s)

  test('exact is the sum of the derivatives', () => {
    estimate('exact').data.forEach((found, i) => {
      expect(found).toBeCloseTo(truth[i], 6)
    })
    expect([...estimate('auto').data]).toEqual([...estimate('exact').data])
  })

  test('probes are right in the mean over all signs, and Gaussian ones weigh by squares', () => {
    const signs = [
      [1, 1],
      [1, -1],
      [-1, 1],
      [-1, -1],
    ]
    const mean = (size: number, name: 'rademacher' | 'gaussian') =>
      signs
        .map(sign => ({
          ...inner,
          noise: value(Array.from({ length: 5 }, () => sign.map(x => x * size)).flat(), [5, 2]),
        }))
        .map(from => estimate(name, from).data)
        .reduce((sum, data) => sum.map((v, i) => v + data[i] / 4), new Float64Array(5))
    mean(0.3, 'rademacher').forEach((found, i) => {
      expect(found).toBeCloseTo(truth[i], 6)
    })
    mean(0.3, 'gaussian').forEach((found, i) => {
      expect(found).toBeCloseTo(0.09 * truth[i], 6)
    })
  })

  test('denoising is right in the mean over the data that a point may come from', () => {
    const nodes = posterior(linearMixture, inner, 's', spaced(0.4, 0.2))
    const found = meanOver(estimate('denoising', nodes.batch), nodes.weights, 5)
    expect(found.data).toHaveLength(5)
    found.data.forEach((mean, i) => {
      expect(mean).toBeCloseTo(truth[i], 6)
    })
  })
})
