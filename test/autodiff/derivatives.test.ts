import { afterEach, describe, expect, test, vi } from 'vitest'
import { checkGradients, evaluate, GradientError, simplify, type Tensor } from '../../src/autodiff/index.ts'
import { jvpRules } from '../../src/autodiff/jvp.ts'
import { apply } from '../../src/autodiff/tensor.ts'
import { vjpRules } from '../../src/autodiff/vjp.ts'
import { allCases, gallery, leafPrimitives } from './gallery.ts'
import { graphOf, sampleArguments, value } from './values.ts'

describe('every primitive', () => {
  test('is in the gallery or is a leaf', () => {
    const listed = [...Object.keys(gallery), ...Object.keys(leafPrimitives)].sort()
    expect(listed).toEqual(Object.keys(jvpRules).sort())
    expect(Object.values(gallery).every(cases => cases.length > 0)).toBe(true)
  })

  test.each(allCases)('$title', ({ make, notDifferentiable, step, tolerance }) => {
    if (notDifferentiable) return
    for (const [a, b, c] of [
      [2, 3, 4],
      [3, 1, 2],
      [1, 2, 1],
    ]) {
      const [args, fn] = make(a, b, c)
      checkGradients(fn, sampleArguments(args, 7), { order: a === 2 ? 2 : 1, step, tolerance })
    }
  })

  test.each(allCases.filter(c => c.notDifferentiable))(
    '$title is not checkable by differences',
    ({ make }) => {
      const [args, fn] = make(2, 3, 4)
      expect(() => checkGradients(fn, sampleArguments(args, 7))).toThrow(GradientError)
    },
  )
})

describe.each(['silu', 'gelu'] as const)('the derivatives of %s far from zero', op => {
  const far = value([-80, -30, 30, 80])
  test.each([1, 2, 3, 4])('order %i keeps its limit', order => {
    const expected = order === 1 ? [0, 0, 1, 1] : [0, 0, 0, 0]
    const graph = graphOf(x => apply(op, [x], { order }), [far])
    for (const g of [graph, simplify(graph)]) {
      evaluate(g, [far])[0].data.forEach((v, i) => {
        expect(Math.abs(v - expected[i])).toBeLessThan(1e-9)
      })
    }
  })
})

describe('the checker', () => {
  afterEach(() => vi.restoreAllMocks())
  const at = [value([0.3, -0.7, 1.1])]
  const sine = (x: Tensor) => x.sin()

  test('accepts the right rules', () => {
    expect(() => checkGradients(sine, at)).not.toThrow()
  })

  test('catches a wrong forward rule', () => {
    vi.spyOn(jvpRules, 'sin').mockImplementation(([dx], { inputs: [x] }) => dx!.mul(x.cos().neg()))
    expect(() => checkGradients(sine, at)).toThrow(/forward derivative of element 0, order 2/)
  })

  test('catches a wrong reverse rule', () => {
    vi.spyOn(vjpRules, 'sin').mockImplementation((g, { inputs: [x] }) => [g.mul(x.cos().neg())])
    expect(() => checkGradients(sine, at)).toThrow(/reverse derivative, order 2/)
  })

  test('catches a factor of 2.001', () => {
    const square = (x: Tensor) => x.mul(x).sum()
    vi.spyOn(vjpRules, 'mul').mockImplementation((g, { inputs: [a, b] }) => [
      g.mul(b).mul(1.0005),
      g.mul(a).mul(1.0005),
    ])
    expect(() => checkGradients(square, at, { order: 1 })).toThrow(GradientError)
  })

  test('catches a forgotten cotangent', () => {
    vi.spyOn(vjpRules, 'mul').mockImplementation((g, { inputs: [, b] }) => [g.mul(b), null])
    expect(() => checkGradients(x => x.mul(x.exp()), at, { order: 1 })).toThrow(/reverse derivative/)
  })

  test('catches a rule that is right once and wrong when it is differentiated again', () => {
    vi.spyOn(jvpRules, 'cos').mockImplementation(([dx], { inputs: [x] }) => dx!.mul(x.sin()))
    expect(() => checkGradients(sine, at, { order: 1 })).not.toThrow()
    expect(() => checkGradients(sine, at, { order: 2 })).toThrow(/order 1/)
  })

  test('says which number it found and which it expected', () => {
    vi.spyOn(jvpRules, 'neg').mockImplementation(([dx]) => dx!)
    expect(() => checkGradients(x => x.neg(), [value([1])])).toThrow(/: [-\d.]+, expected [-\d.]+/)
  })

  test('catches a derivative that is not a number', () => {
    expect(() => checkGradients(x => x.sqrt(), [value([-1])])).toThrow(GradientError)
  })
})
