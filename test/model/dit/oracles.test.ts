import { describe, expect, test } from 'vitest'
import {
  constant,
  evaluate,
  grad,
  jvp,
  simplify,
  spec,
  type Tensor,
  trace,
  type Value,
} from '../../../src/autodiff/index.ts'
import { applyDit } from '../../../src/model/dit/dit.ts'
import { initializeDit } from '../../../src/model/dit/initialize.ts'
import type { DitOptions } from '../../../src/model/dit/options.ts'
import { ditParameters } from '../../../src/model/dit/parameters.ts'
import { random } from '../../../src/random/random.ts'
import { valuesOf } from '../../autodiff/values.ts'
import { batchOf, constants, drawn, samplesOf, small, symbols, variants } from './variants.ts'

const all = Object.entries(variants)
const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)
const largest = (values: ArrayLike<number>): number => apart(values, new Float64Array(values.length))

/** Everything that a network gives: its output, and that of its velocity head, one after another. */
const outputs = (
  options: DitOptions,
  parameters: Record<string, Tensor>,
  x: Tensor,
  s: Tensor,
  t: Tensor,
) => {
  const network = applyDit(options, parameters, batchOf(options, samplesOf(options)).condition())
  const head = network.heads?.velocity?.(x, s, t)
  return head ? [network(x, s, t), head] : [network(x, s, t)]
}

const inputsOf = (options: DitOptions): Value[] => {
  const { x, s, t } = batchOf(options, samplesOf(options))
  return [x, s, t]
}

const given = (options: DitOptions, parameters: Record<string, Value>, ...at: Value[]): Float64Array =>
  Float64Array.from(
    valuesOf(
      (...at: Tensor[]) => outputs(options, constants(parameters), at[0], at[1], at[2]),
      ...(at.length > 0 ? at : inputsOf(options)),
    ).flatMap(({ data }) => [...data]),
  )

describe('a network as it begins', () => {
  test.each(all)('is zero, and so is every gradient but that of the last layers: %s', (_, options) => {
    const specs = Object.fromEntries(
      Object.entries(ditParameters(options)).map(([name, { shape }]) => [name, spec(shape, 'float64')]),
    )
    const [x, s, t] = inputsOf(options).map(({ shape, data }) => constant(data, shape, 'float64'))
    const loss = (parameters: Record<string, Tensor>) =>
      outputs(options, parameters, x, s, t)
        .map(output => output.sub(x).square().sum())
        .reduce((a, b) => a.add(b))
    const graph = simplify(trace(parameters => grad(loss)(parameters as Record<string, Tensor>), specs))
    const start = initializeDit(options, random(3, 'start'))
    const values = Object.entries(specs).map(([name, { shape }]) => ({
      shape,
      data: Float64Array.from(start[name]),
    }))
    const named = Object.fromEntries(Object.keys(specs).map((name, i) => [name, values[i]]))
    expect(largest(given(options, named))).toBe(0)
    evaluate(graph, values).forEach(({ data }, i) => {
      const name = graph.outputNames[i]
      if (/final\.out\./.test(name)) expect(largest(data), name).toBeGreaterThan(1e-3)
      else expect(largest(data), name).toBe(0)
    })
  })
})

describe('a velocity network', () => {
  const velocity: DitOptions = { ...small, depth: 3, split: 2, conditioning: 's' }
  const parameters = drawn(velocity)
  const { x, s } = batchOf(velocity, samplesOf(velocity))

  test('is a decoupled one at equal times, bit for bit, and at no others', () => {
    const decoupled: DitOptions = { ...velocity, conditioning: 'decoupled' }
    expect(Object.keys(ditParameters(decoupled))).toEqual(Object.keys(parameters))
    const v = given(velocity, parameters, x, s, s)
    expect(given(decoupled, parameters, x, s, s)).toEqual(v)
    const { t } = batchOf(velocity, samplesOf(velocity))
    expect(apart(given(decoupled, parameters, x, s, t), v)).toBeGreaterThan(1e-2)
  })

  test.each(['s,t', 's,s-t'] as const)(
    'is one of %s whose second embedder is zero, bit for bit',
    conditioning => {
      const map: DitOptions = { ...velocity, conditioning }
      const zero = Object.fromEntries(
        Object.entries(ditParameters(map))
          .filter(([name]) => name.startsWith('time.1.1'))
          .map(([name, { shape }]) => [
            name,
            { shape, data: new Float64Array(shape.reduce((a, b) => a * b)) },
          ]),
      )
      const own = { ...drawn(map), ...parameters, ...zero }
      const [x, s, t] = inputsOf(velocity)
      expect(given(map, own, x, s, t)).toEqual(given(velocity, parameters, x, s, t))
      const awake = { ...drawn(map), ...parameters }
      expect(apart(given(map, awake, x, s, t), given(velocity, parameters, x, s, t))).toBeGreaterThan(1e-2)
    },
  )
})

const direction = ({ shape }: Value, seed: number): Value => {
  const source = random(seed, 'direction')
  return {
    shape,
    data: Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => source.normal()),
  }
}

const moved = (value: Value, along: Value, by: number): Value => ({
  shape: value.shape,
  data: value.data.map((v, i) => v + by * along.data[i]),
})

/** The derivative at 0 by differences of fourth order. */
const difference = (f: (step: number) => ArrayLike<number>, h: number): number[] => {
  const [a, b, c, d] = [-2, -1, 1, 2].map(k => f(k * h))
  return Array.from(a, (_, i) => (a[i] - 8 * b[i] + 8 * c[i] - d[i]) / (12 * h))
}

describe('the derivative along a direction of point and times', () => {
  test.each(all)('is that of differences of fourth order: %s', (_, options) => {
    const parameters = drawn(options)
    const at = inputsOf(options)
    const along = at.map((value, i) => direction(value, i))
    const found = valuesOf(
      (...inputs: Tensor[]) =>
        jvp(
          (x, s, t) => outputs(options, constants(parameters), x, s, t),
          inputs.slice(0, 3),
          inputs.slice(3),
        )[1],
      ...at,
      ...along,
    ).flatMap(({ data }) => [...data])
    const expected = difference(
      step => given(options, parameters, ...at.map((value, i) => moved(value, along[i], step))),
      3e-5,
    )
    expect(apart(found, expected) / largest(expected)).toBeLessThan(3e-9)
    expect(largest(expected)).toBeGreaterThan(0.1)
  })

  test.each(all)('twice is that of differences of the first: %s', (_, options) => {
    const parameters = drawn(options)
    const at = inputsOf(options)
    const along = at.map((value, i) => direction(value, i))
    const once = (inputs: readonly Tensor[], ds: readonly Tensor[]) =>
      jvp((x, s, t) => outputs(options, constants(parameters), x, s, t), inputs, ds)[1]
    const twice = (inputs: readonly Tensor[], ds: readonly Tensor[]) =>
      jvp((...at) => once(at, ds), inputs, ds)[1]
    const derivative = (of: typeof once, step: number) =>
      valuesOf(
        (...inputs: Tensor[]) => of(inputs.slice(0, 3), inputs.slice(3)),
        ...at.map((value, i) => moved(value, along[i], step)),
        ...along,
      ).flatMap(({ data }) => [...data])
    const expected = difference(step => derivative(once, step), 3e-5)
    expect(apart(derivative(twice, 0), expected) / largest(expected)).toBeLessThan(1e-8)
    expect(largest(expected)).toBeGreaterThan(0.1)
  })

  test.each(all)('has the right gradient by every parameter: %s', (_, options) => {
    const values = drawn(options)
    const at = inputsOf(options)
    const along = at.map((value, i) => direction(value, i))
    const [x, ds] = [at, along].map(list => list.map(({ shape, data }) => constant(data, shape, 'float64')))
    const loss = (parameters: Record<string, Tensor>) => {
      const [value, derivative] = jvp((...at) => outputs(options, parameters, at[0], at[1], at[2]), x, ds)
      return value.map((v, i) => v.add(derivative[i].mul(0.1)).square().mean()).reduce((a, b) => a.add(b))
    }
    const specs = Object.fromEntries(
      Object.entries(values).map(([name, { shape }]) => [name, spec(shape, 'float64')]),
    )
    const named = (of: (p: Record<string, Tensor>) => unknown) =>
      simplify(trace(parameters => of(parameters as Record<string, Tensor>), specs))
    const gradients = evaluate(named(grad(loss)), Object.values(values))
    const plain = named(parameters => loss(parameters))
    // One direction of all parameters together, and one of each group of them.
    const lossAt = (step: number, isMoved: (name: string) => boolean) =>
      evaluate(
        plain,
        Object.entries(values).map(([name, value], i) =>
          isMoved(name) ? moved(value, direction(value, 10 + i), step) : value,
        ),
      )[0].data
    const groups = [
      () => true,
      ...['attention', 'told', 'rest'].map(group => (name: string) => groupOf(name) === group),
    ]
    for (const isMoved of groups) {
      const [slope] = difference(step => lossAt(step, isMoved), 3e-5)
      const expected = Object.entries(values).reduce((sum, [name, value], i) => {
        if (!isMoved(name)) return sum
        const along = direction(value, 10 + i).data
        return sum + gradients[i].data.reduce((dot, g, k) => dot + g * along[k], 0)
      }, 0)
      expect(Math.abs(expected - slope) / Math.max(1, Math.abs(slope))).toBeLessThan(1e-8)
    }
  })
})

const groupOf = (name: string): string =>
  /\.(qkv|q|k|out)\./.test(name)
    ? 'attention'
    : /^(time|scale|class|vector|interval|tokens)\./.test(name)
      ? 'told'
      : 'rest'

describe('positions', () => {
  const [height, width] = [4, 6]

  /** A picture whose patches stand elsewhere. */
  const permuted = (picture: ArrayLike<number>, order: readonly number[]): Float64Array => {
    const { patch: p, shape } = small
    const [columns, channels] = [width / p, shape[2]]
    const pixel = (n: number, i: number, j: number, k: number) =>
      ((Math.floor(n / columns) * p + i) * width + (n % columns) * p + j) * channels + k
    const size = height * width * channels
    const out = new Float64Array(picture.length)
    for (let from = 0; from < picture.length; from += size) {
      order.forEach((old, place) => {
        for (let i = 0; i < p; i++)
          for (let j = 0; j < p; j++)
            for (let k = 0; k < channels; k++) {
              out[from + pixel(place, i, j, k)] = picture[from + pixel(old, i, j, k)]
            }
      })
    }
    return out
  }
  const order = [3, 0, 5, 1, 4, 2]

  test.each<[string, DitOptions]>([
    ['adaln', { ...small, position: 'none' }],
    ['tokens', { ...small, position: 'none', injection: 'tokens' }],
  ])('none: patches elsewhere are the output elsewhere, %s', (_, options) => {
    const parameters = drawn(options)
    const [x, s, t] = inputsOf(options)
    const plain = given(options, parameters, x, s, t)
    const shuffled = given(options, parameters, { ...x, data: permuted(x.data, order) }, s, t)
    expect(apart(shuffled, permuted(plain, order))).toBeLessThan(1e-14)
    expect(apart(shuffled, plain)).toBeGreaterThan(0.1)
  })

  test.each(['sincos', 'learned', 'rotary', 'rotary2d'] as const)(
    '%s: they are another picture',
    position => {
      const options: DitOptions = { ...small, position }
      const parameters = drawn(options)
      const [x, s, t] = inputsOf(options)
      const plain = given(options, parameters, x, s, t)
      const shuffled = given(options, parameters, { ...x, data: permuted(x.data, order) }, s, t)
      expect(apart(shuffled, permuted(plain, order))).toBeGreaterThan(1e-2)
    },
  )
})

describe('positions of a sequence', () => {
  const [length, K] = symbols.shape
  const order = [3, 0, 5, 1, 4, 2]
  /** Sequences whose symbols stand elsewhere, or rows of a table. */
  const permuted = (values: ArrayLike<number>, width: number): Float64Array =>
    Float64Array.from(values, (_, i) => {
      const row = Math.floor(i / width)
      const [sequence, place] = [Math.floor(row / length), row % length]
      return values[(sequence * length + order[place]) * width + (i % width)]
    })
  const shuffledOf = (options: DitOptions, parameters: Record<string, Value>, code = parameters) => {
    const [x, s, t] = inputsOf(options)
    const plain = given(options, parameters, x, s, t)
    const shuffled = given(options, code, { ...x, data: permuted(x.data, K) }, s, t)
    return { plain, shuffled, moved: permuted(plain, K) }
  }

  test.each(['adaln', 'tokens'] as const)(
    'without a code, symbols elsewhere are the output elsewhere: %s',
    injection => {
      const options: DitOptions = { ...symbols, position: 'none', injection }
      const { plain, shuffled, moved } = shuffledOf(options, drawn(options))
      expect(apart(shuffled, moved)).toBeLessThan(1e-14)
      expect(apart(shuffled, plain)).toBeGreaterThan(0.1)
    },
  )

  test.each(['sincos', 'learned', 'rotary'] as const)('%s: they are another sequence', position => {
    const options: DitOptions = { ...symbols, position }
    const { shuffled, moved } = shuffledOf(options, drawn(options))
    expect(apart(shuffled, moved)).toBeGreaterThan(1e-2)
  })

  test('a code that moves with its symbols takes the output with it, so that places act through it alone', () => {
    const options: DitOptions = { ...symbols, position: 'learned' }
    const parameters = drawn(options)
    const { position } = parameters
    const code = { ...parameters, position: { ...position, data: permuted(position.data, options.width) } }
    const { shuffled, moved } = shuffledOf(options, parameters, code)
    expect(apart(shuffled, moved)).toBeLessThan(1e-14)
  })

  test('learned ones begin as the sines', () => {
    const options: DitOptions = { ...symbols, position: 'learned' }
    const parameters = drawn(options)
    const start = initializeDit(options, random(3, 'start')).position
    const fixed = given({ ...options, position: 'sincos' }, parameters)
    const learned = given(options, {
      ...parameters,
      position: { shape: [length, options.width], data: Float64Array.from(start) },
    })
    expect(apart(learned, fixed)).toBeLessThan(1e-6)
  })
})
