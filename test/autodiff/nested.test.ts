import { describe, expect, test } from 'vitest'
import {
  checkGradients,
  constant,
  evaluate,
  grad,
  jvp,
  onesLike,
  simplify,
  spec,
  stopGradient,
  type Tensor,
  trace,
  valueAndGrad,
  valueAuxAndGrad,
  vjp,
} from '../../src/autodiff/index.ts'
import { graphOf, number, numberOf, value, valuesOf } from './values.ts'

/** The derivative of a function of one number. */
const d =
  (f: (x: Tensor) => Tensor) =>
  (x: Tensor): Tensor =>
    jvp(f, [x], [onesLike(x)])[1]

/** The same by reverse mode. */
const g = (f: (x: Tensor) => Tensor): ((x: Tensor) => Tensor) => grad(f)

const modes = { jvp: d, grad: g } as const
const names = ['jvp', 'grad'] as const

describe('derivatives of derivatives', () => {
  const pairs = names.flatMap(outer => names.map(inner => ({ outer, inner })))

  test.each(pairs)('$outer of $inner of sin is -sin', ({ outer, inner }) => {
    const second = modes[outer](modes[inner](x => x.sin()))
    expect(numberOf(second, 0.7)).toBeCloseTo(-Math.sin(0.7), 14)
  })

  test.each(pairs)('three levels: $outer of $inner of $outer of x^5', ({ outer, inner }) => {
    const third = modes[outer](modes[inner](modes[outer](x => x.pow(5))))
    expect(numberOf(third, 1.3)).toBeCloseTo(60 * 1.3 ** 2, 11)
  })

  test.each(pairs)(
    '$outer of x times $inner of (x + y) by y: no confusion of variables',
    ({ outer, inner }) => {
      const f = (x: Tensor) => x.mul(modes[inner](y => x.add(y))(onesLike(x)))
      expect(numberOf(modes[outer](f), 3)).toBe(1)
    },
  )

  test.each(pairs)('$outer of x times $inner of x y by y, at y = x', ({ outer, inner }) => {
    const f = (x: Tensor) => x.mul(modes[inner](y => x.mul(y))(x))
    expect(numberOf(modes[outer](f), 3)).toBe(6)
  })

  test('a Hessian-vector product: forward over reverse and reverse over forward', () => {
    const rosenbrock = (x: Tensor) => {
      const [a, b] = [x.slice(0, 0, 2), x.slice(0, 1)]
      const one = constant(1, [], x.dtype)
      return b.sub(a.square()).square().mul(100).add(one.sub(a).square()).sum()
    }
    const at = value([0.5, -0.3, 0.8])
    const along = value([1, 2, -1])
    const [first] = valuesOf((x, v) => jvp(grad(rosenbrock), [x], [v])[1], at, along)
    const [second] = valuesOf((x, v) => grad((x: Tensor) => jvp(rosenbrock, [x], [v])[1])(x), at, along)
    const hessian = [
      [1200 * 0.25 - 400 * -0.3 + 2, -400 * 0.5, 0],
      [-400 * 0.5, 200 + 1200 * 0.09 - 400 * 0.8 + 2, -400 * -0.3],
      [0, -400 * -0.3, 200],
    ]
    const expected = hessian.map(row => row.reduce((sum, h, i) => sum + h * along.data[i], 0))
    for (const found of [first, second]) {
      found.data.forEach((x, i) => {
        expect(x).toBeCloseTo(expected[i], 9)
      })
    }
  })

  test('a direction that depends on the point, in the graph', () => {
    // d/ds of f(s, 2s): the second primal is made from the first, but is a variable of its own.
    const partial = (s: Tensor) => jvp((s, t) => s.mul(t), [s, s.mul(2)], [onesLike(s), onesLike(s)])[1]
    expect(numberOf(partial, 3)).toBe(9)
    const byTarget = (s: Tensor) => {
      const t = s.square()
      return jvp(t => s.mul(t.square()), [t], [onesLike(t)])[1]
    }
    // s 2t at t = s^2; with a leak through s it would be 2 s t + t^2 ds/dt.
    expect(numberOf(byTarget, 2)).toBe(16)
    // And the gradient of that sees both ways that s enters.
    expect(numberOf(grad(byTarget), 2)).toBe(24)
  })

  test('a function that closes over an outer variable', () => {
    const f = (x: Tensor, y: Tensor) => grad((x: Tensor) => x.mul(y).mul(x))(x)
    expect(numberOf(f, 3, 5)).toBe(30)
    expect(numberOf((x, y) => grad((y: Tensor) => f(x, y))(y), 3, 5)).toBe(6)
  })
})

describe('what does not depend on the variable', () => {
  test('a function that ignores its argument has derivative zero in both modes', () => {
    const [[a], [b], [c]] = [
      valuesOf(x => jvp(() => constant(2, [3], 'float64'), [x], [onesLike(x)])[1], value([1, 2])),
      valuesOf(x => vjp(() => constant(2, [], 'float64'), [x])[1](constant(1, [], 'float64')), value([1, 2])),
      valuesOf((x, y) => grad((x: Tensor) => y.add(x.sub(x.sum())).sum())(x), number(1), number(4)),
    ]
    expect([...a.data]).toEqual([0, 0, 0])
    expect([...b.data]).toEqual([0, 0])
    expect([...c.data]).toEqual([0])
  })

  test('the outer tensor itself, used inside, counts as a constant', () => {
    expect(numberOf(x => grad((y: Tensor) => y.mul(x))(x), 3)).toBe(3)
  })

  test('the identity', () => {
    expect(numberOf(x => grad((y: Tensor) => y)(x), 3)).toBe(1)
    expect(numberOf(x => jvp(y => y, [x], [x])[1], 3)).toBe(3)
  })

  test('integer and bool parts have no derivative', () => {
    const f = (x: Tensor) => x.cast('int64').cast(x.dtype).mul(x).sum()
    expect([...valuesOf(x => grad(f)(x), value([1.5, 2.5]))[0].data]).toEqual([1, 2])
  })
})

describe('stopGradient', () => {
  const f = (x: Tensor) => x.mul(stopGradient(x.square()))

  test.each(names)('blocks %s', mode => {
    expect(numberOf(modes[mode](f), 3)).toBe(9)
  })

  test.each(names)('blocks every level of nested %s', mode => {
    expect(numberOf(modes[mode](modes[mode](f)), 3)).toBe(0)
    expect(numberOf(modes.grad(modes[mode](x => stopGradient(x).mul(x.square()))), 3)).toBe(6)
  })

  test('around a derivative keeps its value and drops its gradient', () => {
    const inner = (x: Tensor) => stopGradient(d(x => x.pow(3))(x)).mul(x)
    expect(numberOf(inner, 2)).toBe(24)
    expect(numberOf(grad(inner), 2)).toBe(12)
  })

  test('inside a tangent blocks only the gradient through the tangent', () => {
    const f = (x: Tensor) => jvp(y => y.square(), [x], [stopGradient(x)])[1]
    expect(numberOf(f, 3)).toBe(18)
    expect(numberOf(grad(f), 3)).toBe(6)
  })

  test('leaves no backward graph of what is wholly under it', () => {
    const deep = (w: Tensor, x: Tensor) => x.matmul(w).sin().matmul(w).sin().sum()
    const operations = (loss: (w: Tensor, x: Tensor) => Tensor) => {
      const graph = trace(
        ([w, x]) => valueAndGrad((w: Tensor) => loss(w, x))(w),
        [spec([4, 4]), spec([8, 4])],
      )
      return simplify(graph).nodes.map(node => node.op)
    }
    const count = (list: string[], op: string) => list.filter(found => found === op).length
    const stopped = operations((w, x) => stopGradient(deep(w, x)).add(w.square().sum()))
    expect([count(stopped, 'matmul'), count(stopped, 'cos')]).toEqual([2, 0])
    const free = operations((w, x) => deep(w, x).add(w.square().sum()))
    expect([count(free, 'matmul'), count(free, 'cos')]).toEqual([5, 2])
  })
})

describe('trees', () => {
  test('gradients keep the nesting of the parameters, values are handed through', () => {
    const params = {
      layers: [
        { w: 2, b: 3 },
        { w: 5, b: 7 },
      ],
      scale: 11,
    }
    const specs = {
      layers: params.layers.map(() => ({ w: spec([], 'float64'), b: spec([], 'float64') })),
      scale: spec([], 'float64'),
    }
    type Params = { layers: { w: Tensor; b: Tensor }[]; scale: Tensor }
    const run = (p: Params) =>
      valueAuxAndGrad((p: Params) => {
        const hidden = p.layers.reduce((h, { w, b }) => h.mul(w).add(b), p.scale)
        return [hidden.square(), { hidden }] as const
      })(p)
    let shape: unknown
    const graph = trace(inputs => {
      const [total, aux, gradient] = run(inputs as Params)
      shape = gradient
      return { total, aux, gradient }
    }, specs)
    expect(graph.outputNames).toEqual([
      'total',
      'aux.hidden',
      'gradient.layers.0.w',
      'gradient.layers.0.b',
      'gradient.layers.1.w',
      'gradient.layers.1.b',
      'gradient.scale',
    ])
    expect(shape).toMatchObject({ layers: [{}, {}], scale: {} })
    const found = evaluate(graph, [2, 3, 5, 7, 11].map(number)).map(v => v.data[0])
    // h = (11*2+3)*5+7 = 132
    expect(found).toEqual([132 ** 2, 132, 264 * 55, 264 * 5, 264 * 25, 264, 264 * 10])
  })

  test('jvp takes a function that returns a tree', () => {
    const [[sum], [product]] = valuesOf(
      (x, y) => jvp((x, y) => ({ sum: x.add(y), product: x.mul(y) }), [x, y], [y, x])[1],
      number(2),
      number(3),
    ).map(v => v.data)
    expect([sum, product]).toEqual([5, 13])
  })

  test('the same tensor in two places gets a gradient for each', () => {
    const f = (x: Tensor) => vjp((a, b) => a.square().mul(b), [x, x])[1](onesLike(x))
    expect(valuesOf(f, number(3)).map(v => v.data[0])).toEqual([18, 9])
    expect(numberOf(x => jvp((a, b) => a.square().mul(b), [x, x], [x, x])[1], 3)).toBe(81)
  })

  test('a pullback can be used twice', () => {
    const f = (x: Tensor) => {
      const [, pullback] = vjp(y => y.sin(), [x])
      return [pullback(onesLike(x))[0], pullback(x)[0]]
    }
    const [one, scaled] = valuesOf(f, number(2)).map(v => v.data[0])
    expect(one).toBeCloseTo(Math.cos(2), 15)
    expect(scaled).toBeCloseTo(2 * Math.cos(2), 15)
  })
})

describe('composites', () => {
  test('jvp inside of a loss that is differentiated in reverse', () => {
    const field = (x: Tensor, s: Tensor) => x.mul(s).tanh().add(s.square().mul(x))
    checkGradients(
      (x, s) =>
        jvp(field, [x, s], [x.sin(), onesLike(s)])[1]
          .square()
          .mean(),
      [value([0.3, -0.5, 0.9, 0.2], [2, 2]), value([0.4, 0.7], [2, 1])],
    )
  })

  test('a maximum shared by ties halves its derivative in both modes', () => {
    const at = value([2, 5, 5, 1])
    expect([...valuesOf(x => grad((x: Tensor) => x.max())(x), at)[0].data]).toEqual([0, 0.5, 0.5, 0])
    expect(valuesOf(x => jvp(x => x.max(), [x], [x])[1], at)[0].data[0]).toBe(5)
  })
})

describe('errors', () => {
  const float = value([1, 2])
  const fails = (fn: (...args: Tensor[]) => unknown) => expect(() => graphOf(fn, [float, float]))
  test('say what was given', () => {
    fails(x => jvp(x => x, [x], [])).toThrow(/jvp: 1 primals but 0 tangents/)
    fails(x => jvp(x => x, [x], [x.sum()])).toThrow(
      /tangent 0 is reshape float64\[\], its primal input float64\[2\]/,
    )
    fails(x => jvp(x => x, [x], [x.cast('float32')])).toThrow(/tangent 0 is cast float32\[2\]/)
    fails(x => grad((x: Tensor) => x)(x)).toThrow(/must return a scalar, found opaque float64\[2\]/)
    fails(x => grad((x: Tensor) => x.sum())(x.cast('int64'))).toThrow(/by a value of type int64/)
    fails(x => vjp(x => x, [x])[1](x.sum())).toThrow(/the cotangent is reshape float64\[\], the value opaque/)
    fails(() => grad((x: Tensor) => x)(3 as unknown as Tensor)).toThrow(/number is not a leaf/)
  })
})
