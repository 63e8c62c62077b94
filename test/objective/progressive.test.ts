import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity } from '../../src/model/index.ts'
import { progressive } from '../../src/objective/compositional.ts'
import type { Loss } from '../../src/objective/index.ts'
import { numberOf } from '../autodiff/values.ts'
import { largest, residuals } from './setting.ts'

/** The velocity of data from N(0, 1/4), which is linear, and the flow map of its Euler steps. */
const slope = (t: Tensor) => t.mul(1.25).sub(0.25).div(t.neg().add(1).square().mul(0.25).add(t.square()))
const euler = fromVelocity((x, s) => slope(s).mul(x))

/** What two steps of a map are as one. */
const halved = ({ velocity, jump }: FlowMap): FlowMap =>
  fromVelocity((x, s, t) => {
    const m = s.add(t).mul(0.5)
    return velocity(x, s, m)
      .add(velocity(jump(x, s, m), m, t))
      .mul(0.5)
  })

const repeated = <T>(f: (value: T) => T, start: T, times: number): T =>
  times === 0 ? start : repeated(f, f(start), times - 1)

/** Where a number begins at 1 and ends after so many equal Euler steps of a velocity. */
function composed(steps: number): number {
  return numberOf(
    x =>
      Array.from({ length: steps }).reduce<Tensor>((at, _, i) => {
        const [s, t] = [i, i + 1].map(j => x.mul(0).add(1 - j / steps))
        return euler.jump(at, s, t)
      }, x),
    1,
  )
}

const end = (map: FlowMap) => numberOf(x => map.jump(x, x.mul(0).add(1), x.mul(0)), 1)

const missed = (loss: Loss, map: FlowMap, pretrained: FlowMap) =>
  Math.max(...residuals(loss, { map, pretrained }).map(largest))

describe('progressive distillation', () => {
  test('has no residual where one step of the student is two of the teacher', () => {
    for (const halvings of [0, 1, 2]) {
      const teacher = repeated(halved, euler, halvings)
      expect(missed(progressive, halved(teacher), teacher)).toBeLessThan(1e-13)
      expect(missed(progressive, teacher, teacher)).toBeGreaterThan(1e-3)
    }
  })

  test('of eight Euler steps, three times, is their composition, with its error', () => {
    const found = end(repeated(halved, euler, 3))
    expect(Math.abs(found / composed(8) - 1)).toBeLessThan(1e-14)
    expect(found).toBeCloseTo(0.415, 3)
    expect(end(repeated(halved, euler, 5))).toBeCloseTo(0.477, 3)
  })

  test.each<[string, (draw: Parameters<Loss>[0]) => FlowMap]>([
    [
      'asks the teacher twice at the same point',
      ({ path, s }) => fromVelocity((_x, _s, t) => euler.velocity(path.at(s), s, t)),
    ],
    [
      'goes the wrong way to the middle',
      () => ({ ...euler, jump: (x, s, t) => x.sub(t.sub(s).mul(euler.velocity(x, s, t))) }),
    ],
  ])('has one where it %s', (_, wrong) => {
    const loss: Loss = draw => progressive({ ...draw, pretrained: wrong(draw) })
    expect(missed(loss, halved(euler), euler)).toBeGreaterThan(1e-2)
  })
})
