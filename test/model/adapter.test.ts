import { describe, expect, test } from 'vitest'
import { constant, sizeOf, type Tensor, type Value, valueAndGrad } from '../../src/autodiff/index.ts'
import {
  adaptedNetwork,
  adapterChanges,
  adapterProblem,
  type Condition,
  kindOf,
  merged,
  type Named,
  type NetworkConfig,
  networkOf,
  networks,
  type PointSpec,
} from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { valuesOf } from '../autodiff/values.ts'

/** The oracle O14: what a low-rank adapter must and must not change, in float64. */

const COUNT = 3

const keys = (kind: string, own: object): NetworkConfig => ({
  ...kindOf({ kind }).defaults,
  ...{ kind, conditioning: 's,t', parameterization: 'average-velocity' },
  ...own,
})
const small = { patch: 2, width: 8, depth: 2, heads: 2, hidden: 6, frequencies: 2 }
const pictures: PointSpec = { shape: [4, 6, 2], condition: { kind: 'class', classes: 3 } }
const sequences: PointSpec = { shape: [6, 5], space: 'simplex', condition: { kind: 'class', classes: 3 } }
const plane: PointSpec = { shape: [2], condition: { kind: 'class', classes: 3 } }

const cases: Readonly<Record<string, readonly [NetworkConfig, PointSpec]>> = {
  dit: [keys('dit', small), pictures],
  'dit with tokens and a velocity head': [
    keys('dit', { ...small, injection: 'tokens', activation: 'swiglu', qkNorm: true, velocityHead: 1 }),
    pictures,
  ],
  'dit, decoupled': [keys('dit', { ...small, conditioning: 'decoupled', scale: 'inverse' }), pictures],
  transformer: [keys('transformer', { ...small, position: 'learned' }), sequences],
  mlp: [keys('mlp', { hidden: 7, layers: 3, frequencies: 2 }), plane],
  'mlp with times in every layer': [
    keys('mlp', { hidden: 7, layers: 2, frequencies: 2, conditioning: 'decoupled', injection: 'layers' }),
    plane,
  ],
}

type Arrays = Record<string, Float64Array>

/** Numbers none of which is zero, for the arrays of a network. */
const drawn = (network: { parameters: Named<{ shape: readonly number[] }> }, seed: number): Arrays =>
  Object.fromEntries(
    Object.entries(network.parameters).map(([name, { shape }]) => {
      const source = random(seed, name)
      return [name, Float64Array.from({ length: sizeOf(shape) }, () => 0.25 * source.normal())]
    }),
  )

function setup([config, point]: readonly [NetworkConfig, PointSpec]) {
  const network = networkOf(config, point)
  const adapter = { rank: 2, alpha: 3, ...kindOf(config).adapter!(config) }
  const base = drawn(network, 1)
  const adaptedBy = (values: Arrays) =>
    adaptedNetwork(network, adapter, constantsOf(network.parameters, values))
  const own = adaptedBy(base)
  return { network, adapter, base, adaptedBy, own }
}

const constantsOf = (
  specs: Named<{ shape: readonly number[] }>,
  values: Named<Float32Array | Float64Array>,
) =>
  Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => [name, constant(values[name], shape, 'float64')]),
  )

const numbers = (shape: readonly number[], of: (i: number) => number): Value => ({
  shape: [COUNT, ...shape],
  data: Float64Array.from({ length: COUNT * sizeOf(shape) }, (_, i) => of(i)),
})

/** What a network gives for some points, of all of its outputs. */
function outputs(
  { shape }: PointSpec,
  bind: (condition: Condition<Tensor>) => ReturnType<ReturnType<typeof networkOf>['apply']>,
) {
  const source = random(2, 'points')
  const times = shape.map(() => 1)
  const condition: Condition<Tensor> = { class: constant([0, 2, 3], [COUNT], 'int64') }
  return valuesOf(
    (x, s, t) => {
      const bound = bind(condition)
      return [bound(x, s, t), ...(bound.heads?.velocity ? [bound.heads.velocity(x, s, t)] : [])]
    },
    numbers(shape, () => source.normal()),
    numbers(times, i => [0.9, 0.7, 0.6][i]),
    numbers(times, i => [0.2, 0.6, 0][i]),
  ).map(({ data }) => data as Float64Array)
}

/** Largest difference, relative to the largest number. */
function difference(found: readonly Float64Array[], expected: readonly Float64Array[]): number {
  const top = Math.max(...expected.flatMap(each => [...each].map(Math.abs)))
  return Math.max(...found.flatMap((each, k) => [...each].map((v, i) => Math.abs(v - expected[k][i]) / top)))
}

describe.each(Object.entries(cases))('an adapter of %s', (_, [config, point]) => {
  const { network, adapter, base, adaptedBy, own } = setup([config, point])
  const of = (values: Named<Float32Array | Float64Array>) =>
    outputs(point, condition => network.apply(constantsOf(network.parameters, values), condition))
  const adaptedOutputs = (values: Named<Float32Array | Float64Array>, on = own) =>
    outputs(point, condition => on.apply(constantsOf(on.parameters, values), condition))
  const trained = drawn(own, 3)
  const changes = adapterChanges(trained, adapter)

  test('changes nothing before it is trained', () => {
    const fresh = own.initialize(random(0, 'adapter'))
    expect(adaptedOutputs(fresh)).toEqual(of(base))
    for (const [name, { shape }] of Object.entries(own.parameters)) {
      const largest = Math.max(...fresh[name].map(Math.abs))
      const bound = name.endsWith('.a') ? 1 / Math.sqrt(shape[0]) : 0
      expect(largest, name).toBeLessThanOrEqual(bound)
      expect(largest, name).toBeGreaterThanOrEqual(bound / 2)
    }
  })

  test('begins with a gradient of exactly zero by every a, and by nothing else', () => {
    const fresh = own.initialize(random(0, 'adapter'))
    const names = Object.keys(own.parameters)
    const source = random(5, 'points')
    const times = point.shape.map(() => 1)
    const [, ...gradients] = valuesOf(
      (x, s, t, ...values) => {
        const tree = Object.fromEntries(names.map((name, i) => [name, values[i]]))
        const told = { class: constant([0, 2, 3], [COUNT], 'int64'), scale: s.add(1) }
        return valueAndGrad((live: Named<Tensor>) => {
          const bound = own.apply(live, told)
          const head = bound.heads?.velocity?.(x, s, t).square().mean()
          const loss = bound(x, s, t).square().mean()
          return head ? loss.add(head) : loss
        })(tree)
      },
      numbers(point.shape, () => source.normal()),
      numbers(times, i => [0.9, 0.7, 0.6][i]),
      numbers(times, i => [0.2, 0.6, 0][i]),
      ...names.map(name => ({
        shape: own.parameters[name].shape,
        data: Float64Array.from(fresh[name]),
      })),
    )
    names.forEach((name, i) => {
      const isZero = gradients[i].data.every(v => v === 0)
      expect(isZero, name).toBe(name.endsWith('.a'))
    })
  })

  test('merged is the same network', () => {
    const whole = merged(base, [{ weight: 1, changes }])
    expect(difference(of(whole), adaptedOutputs(trained))).toBeLessThan(2e-15)
    expect(difference(of(base), adaptedOutputs(trained))).toBeGreaterThan(0.01)
  })

  test('merged in float32 is the same to 1e-6', () => {
    const single = Object.fromEntries(Object.entries(base).map(([name, v]) => [name, Float32Array.from(v)]))
    const whole = merged(single, [{ weight: 1, changes }])
    expect(difference(of(whole), adaptedOutputs(trained))).toBeLessThan(1e-6)
  })

  test('merged and taken out again leaves the base', () => {
    const whole = merged(merged(base, [{ weight: 1, changes }]), [{ weight: -1, changes }])
    for (const [name, values] of Object.entries(base)) {
      expect(difference([whole[name]], [values]), name).toBeLessThan(2e-15)
    }
  })

  test('adapts another network of the same shapes', () => {
    const other = drawn(network, 7)
    const whole = merged(other, [{ weight: 1, changes }])
    expect(difference(of(whole), adaptedOutputs(trained, adaptedBy(other)))).toBeLessThan(2e-15)
  })

  test('adds to others, each times its weight', () => {
    const [wide, second] = [{ ...adapter, rank: 1, alpha: 5 }, drawn(own, 9)]
    const narrow = Object.fromEntries(
      Object.entries(second).map(([name, v]) => [
        name,
        /\.[ab]$/.test(name) ? v.subarray(0, v.length / 2) : v,
      ]),
    )
    const others = adapterChanges(narrow, wide)
    const whole = merged(base, [
      { weight: 0.5, changes },
      { weight: -2, changes: others },
    ])
    for (const [name, values] of Object.entries(base)) {
      const expected = values.map(
        (v, i) => v + 0.5 * (changes[name]?.[i] ?? 0) - 2 * (others[name]?.[i] ?? 0),
      )
      expect(difference([whole[name]], [expected]), name).toBeLessThan(2e-15)
    }
  })
})

describe('the factors of a layer', () => {
  const { network, adapter, own } = setup(cases.dit)

  test('add (alpha/rank) b a to its weight, as files hold them', () => {
    const name = 'blocks.1.mlp.0'
    const [inputs, rank, outputs] = [8, 2, 6]
    const parameters = drawn(own, 3)
    const a = (k: number, i: number) => parameters[`${name}.a`][i * rank + k]
    const b = (o: number, k: number) => parameters[`${name}.b`][k * outputs + o]
    const found = adapterChanges(parameters, adapter)[`${name}.weight`]
    for (let o = 0; o < outputs; o++) {
      for (let i = 0; i < inputs; i++) {
        const expected = (3 / 2) * (b(o, 0) * a(0, i) + b(o, 1) * a(1, i))
        expect(found[i * outputs + o]).toBeCloseTo(expected, 14)
      }
    }
  })

  test('are of the layers that the transformer names, and of the times in full', () => {
    const layers = [0, 1].flatMap(i =>
      ['modulation', 'qkv', 'out', 'mlp.0', 'mlp.1'].map(n => `blocks.${i}.${n}`),
    )
    const times = Object.keys(network.parameters).filter(name => name.startsWith('time.'))
    expect(times).toHaveLength(8)
    expect(Object.keys(own.parameters).sort()).toEqual(
      [...layers.flatMap(name => [`${name}.a`, `${name}.b`]), ...times.map(name => `${name}.change`)].sort(),
    )
    expect(own.parameters['blocks.0.qkv.a'].shape).toEqual([8, 2])
    expect(own.parameters['blocks.0.qkv.b'].shape).toEqual([2, 24])
  })

  test.each([
    [{ targets: ['qkv', 'mpl'] }, /^adapter\.targets: expected some of .*mlp.*; found mpl$/],
    [{ targets: ['class'] }, /^adapter\.targets: class has no linear layer; .*adapter\.train$/],
    [{ train: ['times'] }, /^adapter\.train: expected some of patch, time, .*; found times$/],
    [
      { rank: 7 },
      /^adapter\.rank: 7 is more than blocks\.0\.mlp\.0\.weight \[6, 8\] can take; use at most 6, or/,
    ],
  ])('refuse %o', (change, message) => {
    expect(adapterProblem(network, { ...adapter, ...change })).toMatch(message)
    expect(adapterProblem(network, adapter)).toBeUndefined()
  })

  test('are known to every kind of network that has adapters', () => {
    const kinds = Object.values(cases).map(([{ kind }]) => kind)
    const adapts = [...networks.values()].filter(kind => kind.adapter).map(({ kind }) => kind)
    expect([...new Set(kinds)].sort()).toEqual(adapts.sort())
  })
})
