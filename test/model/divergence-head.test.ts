import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import {
  asRows,
  conversionOf,
  flowMap,
  type Named,
  type NetworkConfig,
  networkOf,
  networks,
  timeShape,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { piecesOf } from '../../src/training/optimizer/muon.ts'
import { valuesOf } from '../autodiff/values.ts'

const pointFor = ({ kind }: NetworkConfig) => ({ shape: kind === 'transformer' ? [4, 4] : [4, 4, 1] })
const keysOf = (kind: string, own: object = {}): NetworkConfig => ({
  kind,
  conditioning: 's,t',
  parameterization: 'average-velocity',
  ...networks.get(kind)!.defaults,
  ...own,
})
const kinds: [string, NetworkConfig][] = [
  ['mlp', keysOf('mlp', { hidden: 8 })],
  ['mlp with times in every layer', keysOf('mlp', { hidden: 8, injection: 'layers' })],
  ['dit', keysOf('dit', { patch: 2, width: 8, depth: 2, heads: 2 })],
  ['transformer', keysOf('transformer', { width: 8, depth: 2, heads: 2 })],
  ['dit with tokens', keysOf('dit', { patch: 2, width: 8, depth: 2, heads: 2, injection: 'tokens' })],
  ['dit with both heads', keysOf('dit', { patch: 2, width: 8, depth: 2, heads: 2, velocityHead: 1 })],
]

/** Parameters none of which is zero, so that every layer counts. */
const drawn = (config: NetworkConfig): Named<Float32Array> => {
  const network = networkOf(config, pointFor(config))
  const source = random(1, 'values')
  return Object.fromEntries(
    Object.entries(network.initialize(random(1, 'initial'))).map(([name, values]) => [
      name,
      values.map(value => value + 0.1 * source.normal()),
    ]),
  )
}

function outputsOf(config: NetworkConfig, values: Named<Float32Array>) {
  const network = networkOf(config, pointFor(config))
  const tensors = Object.fromEntries(
    Object.entries(network.parameters).map(([name, { shape }]) => [
      name,
      constant([...values[name]], shape, 'float64'),
    ]),
  )
  const source = random(2, 'points')
  const numbers = (size: number) => Array.from({ length: size }, () => source.normal())
  return valuesOf(() => {
    const map = flowMap(network.apply(tensors))
    const { shape } = pointFor(config)
    const x = constant(numbers(48), [3, ...shape], 'float64')
    const [s, t] = [
      [0.9, 0.6, 0.2],
      [0.1, 0.5, 0.8],
    ].map(times => constant(times, timeShape(3, shape), 'float64'))
    const rows = asRows(map, shape)
    const row = (a: Tensor) => a.reshape([3, a.shape.slice(1).reduce((p, q) => p * q)])
    return {
      V: map.velocity(x, s, t),
      ...(map.divergence && {
        A: map.divergence(x, s, t),
        ofRows: rows.divergence!(row(x), row(s), row(t)),
      }),
    }
  })
}

describe.each(kinds)('%s', (_, config) => {
  const headed = { ...config, divergenceHead: 'auto' } as const
  const values = drawn(headed)

  test('has a number for each picture, of the scale that is asked for', () => {
    const [, A, ofRows] = outputsOf(headed, values)
    expect(A.shape).toEqual(timeShape(3, pointFor(config).shape))
    expect(new Set(A.data).size).toBe(3)
    expect([...ofRows.data]).toEqual([...A.data])
    const [, half] = outputsOf({ ...config, divergenceHead: 16 }, values)
    half.data.forEach((value, i) => {
      expect(value).toBeCloseTo(A.data[i] / 2, 10)
    })
  })

  test('a head changes nothing else, and begins afresh on a map that had none', () => {
    const plain = { ...config, divergenceHead: 0 } as const
    const [from, to] = [plain, headed].map(config => ({ config, point: pointFor(config) }))
    const convert = conversionOf(from, to)
    if (typeof convert === 'string') throw new Error(convert)
    const own = drawn(plain)
    const [before] = outputsOf(plain, own)
    const [after, A] = outputsOf(headed, convert(own))
    expect([...after.data]).toEqual([...before.data])
    expect(A.data.every(Number.isFinite)).toBe(true)
    const back = conversionOf(to, from)
    if (typeof back === 'string') throw new Error(back)
    expect(Object.keys(back(convert(own))).sort()).toEqual(Object.keys(own).sort())
    const kept = conversionOf(to, to)
    if (typeof kept === 'string') throw new Error(kept)
    expect(kept(values)).toEqual(values)
  })

  test('is refused on a head of another scale', () => {
    const [from, to] = [8, 16].map(divergenceHead => ({
      config: { ...config, divergenceHead },
      point: pointFor(config),
    }))
    expect(conversionOf(from, to)).toMatch(/network\.divergenceHead is 8 there and 16 here; use 8/)
  })

  test('muon orthogonalises the same matrices, and none of the head', () => {
    const hidden = (config: NetworkConfig) =>
      piecesOf(networkOf(config, pointFor(config))).filter(({ matrices }) => matrices > 0).length
    expect(hidden(headed)).toBe(hidden({ ...config, divergenceHead: 0 }))
  })
})
