import { describe, expect, test } from 'vitest'
import { stopGradient, type Tensor } from '../../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity } from '../../../src/model/index.ts'
import { type Draw, guidedDraw, type Loss } from '../../../src/objective/index.ts'
import { distance, other, type Roles } from '../setting.ts'
import { apart, gradients } from '../stops.ts'
import { lossOf, lossOfRow } from '../terms.ts'
import { all, type Guidance, scaleOf } from './world.ts'

const part = (name: string): Loss => lossOf({ id: 'tvm', part: name, options: {} })
const SAME = 1e-14

/** Another map for samples that are told nothing. */
const untold = other(41)

/** A rule that takes the present map, stopped by nobody but the rule. */
const own =
  (rule: Guidance['rule'], change: (draw: Draw) => Partial<Guidance> = () => ({})): ((loss: Loss) => Loss) =>
  loss =>
  draw =>
    loss(
      guidedDraw(draw, {
        rule,
        keys: { omega: 1, kappa: 0 },
        interval: [0, 1],
        scale: scaleOf(draw),
        isTold: all(draw.s, 1),
        ofData: true,
        map: () => draw.map,
        untold,
        ...change(draw),
      }),
    )

/** Whose loss is of one number for each sample. */
const perSample =
  (loss: Loss, factor: (w: Tensor) => Tensor): Loss =>
  draw =>
    loss(draw).mul(factor(scaleOf(draw)).reshape([draw.s.shape[0]]))

const unlike = (a: Loss, b: Loss, roles?: (map: FlowMap, stopped: FlowMap) => Roles): number =>
  distance(gradients(a, undefined, roles), gradients(b, undefined, roles))

describe('gradients that are the same (O11)', () => {
  test('gft times w^2 is the regression on the velocity of linear', () => {
    const gft = own('gft')(lossOfRow('gft'))
    const linear = own('linear')(lossOfRow('flow-matching'))
    expect(
      unlike(
        perSample(gft, w => w.square()),
        linear,
      ),
    ).toBeLessThan(SAME)
    expect(unlike(gft, linear)).toBeGreaterThan(0.1)
  })

  test('mix of 1 and 1 - 1/w is random at that w, and model of 1 - 1/w too', () => {
    const [w, kappa] = [2.5, 0.6]
    const random = own('random', draw => ({ scale: all(draw.s, w) }))(lossOfRow('meanflow'))
    const keys = (omega: number, kappa: number) => () => ({ keys: { omega, kappa } })
    expect(unlike(own('mix', keys(1, kappa))(lossOfRow('meanflow')), random)).toBeLessThan(SAME)
    expect(unlike(own('model', keys(kappa, 0))(lossOfRow('meanflow')), random)).toBeLessThan(SAME)
    expect(unlike(own('mix', keys(1, w))(lossOfRow('meanflow')), random)).toBeGreaterThan(0.1)
  })

  describe('tvm of V = w N over w^2 is a regression of N', () => {
    /** The student's output as that of a network that is multiplied by its scale. */
    const scaled = (draw: Draw): Draw => {
      const w = scaleOf(draw)
      return { ...draw, map: fromVelocity((x, s, t) => w.mul(draw.map.velocity(x, s, t))) }
    }
    const divided = (loss: Loss) =>
      perSample(
        draw => loss(scaled(draw)),
        w => w.square().pow(-1),
      )

    test('on the guided velocity over w, at the anchor', () => {
      const target: Loss = draw => {
        const { map, path, t, error } = guided(draw)
        return error(map.velocity(path.at(t), t), stopGradient(path.velocity(t).div(scaleOf(draw))))
      }
      const anchor: Loss = draw => part('anchor')({ ...draw, path: guided(draw).path })
      expect(unlike(divided(anchor), target)).toBeLessThan(SAME)
      expect(unlike(draw => anchor(scaled(draw)), target)).toBeGreaterThan(0.1)
      expect(
        unlike(
          perSample(anchor, w => w.square().pow(-1)),
          target,
        ),
      ).toBeGreaterThan(0.1)
    })

    test('and on the target velocity over w, at the end of a jump', () => {
      /** `x + (t-s) N` has the derivative of `x + (t-s) w N` over `w`, at the place where that ends. */
      const target: Loss = draw =>
        part('terminal')({
          ...draw,
          target: {
            ...draw.target,
            velocity: (_, t) => {
              const { path, s } = draw
              const end = stopGradient(scaled(draw).map.jump(path.at(s), s, t))
              return draw.target.velocity(end, t).div(scaleOf(draw))
            },
          },
        })
      expect(unlike(divided(part('terminal')), target, apart)).toBeLessThan(SAME)
      expect(unlike(draw => part('terminal')(scaled(draw)), target, apart)).toBeGreaterThan(0.1)
    })

    const guided = (draw: Draw): Draw => {
      let found = draw
      own('linear')(given => {
        found = given
        return given.s
      })(draw)
      return found
    }
  })
})

test.each(['mix', 'model', 'random', 'linear', 'gft'] as const)(
  '%s passes no gradient to its velocities',
  rule => {
    const keys = () => ({ keys: { omega: 0.7, kappa: 0.4 } })
    const loss = lossOfRow(rule === 'gft' ? 'gft' : 'flow-matching')
    const stopped = own(rule, draw => ({ ...keys(), map: () => draw.frozen, untold: draw.frozen }))(loss)
    const alive = own(rule, draw => ({ ...keys(), map: () => draw.map, untold: draw.map }))(loss)
    expect(unlike(alive, stopped)).toBeLessThan(SAME)
  },
)
