import { expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { resolveConfig } from '../../src/config/index.ts'
import { bindMap, networkOf, policyOutputs, timeShape } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { valuesOf } from '../autodiff/values.ts'

const PICTURE = [8, 8, 2]
const kinds = {
  dit: { kind: 'dit', patch: 4, width: 16, depth: 1, heads: 2 },
  mlp: { kind: 'mlp', hidden: 16 },
  transformer: { kind: 'transformer', patch: 2, width: 16, depth: 1, heads: 2 },
}

test.each(Object.entries(kinds))('a policy of points with places by a network of kind %s', (kind, keys) => {
  const point = { shape: kind === 'transformer' ? [64, 2] : PICTURE }
  const times = (s: number) => ({
    shape: timeShape(2, point.shape),
    data: Float64Array.of(s, s / 2),
  })
  const config = resolveConfig({
    ...{ objective: 'piflow', teacher: 'x', data: { glyphs: { size: 8 } } },
    network: { ...keys, components: 3, substeps: 16 },
  })
  const network = networkOf(config.network, point)
  const drawn = network.initialize(random(1, 'test'))
  const parameters = Object.fromEntries(
    Object.entries(network.parameters).map(([name, { shape }]) => [
      name,
      constant(drawn[name], shape, 'float64'),
    ]),
  )
  const source = random(2, 'test')
  const x = { shape: [2, ...point.shape], data: Float64Array.from({ length: 256 }, () => source.normal()) }
  const map = bindMap(config, point, parameters)
  const [output, jump, pieces] = valuesOf(
    (x: Tensor, s: Tensor, t: Tensor) => {
      const pi = map.policy!.at(x, s)
      return [network.apply(parameters)(x, s, s), map.jump(x, s, t), x.add(t.sub(s).mul(pi.average(t)))]
    },
    x,
    times(0.9),
    times(0.3),
  )
  expect(output.shape).toEqual([2, policyOutputs({ ...point, components: 3 })])
  // It begins narrow, and no two components alike.
  expect(output.data[output.data.length - 1]).toBeLessThan(Math.log(0.05) + 2)
  expect(new Set([...output.data.slice(0, 6)].map(v => v.toFixed(6))).size).toBe(6)
  expect(jump.shape).toEqual([2, ...point.shape])
  expect(Math.max(...jump.data.map((v, i) => Math.abs(v - pieces.data[i])))).toBeLessThan(1e-12)
})
