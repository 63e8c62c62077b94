import { describe, expect, test } from 'vitest'
import { stopGradient } from '../../../src/autodiff/index.ts'
import { autoguided } from '../../../src/model/exact-guided.ts'
import type { Path } from '../../../src/model/index.ts'
import { covariantDerivative } from '../../../src/objective/eulerian.ts'
import { type Draw, guidedDraw, type Loss } from '../../../src/objective/index.ts'
import { largest, norm, other, residuals, withoutSites } from '../setting.ts'
import { lossOf, lossOfRow } from '../terms.ts'
import { all, exactGuidance, flowOf, type Guidance, meanResidual, SIGNS, scaleOf, under } from './world.ts'

const terminal: Loss = lossOf({ id: 'tvm', part: 'terminal', options: {} })

/** The largest residual of a sample of its own. */
const left = (loss: Loss): number => largest(withoutSites(() => residuals(loss, { map: other(1) }))[0])

describe('in the mean, at the exact map of the guided flow (O5)', () => {
  test.each([
    ['meanflow', 1],
    ['meanflow', -1],
    ['imf', -1],
  ])('%s, of class %i', (id, sign) => {
    const found = meanResidual(sign, under(exactGuidance(sign, 'linear'), lossOfRow(id)))
    expect(largest(found)).toBeLessThan(1e-9)
  })

  test.each<[what: string, change: (draw: Draw) => Partial<Guidance>]>([
    [
      'the scale is one more',
      draw => ({ scale: scaleOf(draw).add(1), map: () => flowOf(1, draw).guided(scaleOf(draw)) }),
    ],
    ['nobody is guided', draw => ({ isTold: all(draw.s, 0) })],
  ])('meanflow: something is left where %s', (_, change) => {
    const wrong = under(exactGuidance(1, 'linear', change), lossOfRow('meanflow'))
    expect(largest(meanResidual(1, wrong))).toBeGreaterThan(0.5)
  })

  test('meanflow: and where the conditional velocity stays in the tangent', () => {
    const tangentOf =
      (which: (guided: Path, own: Path) => Path): Loss =>
      draw =>
        under(exactGuidance(1, 'linear'), ({ map, path, s, t, space, error }) => {
          const [x, gap] = [path.at(s), t.sub(s)]
          const [V, dV] = covariantDerivative(map, space, x, s, t, which(path, draw.path).velocity(s))
          return error(V, stopGradient(path.velocity(s).add(gap.mul(dV))))
        })(draw)
    expect(
      largest(
        meanResidual(
          1,
          tangentOf(guided => guided),
        ),
      ),
    ).toBeLessThan(1e-9)
    expect(
      largest(
        meanResidual(
          1,
          tangentOf((_, own) => own),
        ),
      ),
    ).toBeGreaterThan(1)
  })

  /** The size of what is left of a step of consistency training, by the step. */
  const ofStep = (delta: number, onward: (guided: Path, own: Path) => Path['onward']): number => {
    const loss: Loss = draw =>
      under(exactGuidance(1, 'linear'), guided =>
        lossOfRow('ct', { delta })({
          ...guided,
          path: { ...guided.path, onward: onward(guided.path, draw.path) },
        }),
      )(draw)
    return norm(meanResidual(1, loss))
  }

  test('ct: its second point is of the guided path, so that its error is of second order', () => {
    const order = (onward: (guided: Path, own: Path) => Path['onward']) =>
      Math.log2(ofStep(0.02, onward) / ofStep(0.005, onward)) / 2
    expect(Math.abs(order(guided => guided.onward) - 2)).toBeLessThan(0.1)
    expect(Math.abs(order((_, own) => own.onward) - 1)).toBeLessThan(0.1)
  })
})

describe('sample by sample, at the exact map of the guided flow', () => {
  test('the terminal part of tvm (O6)', () => {
    for (const sign of SIGNS) {
      expect(left(under(exactGuidance(sign, 'linear'), terminal))).toBeLessThan(1e-9)
    }
    // The target at another scale, and of the other class.
    const aimed = (sign: number, more: number) =>
      left(draw =>
        under(exactGuidance(-1, 'linear'), guided =>
          terminal({ ...guided, target: flowOf(sign, draw).guided(scaleOf(draw).add(more)) }),
        )(draw),
      )
    expect(aimed(-1, 1)).toBeGreaterThan(0.3)
    expect(aimed(1, 0)).toBeGreaterThan(0.3)
  })

  test.each(['psd', 'lsd', 'lmd', 'ayf-emd'])('%s', id => {
    expect(left(under(exactGuidance(1, 'teacher'), lossOfRow(id)))).toBeLessThan(1e-8)
  })

  test.each(['lmd', 'emd', 'ayf-lmd', 'ayf-emd'])(
    '%s: something is left by a teacher without guidance',
    id => {
      const plain: Loss = draw =>
        under(exactGuidance(1, 'teacher'), guided => lossOfRow(id)({ ...guided, teacher: draw.teacher }))({
          ...draw,
          teacher: flowOf(1, draw).guided(all(draw.s, 1)),
        })
      expect(left(plain)).toBeGreaterThan(0.05)
    },
  )
})

describe('distillation of an autoguided teacher, on its closed map (O7)', () => {
  const flow = autoguided({ mu: [0.3, -0.2], sigma: 0.5, weak: 0.7 })
  const guidance = (draw: Draw): Guidance => {
    const [told, weak] = [1, 0].map(w => flow.guided(all(draw.s, w)))
    return {
      ...exactGuidance(1, 'auto')(draw),
      map: w => flow.guided(w),
      teacher: { told, untold: weak },
    }
  }

  test.each(['ayf-emd', 'emd', 'lmd', 'ayf-lmd'])('%s', id => {
    expect(left(under(guidance, lossOfRow(id)))).toBeLessThan(1e-14)
    const swapped = (draw: Draw): Guidance => {
      const given = guidance(draw)
      return { ...given, teacher: { told: given.teacher!.untold, untold: given.teacher!.told } }
    }
    expect(left(under(swapped, lossOfRow(id)))).toBeGreaterThan(0.05)
  })

  test('a velocity', () => {
    expect(left(under(guidance, lossOfRow('teacher-velocity')))).toBeLessThan(1e-14)
    expect(
      left(draw =>
        lossOfRow('teacher-velocity')(
          guidedDraw({ ...draw, map: flow.guided(all(draw.s, 1)) }, guidance(draw)),
        ),
      ),
    ).toBeGreaterThan(0.05)
  })
})
