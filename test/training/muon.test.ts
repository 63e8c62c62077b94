import { Matrix, SingularValueDecomposition } from 'ml-matrix'
import { describe, expect, test } from 'vitest'
import { evaluate, sizeOf, spec, type Tensor, trace, type Value } from '../../src/autodiff/index.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { type Named, networkOf, type ParameterSpec, sizeOfNetwork } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { orthogonalized, piecesOf } from '../../src/training/optimizer/muon.ts'
import { optimizerOf } from '../../src/training/optimizer/optimizers.ts'
import { RATES, writeRates } from '../../src/training/optimizer/rates.ts'
import { value } from '../autodiff/values.ts'

/** A first layer, a hidden one, two matrices side by side, and the last layer. */
const PARAMETERS: Named<ParameterSpec> = {
  '0.weight': { shape: [2, 3], transposed: true },
  '0.bias': { shape: [3] },
  '1.weight': { shape: [3, 5], transposed: true },
  '1.bias': { shape: [5] },
  '2.weight': { shape: [5, 4], transposed: true, hiddenMatrices: 2 },
  '3.weight': { shape: [3, 5], transposed: true },
  table: { shape: [4, 4] },
  '4.weight': { shape: [4, 2], transposed: true },
}
const SIZE = Object.values(PARAMETERS).reduce((sum, { shape }) => sum + sizeOf(shape), 0)

const normals = (size: number, seed: number): number[] =>
  Array.from({ length: size }, (_, i) => random(seed, i).normal())

const start = normals(SIZE, 0)
/** Some smooth gradient that depends on the parameters and the step. */
const gradientAt = (parameters: readonly number[], step: number): number[] =>
  parameters.map((p, i) => p - Math.cos(i) + 0.5 * Math.sin(step * i) + 0.3 * random(1, step, i).normal())

type Settings = UserConfig['optimizer']

function ours(settings: Settings, steps: number): number[][] {
  const config = resolveConfig({ objective: 'lsd', optimizer: { name: 'muon', ...settings }, steps: 100 })
  const optimizer = optimizerOf(config.optimizer, { parameters: PARAMETERS })
  const vector = spec([SIZE], 'float64')
  const names = Object.keys(optimizer.init(SIZE))
  const graph = trace(
    ({ rates, parameters, gradient, ...own }: Record<string, Tensor>) => {
      const { update, state } = optimizer.update({ parameters, direction: gradient, rates }, own)
      return [update.parameters.sub(update.direction), ...names.map(name => state[name])]
    },
    {
      rates: spec([RATES], 'float64'),
      parameters: vector,
      gradient: vector,
      ...Object.fromEntries(names.map(name => [name, vector])),
    },
  )
  let state: Value[] = [value(start), ...names.map(() => value(start.map(() => 0)))]
  return Array.from({ length: steps }, (_, i) => {
    const rates = new Float32Array(RATES)
    writeRates(config, i + 1, rates)
    const [parameters, ...own] = state
    const gradient = value(gradientAt([...parameters.data], i + 1))
    state = evaluate(graph, [value([...rates]), parameters, gradient, ...own])
    return [...state[0].data]
  })
}

type Rows = readonly (readonly number[])[]
const transpose = (m: Rows): number[][] => m[0].map((_, j) => m.map(row => row[j]))
const product = (a: Rows, b: Rows): number[][] =>
  a.map(row => transpose(b).map(column => row.reduce((sum, x, i) => sum + x * column[i], 0)))

/** Newton-Schulz as its author writes it: on the transpose where there are more rows than columns. */
function newtonSchulz(matrix: Rows): number[][] {
  const tall = matrix.length > matrix[0].length
  let x = tall ? transpose(matrix) : matrix.map(row => [...row])
  const norm = Math.sqrt(x.flat().reduce((sum, v) => sum + v * v, 0)) + 1e-7
  x = x.map(row => row.map(v => v / norm))
  for (let i = 0; i < 5; i++) {
    const a = product(x, transpose(x))
    const aa = product(a, a)
    const b = a.map((row, r) => row.map((v, c) => -4.775 * v + 2.0315 * aa[r][c]))
    const bx = product(b, x)
    x = x.map((row, r) => row.map((v, c) => 3.4445 * v + bx[r][c]))
  }
  return tall ? transpose(x) : x
}

/** The entries of the flat vector that each matrix of a hidden layer has, by rows. */
const MATRICES: readonly (readonly number[][])[] = (() => {
  const at = (start: number, rows: number, all: number, from: number, to: number) =>
    Array.from({ length: rows }, (_, i) =>
      Array.from({ length: to - from }, (_, j) => start + i * all + from + j),
    )
  // After 0.weight and 0.bias, 9 numbers; 1.weight 15, 1.bias 5, 2.weight 20.
  return [at(9, 3, 5, 0, 5), at(29, 5, 4, 0, 2), at(29, 5, 4, 2, 4), at(49, 3, 5, 0, 5)]
})()

/**
 * Muon as PyTorch documents it, with the scale of Moonlight, and AdamW for the rest.
 * https://docs.pytorch.org/docs/stable/generated/torch.optim.Muon.html
 */
function textbook(settings: Settings, steps: number): number[][] {
  const { optimizer } = resolveConfig({ objective: 'lsd', optimizer: { name: 'muon', ...settings } })
  const { learningRate: lr, beta1, beta2, epsilon, momentum, weightDecay } = optimizer
  const [m, v, buffer] = [0, 1, 2].map(() => start.map(() => 0))
  const inMatrix = new Set(MATRICES.flat(2))
  let parameters = start
  return Array.from({ length: steps }, (_, index) => {
    const t = index + 1
    const gradient = gradientAt(parameters, t)
    const next = parameters.map((p, k) => {
      m[k] = beta1 * m[k] + (1 - beta1) * gradient[k]
      v[k] = beta2 * v[k] + (1 - beta2) * gradient[k] ** 2
      buffer[k] = momentum * buffer[k] + gradient[k]
      const kept = p * (1 - lr * weightDecay)
      if (inMatrix.has(k)) return kept
      return kept - (lr * (m[k] / (1 - beta1 ** t))) / (Math.sqrt(v[k] / (1 - beta2 ** t)) + epsilon)
    })
    for (const places of MATRICES) {
      const update = newtonSchulz(places.map(row => row.map(k => gradient[k] + momentum * buffer[k])))
      const scale = 0.2 * Math.sqrt(Math.max(places.length, places[0].length))
      places.forEach((row, i) => {
        row.forEach((k, j) => {
          next[k] -= lr * scale * update[i][j]
        })
      })
    }
    parameters = next
    return parameters
  })
}

const singularValues = (data: ArrayLike<number>, rows: number, columns: number): number[] =>
  new SingularValueDecomposition(Matrix.from1DArray(rows, columns, Array.from(data)), { autoTranspose: true })
    .diagonal

describe('muon', () => {
  test.each<[string, Settings]>([
    ['the defaults', { learningRate: 0.02 }],
    ['weight decay', { learningRate: 0.02, weightDecay: 0.1 }],
    ['another momentum', { learningRate: 0.02, momentum: 0.5, beta2: 0.95 }],
  ])('is the textbook: %s', (_, settings) => {
    const [found, expected] = [ours(settings, 30), textbook(settings, 30)]
    found.forEach((row, i) => {
      row.forEach((p, k) => {
        expect(Math.abs(p - expected[i][k])).toBeLessThan(1e-6 * (1 + Math.abs(expected[i][k])))
      })
    })
  })

  test.each([
    [6, 12],
    [12, 6],
    [8, 8],
  ])('brings the singular values of a %i x %i matrix near 1', (rows, columns) => {
    const data = normals(rows * columns, 7).map(x => 1e-3 * x)
    const graph = trace(x => orthogonalized(x), spec([1, rows, columns], 'float64'))
    const [{ data: found }] = evaluate(graph, [value(data, [1, rows, columns])])
    for (const s of singularValues(found, rows, columns)) {
      expect(s).toBeGreaterThan(0.6)
      expect(s).toBeLessThan(1.3)
    }
    const given = singularValues(data, rows, columns)
    expect(given.at(-1)! / given[0]).toBeLessThan(0.6)
  })

  test('no gradient is no update', () => {
    const graph = trace(x => orthogonalized(x), spec([1, 3, 3], 'float64'))
    expect([...evaluate(graph, [value(new Array(9).fill(0), [1, 3, 3])])[0].data]).toEqual(
      new Array(9).fill(0),
    )
  })
})

describe('what muon orthogonalises', () => {
  const matricesOf = (network: UserConfig['network'], shape: readonly number[]) => {
    const config = resolveConfig({ objective: 'lsd', network })
    const built = networkOf(config.network, { shape })
    const pieces = piecesOf(built)
    expect(pieces.at(-1)!.end).toBe(sizeOfNetwork(built))
    return Object.fromEntries(
      Object.keys(built.parameters).flatMap((name, i) =>
        pieces[i].matrices > 0 ? [[name, pieces[i].matrices]] : [],
      ),
    )
  }

  test('of a perceptron all layers but the first and the last', () => {
    expect(matricesOf({ layers: 3 }, [2])).toEqual({ '1.weight': 1, '2.weight': 1 })
    expect(matricesOf({ layers: 1 }, [2])).toEqual({})
  })

  test('of a transformer the layers of its blocks', () => {
    expect(matricesOf({ kind: 'dit', depth: 1, activation: 'swiglu', velocityHead: 1 }, [8, 8, 1])).toEqual({
      'blocks.0.modulation.weight': 6,
      'blocks.0.qkv.weight': 3,
      'blocks.0.out.weight': 1,
      'blocks.0.mlp.0.weight': 2,
      'blocks.0.mlp.1.weight': 1,
      'velocity.blocks.0.modulation.weight': 6,
      'velocity.blocks.0.qkv.weight': 3,
      'velocity.blocks.0.out.weight': 1,
      'velocity.blocks.0.mlp.0.weight': 2,
      'velocity.blocks.0.mlp.1.weight': 1,
    })
  })
})
