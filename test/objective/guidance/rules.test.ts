import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../../src/autodiff/index.ts'
import { fromVelocity } from '../../../src/model/index.ts'
import { type Draw, guidanceRules, guidedDraw } from '../../../src/objective/index.ts'
import { largest } from '../setting.ts'
import { lossOfRow } from '../terms.ts'
import {
  all,
  apart,
  at,
  exactGuidance,
  flowOf,
  type Guidance,
  meanOf,
  meanResidual,
  SIGNS,
  scaleOf,
  under,
} from './world.ts'

type Rule = Guidance['rule']
type Change = (draw: Draw) => Partial<Guidance>

/** The map of a scale that is baked, whatever it is told. */
const baked =
  (sign: number, keys: Guidance['keys'], scale: number): Change =>
  draw => ({ keys, map: () => flowOf(sign, draw).guided(all(draw.s, scale)) })

/** Rules at their fixed points: how they are set, and the scale that they come to; that of the draw where there is none. */
const FIXED: readonly { rule: Rule; name: string; keys?: Guidance['keys']; scale?: number }[] = [
  { rule: 'teacher', name: '' },
  { rule: 'auto', name: '' },
  { rule: 'random', name: '' },
  { rule: 'linear', name: '' },
  { rule: 'mix', name: 'omega 1, kappa 0.6', keys: { omega: 1, kappa: 0.6 }, scale: 2.5 },
  { rule: 'mix', name: 'omega 1.5, kappa 0', keys: { omega: 1.5, kappa: 0 }, scale: 1.5 },
  { rule: 'mix', name: 'omega 0.2, kappa 0.92', keys: { omega: 0.2, kappa: 0.92 }, scale: 2.5 },
  { rule: 'model', name: 'omega 0.6', keys: { omega: 0.6, kappa: 0 }, scale: 2.5 },
]

/** How far the mean of the velocity that a rule gives is from the guided one. */
function miss(sign: number, rule: Rule, scale: number | undefined, change: Change): number {
  const given = meanOf(sign, exactGuidance(sign, rule, change), ({ path, s }) => path.velocity(s))
  const guided = at(draw => {
    const w = scale === undefined ? scaleOf(draw) : all(draw.s, scale)
    return flowOf(sign, draw).guided(w).velocity(draw.path.at(draw.s), draw.s)
  })
  return apart(given, guided)
}

describe('a rule at the exact guided velocity gives it back in the mean (O4)', () => {
  test.each(FIXED)('$rule $name', ({ rule, keys = { omega: 1, kappa: 0 }, scale }) => {
    for (const sign of SIGNS) {
      const set: Change = scale === undefined ? () => ({ keys }) : baked(sign, keys, scale)
      expect(miss(sign, rule, scale, set)).toBeLessThan(2e-15)
      // The other class told in place of none, and none in place of the class.
      const exchanged: Change = draw => {
        const { map, untold, teacher } = exactGuidance(sign, rule, set)(draw)
        return {
          ...set(draw),
          map: () => ({ ...map(scaleOf(draw)), velocity: untold.velocity }),
          untold: map(scaleOf(draw)),
          teacher: { told: teacher!.untold, untold: teacher!.told },
        }
      }
      expect(miss(sign, rule, scale, exchanged)).toBeGreaterThan(0.05)
      const more: Change = draw => ({ ...set(draw), scale: scaleOf(draw).add(1) })
      if (scale === undefined) expect(miss(sign, rule, scale, more)).toBeGreaterThan(0.1)
      const negative: Change = draw => ({ ...set(draw), keys: { ...keys, kappa: -keys.kappa } })
      if (keys.kappa > 0) expect(miss(sign, rule, scale, negative)).toBeGreaterThan(0.1)
    }
  })

  test('gft, in its loss', () => {
    for (const sign of SIGNS) {
      const residual = (change?: Change) =>
        largest(meanResidual(sign, under(exactGuidance(sign, 'gft', change), lossOfRow('gft'))))
      expect(residual()).toBeLessThan(2e-15)
      expect(residual(draw => ({ map: w => flowOf(sign, draw).guided(w.add(1)) }))).toBeGreaterThan(0.05)
      expect(residual(draw => ({ untold: flowOf(sign, draw).guided(all(draw.s, 1)) }))).toBeGreaterThan(0.05)
    }
  })

  test('is true of every rule', () => {
    expect([...new Set(FIXED.map(({ rule }) => rule)), 'gft'].sort()).toEqual(
      Object.keys(guidanceRules).sort(),
    )
  })
})

describe('rules that take the map itself', () => {
  test('come to a scale that is known before', () => {
    for (const { rule, keys, scale } of FIXED.filter(({ scale }) => scale)) {
      const { scale: of } = guidanceRules[rule as 'mix' | 'model']
      expect(of(keys!)).toBeCloseTo(scale!, 12)
    }
  })

  test('mix, model and random contract towards it by kappa, omega and 1 - 1/w', () => {
    const rules = { mix: 0.6, model: 0.6, random: 0.5 } as const
    for (const [rule, factor] of Object.entries(rules)) {
      const keys = rule === 'mix' ? { omega: 1, kappa: 0.6 } : { omega: 0.6, kappa: 0 }
      const scale = rule === 'random' ? 2 : 2.5
      /** The scale that a map of another one is led to. */
      const off = (by: number) =>
        miss(1, rule as Rule, scale, draw => ({
          keys,
          scale: all(draw.s, scale),
          map: () => flowOf(1, draw).guided(all(draw.s, scale + by)),
        }))
      const exact = (w: number) =>
        at(draw => flowOf(1, draw).guided(all(draw.s, w)).velocity(draw.path.at(draw.s), draw.s))
      expect(off(0.3) / apart(exact(scale), exact(scale + 0.3))).toBeCloseTo(factor, 10)
    }
  })
})

describe('samples that are shown the null', () => {
  const none: Change = draw => ({ isTold: all(draw.s, 0) })
  const off = (rule: Rule, change: Change) =>
    largest(
      at(draw => {
        const { path } = guidedDraw(draw, exactGuidance(1, rule, change)(draw))
        return path.velocity(draw.s).sub(draw.path.velocity(draw.s))
      }),
    )

  test.each(Object.keys(guidanceRules) as Rule[])('%s leaves their own velocity', rule => {
    expect(off(rule, none)).toBeLessThan(2e-15)
  })

  test('see a scale of 1, and the others their own', () => {
    const seen = (change?: Change) =>
      at(draw => guidedDraw(draw, exactGuidance(1, 'linear', change)(draw)).guided!.scale)
    expect([...seen(none).data]).toEqual(new Array(5).fill(1))
    expect(seen().data).toEqual(at(scaleOf).data)
  })

  test('and points that are not of data keep theirs, where a teacher is guided all the same', () => {
    const solved: Change = () => ({ ofData: false })
    expect(off('teacher', solved)).toBe(0)
    const teacher = (change?: Change) =>
      at(draw => {
        const guided = guidedDraw(draw, exactGuidance(1, 'teacher', change)(draw))
        return guided.teacher.velocity(draw.path.at(draw.s), draw.s)
      })
    expect(teacher(solved)).toEqual(teacher())
  })
})

describe('what a rule asks for', () => {
  /** A velocity that counts how often it is asked, and a second one at the same place. */
  const counting = () => {
    const asked: string[] = []
    const velocity =
      (name: string) =>
      (x: Tensor, s: Tensor): Tensor => {
        asked.push(name)
        return x.mul(s)
      }
    const field = (name: string) => ({
      ...fromVelocity(velocity(name)),
      velocityHead: velocity(`${name}'s head`),
    })
    return { asked, field }
  }
  const askedBy = (rule: Rule, keys: Guidance['keys']) => {
    const { asked, field } = counting()
    at(draw => {
      const { path, s } = guidedDraw(draw, {
        ...exactGuidance(1, rule)(draw),
        keys,
        map: () => field('map'),
        untold: field('untold'),
        teacher: {
          told: { velocity: field('teacher').velocity },
          untold: { velocity: field('weak').velocity },
        },
      })
      // Both times are the same node: a guided velocity is made once.
      return path.velocity(s).add(path.velocity(s))
    })
    return asked
  }

  test.each<[Rule, Guidance['keys'], string[]]>([
    ['teacher', { omega: 1, kappa: 0 }, ['weak', 'teacher']],
    ['auto', { omega: 1, kappa: 0 }, ['weak', 'teacher']],
    ['mix', { omega: 1, kappa: 0.5 }, ["untold's head", "map's head"]],
    ['mix', { omega: 2, kappa: 0 }, ["untold's head"]],
    ['model', { omega: 0.5, kappa: 0 }, ["map's head", "untold's head"]],
    ['random', { omega: 1, kappa: 0 }, ["map's head", "untold's head"]],
    ['linear', { omega: 1, kappa: 0 }, ["untold's head"]],
  ])('%s %j: velocities, of a head where there is one, once', (rule, keys, expected) => {
    expect(askedBy(rule, keys)).toEqual(expected)
    expect(guidanceRules[rule].cost(keys)).toBe(expected.length)
  })

  test('gft asks for one in its loss', () => {
    expect(askedBy('gft', { omega: 1, kappa: 0 })).toEqual([])
    const { asked, field } = counting()
    at(draw =>
      under(
        d => ({ ...exactGuidance(1, 'gft')(d), map: () => field('map'), untold: field('untold') }),
        lossOfRow('gft'),
      )(draw).reshape([5, 1]),
    )
    expect(asked.sort()).toEqual(['map', 'untold'])
    expect(guidanceRules.gft.cost()).toBe(1)
  })
})
