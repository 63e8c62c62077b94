import { describe, expect, test } from 'vitest'
import {
  checkGradients,
  constant,
  evaluate,
  grad,
  jvp,
  layerNorm,
  leaves,
  onesLike,
  rmsNorm,
  simplify,
  spec,
  type Tensor,
  trace,
  type Value,
} from '../../src/autodiff/index.ts'
import { fromVelocity } from '../../src/model/index.ts'
import { applyMlp, initializeMlp, type MlpOptions, mlpShapes } from '../../src/model/mlp.ts'
import { random } from '../../src/random/random.ts'
import { sampleArgument, value, valuesOf } from './values.ts'

const point = (shape: readonly number[], seed = 1): Value =>
  sampleArgument({ shape, low: -1, high: 1, gap: 0 }, seed, shape.length)

const points = (shapes: readonly (readonly number[])[]): Value[] => shapes.map((shape, i) => point(shape, i))

describe('norms', () => {
  test('rmsNorm gives rows of mean square 1', () => {
    const [y] = valuesOf(x => rmsNorm(x, 0), point([3, 5]))
    for (let row = 0; row < 3; row++) {
      const squares = [...y.data.slice(5 * row, 5 * row + 5)].map(v => v * v)
      expect(squares.reduce((a, b) => a + b) / 5).toBeCloseTo(1, 14)
    }
  })

  test('layerNorm gives rows of mean 0 and variance 1, whatever their scale and offset', () => {
    const [y, moved] = valuesOf(x => [layerNorm(x, 0), layerNorm(x.mul(7).add(3), 0)], point([2, 4]))
    const first = [...y.data.slice(0, 4)]
    expect(first.reduce((a, b) => a + b)).toBeCloseTo(0, 14)
    expect(first.map(v => v * v).reduce((a, b) => a + b) / 4).toBeCloseTo(1, 14)
    moved.data.forEach((v, i) => {
      expect(v).toBeCloseTo(y.data[i], 13)
    })
  })

  test.each([
    ['rmsNorm', rmsNorm],
    ['layerNorm', layerNorm],
  ])('%s has the right derivatives, also of rank 3', (_, norm) => {
    checkGradients(x => norm(x).mul(constant([1, -2, 3, 4], [4], x.dtype)), [point([3, 4])])
    checkGradients(x => norm(x).sin().sum(), [point([2, 2, 3])])
  })
})

interface Block {
  readonly q: Tensor
  readonly k: Tensor
  readonly v: Tensor
  readonly out: Tensor
  readonly up: Tensor
  readonly down: Tensor
}

const HEADS = 2
const WIDTH = 4

/** Pre-norm self-attention and a gated layer: `x` of shape `[batch, tokens, width]`. */
function transformerBlock(x: Tensor, { q, k, v, out, up, down }: Block): Tensor {
  const [batch, tokens, width] = x.shape
  const split = (h: Tensor) => h.reshape([batch, tokens, HEADS, width / HEADS]).transpose([0, 2, 1, 3])
  const normed = layerNorm(x)
  const scores = split(normed.matmul(q)).matmul(split(normed.matmul(k)), { transposeB: true })
  const mixed = scores
    .mul((width / HEADS) ** -0.5)
    .softmax()
    .matmul(split(normed.matmul(v)))
  const h = x.add(mixed.transpose([0, 2, 1, 3]).reshape([batch, tokens, width]).matmul(out))
  return h.add(rmsNorm(h).matmul(up).gelu().matmul(down))
}

const blockShapes = {
  q: [WIDTH, WIDTH],
  k: [WIDTH, WIDTH],
  v: [WIDTH, WIDTH],
  out: [WIDTH, WIDTH],
  up: [WIDTH, 6],
  down: [6, WIDTH],
} satisfies Record<keyof Block, number[]>

const names = Object.keys(blockShapes) as (keyof Block)[]
const bind = (weights: readonly Tensor[]) =>
  Object.fromEntries(names.map((name, i) => [name, weights[i]])) as unknown as Block

describe('a transformer block', () => {
  test('has the right derivatives by its input and by every weight', () => {
    checkGradients(
      (x, ...weights) => transformerBlock(x, bind(weights)),
      points([[2, 3, WIDTH], ...Object.values(blockShapes)]),
      { order: 1 },
    )
  })

  test('and of the gradient of a loss with a Jacobian-vector product inside', () => {
    const x = point([1, 2, WIDTH])
    const loss = (q: Tensor, up: Tensor) => {
      const weights = points(Object.values(blockShapes)).map(({ shape, data }) =>
        constant(data, shape, 'float64'),
      )
      const block = { ...bind(weights), q, up }
      const at = constant(x.data, x.shape, 'float64')
      const [y, dy] = jvp(x => transformerBlock(x, block), [at], [at.cos()])
      return y.mul(dy).sum()
    }
    checkGradients(loss, points([blockShapes.q, blockShapes.up]), { order: 1 })
  })
})

describe('a perceptron', () => {
  const options: MlpOptions = {
    dimension: 2,
    hidden: 8,
    layers: 2,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: 2,
    conditioning: 's,t',
  }
  type Layers = Parameters<typeof applyMlp>[1]

  const kinds: [string, Partial<MlpOptions>][] = [
    ...(['silu', 'gelu', 'tanh'] as const).map((activation): [string, Partial<MlpOptions>] => [
      activation,
      { activation },
    ]),
    ['times in every layer', { injection: 'layers' }],
    ['decoupled times', { injection: 'layers', conditioning: 'decoupled' }],
  ]
  test.each(kinds)('with %s: no parameter has a zero gradient under an inner derivative', (_, kind) => {
    const network = { ...options, ...kind }
    const loss = (parameters: Layers, x: Tensor, s: Tensor, t: Tensor) => {
      const map = fromVelocity(applyMlp(network, parameters))
      const [, dF] = jvp(t => map.jump(x, s, t), [t], [onesLike(t)])
      return dF
        .square()
        .mean()
        .add(map.jump(x, s, t).square().mean())
    }
    const values = initializeMlp(network, random(3, 'parameters'))
    const specs = {
      parameters: mlpShapes(network).map(({ weight, bias }) => ({
        weight: spec(weight, 'float64'),
        bias: spec(bias, 'float64'),
      })),
      x: spec([5, 2], 'float64'),
      s: spec([5, 1], 'float64'),
      t: spec([5, 1], 'float64'),
    }
    const graph = trace(
      ({ parameters, x, s, t }) => grad((p: Layers) => loss(p, x, s, t))(parameters as Layers),
      specs,
    )
    const flat = values.flatMap(({ weight, bias }) => [weight, bias])
    const inputs = [
      ...flat.map(({ shape, data }) => ({ shape, data: Float64Array.from(data) })),
      point([5, 2]),
      value([0.9, 0.8, 0.7, 0.6, 0.5], [5, 1]),
      value([0.1, 0.3, 0.2, 0.4, 0.05], [5, 1]),
    ]
    const gradients = evaluate(simplify(graph), inputs)
    expect(gradients.map(g => g.shape)).toEqual(flat.map(p => p.shape))
    gradients.forEach((g, i) => {
      const zeros = g.data.filter(v => v === 0).length
      expect(zeros, graph.outputNames[i]).toBe(0)
    })
  })

  test.each(kinds)('with %s has the right derivatives by parameters, point and times', (_, kind) => {
    const network = { ...options, ...kind, hidden: 3 }
    const shapes = leaves(
      mlpShapes(network),
      (v): v is number[] => Array.isArray(v) && typeof v[0] === 'number',
    )
    const layersOf = (flat: Tensor[]) =>
      Array.from({ length: flat.length / 2 }, (_, i) => ({ weight: flat[2 * i], bias: flat[2 * i + 1] }))
    checkGradients(
      (x, s, t, ...flat) => applyMlp(network, layersOf(flat))(x, s, t),
      points([[2, 2], [2, 1], [2, 1], ...shapes.map(([, shape]) => shape)]),
      { order: 1 },
    )
  })
})
