import { describe, expect, test } from 'vitest'
import { constant, simplify, spec, type Tensor, trace, type Value } from '../../src/autodiff/index.ts'
import { resolveConfig } from '../../src/config/index.ts'
import { embeddingSize } from '../../src/model/embedding.ts'
import {
  type Conditioning,
  conditionings,
  embeddings,
  type Network,
  networkOf,
  timeCount,
} from '../../src/model/index.ts'
import { applyMlp, initializeMlp, type MlpOptions, mlpShapes, sourceLayersOf } from '../../src/model/mlp.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'

const ring: MlpOptions = {
  dimension: 2,
  hidden: 192,
  layers: 2,
  activation: 'silu',
  embedding: 'fourier',
  frequencies: 8,
  conditioning: 's,t',
}
const small: MlpOptions = { ...ring, hidden: 5, frequencies: 2 }

describe('embeddings', () => {
  test('fourier: all sines, then all cosines, doubling frequencies', () => {
    const [features] = valuesOf(t => embeddings.fourier(t, 3), value([0.3, 1], [2, 1]))
    expect(features.shape).toEqual([2, 6])
    const expected = [0.3, 1].flatMap(t => [
      ...[1, 2, 4].map(k => Math.sin(k * Math.PI * t)),
      ...[1, 2, 4].map(k => Math.cos(k * Math.PI * t)),
    ])
    features.data.forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i], 15)
    })
  })

  test('raw: the time itself', () => {
    const [features] = valuesOf(t => embeddings.raw(t, 3), value([0.3, 1], [2, 1]))
    expect([...features.data]).toEqual([0.3, 1])
  })

  test.each(Object.keys(embeddings) as (keyof typeof embeddings)[])('%s has the size that it says', name => {
    trace(
      ({ t }) => {
        expect(embeddings[name](t, 5).shape).toEqual([4, embeddingSize(name, 5)])
        return t
      },
      { t: spec([4, 1]) },
    )
  })
})

describe('conditionings', () => {
  const shown: Record<Conditioning, number[]> = {
    's,t': [0.75, 0.25],
    's,s-t': [0.75, 0.5],
    's-t': [0.5],
    s: [0.75],
    decoupled: [0.75],
  }
  test.each(Object.keys(conditionings) as Conditioning[])('%s shows what it says', name => {
    const times = valuesOf((s, t) => conditionings[name](s, t), value([0.75]), value([0.25]))
    expect(times.map(t => t.data[0])).toEqual(shown[name])
    expect(times).toHaveLength(timeCount(name))
  })

  test.each(Object.keys(conditionings) as Conditioning[])('%s shows the last layers no other, or t', name => {
    const late = valuesOf((s, t) => conditionings[name](s, t, true), value([0.75]), value([0.25]))
    expect(late.map(t => t.data[0])).toEqual(name === 'decoupled' ? [0.25] : shown[name])
  })
})

describe('a perceptron', () => {
  test('of the ring tutorial is 34-192-192-2', () => {
    expect(mlpShapes(ring)).toEqual([
      { weight: [34, 192], bias: [192] },
      { weight: [192, 192], bias: [192] },
      { weight: [192, 2], bias: [2] },
    ])
  })

  test('of the checkerboard takes point and raw times', () => {
    const shapes = mlpShapes({ ...ring, layers: 4, hidden: 256, embedding: 'raw' })
    expect(shapes.map(({ weight }) => weight)).toEqual([
      [4, 256],
      [256, 256],
      [256, 256],
      [256, 256],
      [256, 2],
    ])
  })

  test('is the formula', () => {
    const parameters = initializeMlp(small, random(1, 'parameters'))
    const [y] = valuesOf(
      (x, s, t) => applyMlp(small, bind(parameters))(x, s, t),
      value([0.4, -0.9], [1, 2]),
      value([0.8], [1, 1]),
      value([0.3], [1, 1]),
    )
    const embed = (t: number) => [
      Math.sin(Math.PI * t),
      Math.sin(2 * Math.PI * t),
      Math.cos(Math.PI * t),
      Math.cos(2 * Math.PI * t),
    ]
    let h = [0.4, -0.9, ...embed(0.8), ...embed(0.3)]
    parameters.forEach(({ weight, bias }, layer) => {
      const width = bias.shape[0]
      h = Array.from(bias.data, (b, j) => h.reduce((sum, v, i) => sum + v * weight.data[i * width + j], b))
      if (layer < parameters.length - 1) h = h.map(v => v / (1 + Math.exp(-v)))
    })
    y.data.forEach((v, i) => {
      expect(v).toBeCloseTo(h[i], 14)
    })
  })

  const kinds = (Object.keys(conditionings) as Conditioning[]).flatMap(name =>
    (['input', 'layers'] as const).map(injection => [name, injection] as const),
  )
  // A decoupled network that sees time at its input alone cannot see t; a configuration refuses it.
  const visible = kinds.filter(([name, injection]) => name !== 'decoupled' || injection === 'layers')
  test.each(visible)('with times %s at its %s depends on no others', (name, injection) => {
    const options = { ...small, conditioning: name, injection }
    const parameters = initializeMlp(options, random(1, 'parameters'))
    const run = (s: number, t: number) =>
      valuesOf(
        (x, s, t) => applyMlp(options, bind(parameters))(x, s, t),
        value([0.4, -0.9], [1, 2]),
        value([s], [1, 1]),
        value([t], [1, 1]),
      )[0].data[0]
    const reference = run(0.75, 0.25)
    const otherTarget = run(0.75, 0.125)
    const shifted = run(0.5, 0)
    expect(otherTarget === reference).toBe(name === 's')
    expect(shifted === reference).toBe(name === 's-t')
  })

  test.each(['silu', 'gelu', 'tanh'] as const)(
    'has %s between its layers and none after the last',
    activation => {
      const options: MlpOptions = { ...small, activation }
      const graph = trace(
        ({ x, s, t }) =>
          applyMlp(options, bind(initializeMlp(options, random(1, 'parameters')), 'float32'))(x, s, t),
        { x: spec([3, 2]), s: spec([3, 1]), t: spec([3, 1]) },
      )
      expect(graph.nodes.filter(n => n.op === activation)).toHaveLength(2)
      expect(simplify(graph).outputs[0].op).toBe('add')
      expect(graph.outputs[0].shape).toEqual([3, 2])
    },
  )
})

describe('times in every layer', () => {
  const layered: MlpOptions = { ...small, injection: 'layers' }

  test('widen every weight by the features', () => {
    const weights = (options: MlpOptions) => mlpShapes(options).map(({ weight }) => weight)
    expect(weights(layered)).toEqual([
      [10, 5],
      [13, 5],
      [13, 2],
    ])
    const velocity = weights({ ...layered, conditioning: 's' })
    expect(velocity).toEqual([
      [6, 5],
      [9, 5],
      [9, 2],
    ])
    expect(weights({ ...layered, conditioning: 'decoupled' })).toEqual(velocity)
  })

  const embed = (t: number) => [
    Math.sin(Math.PI * t),
    Math.sin(2 * Math.PI * t),
    Math.cos(Math.PI * t),
    Math.cos(2 * Math.PI * t),
  ]
  const cases: [string, Partial<MlpOptions>, number[][]][] = [
    ['both times', { conditioning: 's,t' }, [0, 1, 2].map(() => [0.8, 0.3])],
    ['decoupled, two thirds at s', { conditioning: 'decoupled' }, [[0.8], [0.8], [0.3]]],
    ['decoupled, one at s', { conditioning: 'decoupled', sourceLayers: 1 }, [[0.8], [0.3], [0.3]]],
  ]
  test.each(cases)('is the formula with %s', (_, part, times) => {
    const options = { ...layered, ...part }
    const parameters = initializeMlp(options, random(1, 'parameters'))
    const [y] = valuesOf(
      (x, s, t) => applyMlp(options, bind(parameters))(x, s, t),
      value([0.4, -0.9], [1, 2]),
      value([0.8], [1, 1]),
      value([0.3], [1, 1]),
    )
    let h = [0.4, -0.9]
    parameters.forEach(({ weight, bias }, layer) => {
      const input = [...h, ...times[layer].flatMap(embed)]
      const width = bias.shape[0]
      h = Array.from(bias.data, (b, j) =>
        input.reduce((sum, v, i) => sum + v * weight.data[i * width + j], b),
      )
      if (layer < parameters.length - 1) h = h.map(v => v / (1 + Math.exp(-v)))
    })
    y.data.forEach((v, i) => {
      expect(v).toBeCloseTo(h[i], 14)
    })
  })

  test.each([
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
    [5, 4],
    [8, 6],
  ])('%i hidden layers: %i linear layers see s unless told', (layers, expected) => {
    expect(sourceLayersOf({ layers })).toBe(expected)
    expect(sourceLayersOf({ layers, sourceLayers: 1 })).toBe(1)
  })
})

describe('initialisation', () => {
  const layers = initializeMlp(ring, random(7, 'parameters'))

  test('is uniform within 1/sqrt(fan in), for weights and biases', () => {
    for (const { weight, bias } of layers) {
      const bound = 1 / Math.sqrt(weight.shape[0])
      const inside = (data: Float32Array) => data.every(v => Math.abs(v) <= Math.fround(bound))
      expect(inside(weight.data) && inside(bias.data)).toBe(true)
      const mean = weight.data.reduce((a, b) => a + b, 0) / weight.data.length
      const square = weight.data.reduce((a, b) => a + b * b, 0) / weight.data.length
      const error = 4 / Math.sqrt(weight.data.length)
      expect(Math.abs(mean / bound)).toBeLessThan(error)
      expect(Math.abs((3 * square) / bound ** 2 - 1)).toBeLessThan(error)
      expect(Math.max(...bias.data)).toBeGreaterThan(0)
    }
  })

  test('has the shapes of the network', () => {
    expect(layers.map(({ weight, bias }) => ({ weight: weight.shape, bias: bias.shape }))).toEqual(
      mlpShapes(ring),
    )
    expect(
      layers.every(({ weight, bias }) => weight.data.length === weight.shape[0] * bias.data.length),
    ).toBe(true)
  })

  test('is the same for the same seed and differs for another', () => {
    expect(initializeMlp(ring, random(7, 'parameters'))).toEqual(layers)
    expect(initializeMlp(ring, random(8, 'parameters'))).not.toEqual(layers)
    expect(initializeMlp(ring, random(7, 'teacher'))).not.toEqual(layers)
  })
})

function bind(
  parameters: ReturnType<typeof initializeMlp>,
  dtype: 'float32' | 'float64' = 'float64',
): { weight: Tensor; bias: Tensor }[] {
  return parameters.map(({ weight, bias }) => ({
    weight: constant(weight.data, weight.shape, dtype),
    bias: constant(bias.data, bias.shape, dtype),
  }))
}

test('of symbols sees them scaled, and nothing else of it changes', () => {
  const config = resolveConfig({ objective: 'psd', network: { hidden: 5, frequencies: 2 } }).network
  const [flat, simplex] = [undefined, 'simplex'].map(space => networkOf(config, { shape: [2, 3], space }))
  expect(simplex.parameters).toEqual(flat.parameters)
  const drawn = flat.initialize(random(1, 'symbols'))
  const bound = (network: Network) =>
    network.apply(
      Object.fromEntries(
        Object.entries(network.parameters).map(([name, { shape }]) => [
          name,
          constant(drawn[name], shape, 'float64'),
        ]),
      ),
    )
  const source = random(2, 'points')
  const x = value(
    Array.from({ length: 12 }, () => source.normal()),
    [2, 2, 3],
  )
  const [s, t] = [value([0.8, 0.3], [2, 1, 1]), value([0.1, 0.2], [2, 1, 1])]
  const size = [Math.hypot(0.2, 0.8), Math.hypot(0.7, 0.3)]
  const scaled = value(
    [...x.data].map((v, i) => v / size[Math.floor(i / 6)]),
    [2, 2, 3],
  )
  const of = (network: Network, x: Value) => valuesOf((...[x, s, t]) => bound(network)(x, s, t), x, s, t)[0]
  const found = of(simplex, x)
  expect(found.shape).toEqual([2, 2, 3])
  found.data.forEach((v, i) => {
    expect(v).toBeCloseTo(of(flat, scaled).data[i], 12)
  })
  expect(Math.abs(found.data[0] - of(flat, x).data[0])).toBeGreaterThan(1e-3)
})
