import { describe, expect, test } from 'vitest'
import { jvp, onesLike, type Tensor } from '../../src/autodiff/index.ts'
import { fromVelocity, gaussianFlowMap } from '../../src/model/index.ts'
import { boot } from '../../src/objective/data-free.ts'
import type { Loss } from '../../src/objective/index.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { inside } from './promises.ts'
import { largest, residuals } from './setting.ts'

const map = gaussianFlowMap([0.8, -1.3], 0.5)
const wrong = fromVelocity((x, s, t) => map.velocity(x, s, t).add(x.sin().mul(0.05)))

const missed = (loss: Loss, student = map) =>
  Math.max(...residuals(loss, { map: student, teacher: map }, inside).map(largest))

describe('boot', () => {
  test('leaves a residual of second order at the exact map, and of first order anywhere else', () => {
    const ratio = (student: typeof map) => missed(boot(0.02), student) / missed(boot(0.01), student)
    expect(ratio(map)).toBeGreaterThan(3.8)
    expect(ratio(map)).toBeLessThan(4.2)
    expect(ratio(wrong)).toBeLessThan(2.2)
  })

  test('does not with the step turned round', () => {
    const mirrored: Loss = draw => {
      const V = (t: Tensor) => map.velocity(draw.path.eps, onesLike(t), t)
      const velocity = (x: Tensor, t: Tensor) => V(t).mul(2).sub(map.velocity(x, t))
      return boot(0.01)({ ...draw, teacher: { velocity } })
    }
    expect(missed(boot(0.01))).toBeLessThan(1e-3)
    expect(missed(mirrored)).toBeGreaterThan(5e-3)
  })

  test('goes by dy/dt = (y - D)/(t (1-t)), y = eps - V', () => {
    const eps = value([0.3, -0.9, 1.4, 0.2], [2, 2])
    const [difference] = valuesOf(
      (eps, t) => {
        const one = onesLike(t)
        const [y, dy] = jvp((t: Tensor) => eps.sub(map.velocity(eps, one, t)), [t], [one]) as [Tensor, Tensor]
        const x = map.jump(eps, one, t)
        const D = x.sub(t.mul(map.velocity(x, t)))
        return dy.sub(y.sub(D).div(t.mul(one.sub(t))))
      },
      eps,
      value([0.3, 0.7], [2, 1]),
    )
    expect(largest(difference)).toBeLessThan(1e-12)
  })
})
