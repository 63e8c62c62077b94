import { describe, expect, test } from 'vitest'
import type { Tensor } from '../../../src/autodiff/index.ts'
import { dit } from '../../../src/model/dit/kind.ts'
import {
  type Condition,
  conversionOf,
  flowMap,
  inheritedFrom,
  kindOf,
  type NetworkConfig,
  networkOf,
  type PointSpec,
} from '../../../src/model/index.ts'
import { random } from '../../../src/random/random.ts'
import { valuesOf } from '../../autodiff/values.ts'
import { batchOf, constants, samplesOf, small, symbols } from './variants.ts'

const base: NetworkConfig = {
  ...dit.defaults,
  ...{ kind: 'dit', conditioning: 's', parameterization: 'average-velocity' },
  ...{ patch: 2, width: 8, depth: 3, heads: 2, hidden: 6, frequencies: 2 },
}
const pictures: PointSpec = { shape: [4, 6, 2] }
const classes: PointSpec = { ...pictures, condition: { kind: 'class', classes: 3 } }
const vectors: PointSpec = {
  ...pictures,
  condition: { kind: 'vector', size: 2, standardization: { shift: [0, 0], scale: [1, 1] } },
}
const decoupled = { ...base, conditioning: 'decoupled' as const }
const map = { ...base, conditioning: 's,t' as const }
const inContext = { ...map, injection: 'tokens' }

interface Sized {
  config: NetworkConfig
  point: PointSpec
}

/** Trained parameters: none is zero. */
const trained = ({ config, point }: Sized): Record<string, Float32Array> =>
  Object.fromEntries(
    Object.entries(networkOf(config, point).parameters).map(([name, { shape }]) => {
      const source = random(4, name)
      return [name, Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.5 * source.normal())]
    }),
  )

const converted = (from: Sized, to: Sized): Record<string, Float32Array> => {
  const conversion = conversionOf(from, to)
  if (typeof conversion === 'string') throw new Error(conversion)
  return conversion(trained(from))
}

const told = batchOf(small, samplesOf(small))
const { x, s, t, condition } = told

/** Velocity, jump and, where there is one, the velocity head of some parameters. */
function given(
  { config, point }: Sized,
  parameters: Readonly<Record<string, Float32Array>>,
  condition: () => Condition<Tensor> = () => ({}),
  { x, s, t }: Pick<typeof told, 'x' | 's' | 't'> = told,
): Float64Array[] {
  const network = networkOf(config, point)
  const values = Object.fromEntries(
    Object.entries(network.parameters).map(([name, { shape }]) => [
      name,
      { shape, data: Float64Array.from(parameters[name]) },
    ]),
  )
  return valuesOf(
    (...at: Tensor[]) => {
      const [x, s, t] = at
      const { velocity, jump, velocityHead } = flowMap(network.apply(constants(values), condition()))
      return [velocity(x, s, t), jump(x, s, t), ...(velocityHead ? [velocityHead(x, s, t)] : [])]
    },
    x,
    s,
    t,
  ).map(({ data }) => data)
}

const apart = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i])), 0)

describe('a velocity network', () => {
  const from = { config: base, point: classes }
  const [v] = given(from, trained(from), condition)

  test.each(['s,t', 's,s-t'] as const)(
    "becomes a map of %s whose jump is Euler's step, bit for bit",
    conditioning => {
      const to = { config: { ...base, conditioning }, point: classes }
      const [V, F] = given(to, converted(from, to), condition)
      expect(V).toEqual(v)
      const step = x.data.map((value, i) => {
        const sample = Math.floor(i / (x.data.length / 3))
        return value + (t.data[sample] - s.data[sample]) * v[i]
      })
      expect(F).toEqual(step)
    },
  )

  test('becomes a decoupled map with nothing added', () => {
    const to = { config: decoupled, point: classes }
    expect(converted(from, to)).toEqual(trained(from))
  })

  test('is given a scale, an interval and a factor of the output, which change nothing at a scale of 1', () => {
    const more = { ...base, scale: 'complement', interval: true, outputScale: true }
    const to = { config: more, point: classes }
    expect(given(to, converted(from, to), condition)).toEqual(given(from, trained(from), condition))
  })

  test('is given a velocity head that says the same, and leaves it again', () => {
    const to = { config: { ...map, velocityHead: 2 }, point: classes }
    const [V, , head] = given(to, converted(from, to), condition)
    expect(head).toEqual(V)
    expect(V).toEqual(v)
    const back = conversionOf(to, { config: map, point: classes })
    expect(Object.keys((back as (p: object) => object)(trained(to)))).toEqual(
      Object.keys(networkOf(map, classes).parameters),
    )
  })

  test('of other keys is refused with the key', () => {
    const refused = (change: object, config = base) =>
      conversionOf({ config, point: classes }, { config: { ...config, ...change }, point: classes })
    expect(refused({ width: 16 })).toBe('network.width is 8 there and 16 here')
    expect(refused({ qkNorm: true })).toBe('network.qkNorm is false there and true here')
    expect(refused({ conditioning: 's-t' })).toMatch(/a velocity depends on s/)
    expect(refused({ conditioning: 's,s-t' }, map)).toMatch(/only a velocity network \("s"\) becomes another/)
    expect(refused({ scale: 'none' }, { ...base, scale: 'inverse' })).toBe(
      'network.scale is "inverse" there and "none" here',
    )
    expect(refused({ velocityHead: 1 }, { ...base, velocityHead: 2 })).toMatch(
      /network.velocityHead is 2 there/,
    )
    expect(refused({ conditioning: 's,t' }, { ...inContext, conditioning: 's' })).toMatch(
      /network.conditioning is .*more tokens are another attention/,
    )
    expect(refused({ timeTokens: 3 }, inContext)).toBe('network.timeTokens is 4 there and 3 here')
    expect(refused({ timeTokens: 3 })).toBeTypeOf('function')
    const grey = { ...classes, shape: [4, 6, 1] }
    expect(conversionOf({ config: base, point: classes }, { config: base, point: grey })).toBe(
      'its pictures have 2 channels, these 1',
    )
  })

  test('takes over what a default says, written out', () => {
    const written = { ...base, hidden: null, activation: 'gelu' }
    const same = { ...written, hidden: 32 }
    expect(conversionOf({ config: written, point: classes }, { config: same, point: classes })).toBeTypeOf(
      'function',
    )
  })
})

describe('a network without a condition', () => {
  const at = (config: NetworkConfig) => ({ config, point: pictures })

  test.each([
    ['classes', classes],
    ['vectors', vectors],
  ])('becomes one of %s that is the same for all of them', (_, point) => {
    for (const config of [map, decoupled, inContext]) {
      const to = { config, point }
      const told = point === classes ? condition : () => ({})
      expect(given(to, converted(at(config), to), told)).toEqual(given(at(config), trained(at(config))))
    }
  })

  test.each([
    ['classes', classes],
    ['vectors', vectors],
  ])('is what one of %s is for none', (_, point) => {
    for (const config of [map, decoupled, inContext]) {
      const parameters = trained({ config, point })
      const alone = dit.withoutCondition!(config as never, point, parameters) as Record<string, Float32Array>
      expect(Object.keys(alone)).toEqual(Object.keys(networkOf(config, pictures).parameters))
      const expected = given({ config, point }, parameters)
      given(at(config), alone).forEach((values, i) => {
        expect(apart(values, expected[i])).toBeLessThan(1e-5)
      })
    }
  })
})

describe('a network of sequences', () => {
  const sequence: NetworkConfig = { ...base, kind: 'transformer', patch: 1, position: 'learned' }
  const at = (config: object, shape: readonly number[] = [6, 5], space = 'simplex'): Sized => ({
    config: { ...sequence, ...config },
    point: { shape, space },
  })
  const points = batchOf(symbols, samplesOf(symbols))
  const outputs = (sized: Sized, parameters: Readonly<Record<string, Float32Array>>) =>
    given(sized, parameters, () => ({}), points)

  test('becomes a map of two times, with its positions', () => {
    const [from, to] = [at({}), at({ conditioning: 's,t' })]
    expect(outputs(to, converted(from, to))[0]).toEqual(outputs(from, trained(from))[0])
  })

  test('is refused for other symbols, other places and another space', () => {
    expect(conversionOf(at({}), at({}, [6, 4]))).toBe('its positions have 5 numbers, these 4')
    expect(conversionOf(at({}), at({}, [8, 5]))).toMatch(
      /^its points are \[6, 5\], these \[8, 5\]; .*"learned"/,
    )
    expect(conversionOf(at({}), at({}, [6, 5], 'flat'))).toBe('its points are simplex, these flat')
    const sines = { position: 'sincos' }
    expect(conversionOf(at(sines), at(sines, [8, 5]))).toBeTypeOf('function')
  })
})

test('a run that begins with a velocity and trains a map takes over all but its times', () => {
  const taken = inheritedFrom(base, { kind: 'dit' }, true)
  expect(taken).toMatchObject({ width: 8, patch: 2 })
  expect(taken).not.toHaveProperty('conditioning')
  expect(inheritedFrom(base, { kind: 'dit' }, false)).toMatchObject({ conditioning: 's' })
})

test('the teacher that a run first trains can begin that run, with tokens too', () => {
  for (const config of [map, decoupled, { ...inContext, scale: 'inverse' }]) {
    const own = { ...config, velocityHead: 2, outputScale: true }
    const teacher = { ...own, conditioning: 's' as const, ...kindOf(own).ofVelocity!(own) }
    expect(teacher.velocityHead).toBe(0)
    const [from, to] = [teacher, own].map(config => ({ config, point: classes }))
    expect(conversionOf(from, to)).toBeTypeOf('function')
  }
})
