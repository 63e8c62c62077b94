import { afterEach, describe, expect, test, vi } from 'vitest'
import {
  type CorePrimitive,
  checkGraph,
  evaluate,
  type Graph,
  spec,
  trace,
} from '../../src/autodiff/index.ts'
import { sizeOf } from '../../src/autodiff/primitive.ts'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { bindMap, networkOf } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { compile } from '../../src/runtime/node.ts'
import { buildStep } from '../../src/training/step.ts'
import { depthFirst, peakOf } from '../helpers/live.ts'
import { some } from '../helpers/long.ts'

afterEach(() => vi.unstubAllEnvs())

const POINT = { shape: [4, 4, 1] }
const dit = { kind: 'dit', patch: 2, width: 8, depth: 2, heads: 2, frequencies: 4 }

/** The steps that keep and that compute again. */
function stepsOf(user: UserConfig, point = POINT): readonly Graph<CorePrimitive>[] {
  return [false, true].map(recompute => {
    const config = resolveConfig({ data: 'glyphs', batch: 4, ...user, recompute })
    const { graph } = buildStep(config, point)
    checkGraph(graph)
    return graph
  })
}

/** Some state and draws. */
function inputsOf({ inputs }: Graph): Float32Array[] {
  const source = random(3, 'inputs')
  return inputs.map(({ params: { name }, shape }) =>
    Float32Array.from({ length: sizeOf(shape) }, () => {
      if (/\.[stmr]$/.test(name)) return source.uniform()
      if (name === 'rates') return 1e-2
      return name.endsWith('second') ? 0.1 + source.uniform() : 0.3 * source.normal()
    }),
  )
}

const valuesOf = (graph: Graph): (readonly number[])[] => {
  const drawn = inputsOf(graph)
  const given = graph.inputs.map(({ shape }, i) => ({ shape, data: Float64Array.from(drawn[i]) }))
  return evaluate(graph, given).map(({ data }) => [...data])
}

describe('values that are computed again', () => {
  test.each<[string, UserConfig]>([
    ['flow-matching', { objective: 'flow-matching', network: dit }],
    ['psd', { objective: 'psd', network: dit }],
    ['a stopped tangent', { objective: 'meanflow', network: dit }],
    ['gradients through tangents', { objective: 'lsd', network: dit }],
    ['tokens in context', { objective: 'lsd', network: { ...dit, injection: 'tokens' } }],
    ['a velocity head', { objective: 'imf', network: { ...dit, velocityHead: 1 } }],
    ['two times apart', { objective: 'tvm', network: { ...dit, conditioning: 'decoupled', norm: 'rms' } }],
    ['a gradient in the loss', { objective: 'esd', options: { spatialGradient: true }, network: dit }],
    ['a perceptron', { objective: 'lsd', network: { hidden: 8, layers: 3, frequencies: 2 } }],
  ])('are the same to the last bit: %s', (_, user) => {
    const [kept, again] = stepsOf(user)
    expect(again.nodes.length).toBeGreaterThan(1.2 * kept.nodes.length)
    expect(valuesOf(again)).toEqual(valuesOf(kept))
  })

  test('are so on ONNX Runtime, where it fuses nothing', async () => {
    vi.stubEnv('OXBOW_ENGINE', 'onnx')
    const results = []
    for (const graph of stepsOf({ objective: 'lsd', network: dit })) {
      const program = await compile(graph, { optimize: false, threads: 1 })
      results.push(await program.run(inputsOf(graph)))
      await program.close()
    }
    expect(results[1]).toEqual(results[0])
  })
})

describe('what is alive at a time', () => {
  const large = { data: 'glyphs', batch: 16, network: { ...dit, width: 16, depth: 5 } }
  const picture = { shape: [16, 16, 1] }

  test.each(some(['flow-matching', 'meanflow', 'lsd']))('is far less: %s', objective => {
    const [kept, again] = stepsOf({ ...large, objective }, picture)
    expect(peakOf(again)).toBeLessThan(0.5 * peakOf(kept))
    // In the order in which it is run, too.
    expect(peakOf(again, depthFirst(again))).toBeLessThan(0.5 * peakOf(kept, depthFirst(kept)))
  })

  test('grows with the depth by what lies between blocks alone', () => {
    const peaks = [4, 8].map(depth => {
      const network = { ...large.network, depth }
      return stepsOf({ ...large, objective: 'flow-matching', network }, picture).map(graph => peakOf(graph))
    })
    const [kept, again] = [0, 1].map(i => peaks[1][i] - peaks[0][i])
    expect(again).toBeLessThan(0.2 * kept)
  })

  test('is of a stopped tangent no more than of a forward pass', () => {
    const [fm, mf, through] = ['flow-matching', 'meanflow', 'lsd'].map(objective =>
      peakOf(stepsOf({ ...large, objective }, picture)[0]),
    )
    const config = resolveConfig({ ...large, objective: 'psd' })
    const network = networkOf(config.network, picture)
    const [x, time] = [spec([16, ...picture.shape]), spec([16, 1, 1, 1])]
    const forward = trace(
      ({ x, s, t, ...parameters }) => bindMap(config, picture, parameters, undefined).velocity(x, s, t),
      {
        x,
        s: time,
        t: time,
        ...Object.fromEntries(
          Object.entries(network.parameters).map(([name, { shape }]) => [name, spec(shape)]),
        ),
      },
    )
    expect(mf).toBeLessThan(1.3 * (fm + peakOf(forward)))
    expect(mf).toBeLessThan(1.15 * fm)
    // Where the tangent is not stopped, its own values are kept.
    expect(through).toBeGreaterThan(1.3 * fm)
  })
})
