import { describe, expect, test } from 'vitest'
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

  test.each(Object.keys(guidanceRules) as Rule[])('%s leaves their own velocity', rule => {
    const guided = meanOf(1, exactGuidance(1, rule, none), ({ path, s }) => path.velocity(s))
    // In the mean over a class that nobody was told.
    const own = at(({ path, s }) => flowOf(1, { s }).guided(all(s, 1)).velocity(path.at(s), s))
    expect(apart(guided, own)).toBeLessThan(1e-13)
  })

  test('see a scale of 1, and the others their own', () => {
    const seen = (change?: Change) =>
      at(draw => guidedDraw(draw, exactGuidance(1, 'linear', change)(draw)).guided!.scale)
    expect([...seen(none).data]).toEqual(new Array(5).fill(1))
    expect(seen().data).toEqual(at(scaleOf).data)
  })
})
