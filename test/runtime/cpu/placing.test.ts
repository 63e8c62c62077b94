import { describe, expect, test } from 'vitest'
import type { CorePrimitive } from '../../../src/autodiff/index.ts'
import { evaluate, type Graph } from '../../../src/autodiff/index.ts'
import type { Value } from '../../../src/autodiff/kernel.ts'
import { sizeOf } from '../../../src/autodiff/primitive.ts'
import { pointOf, resolveConfig, type UserConfig } from '../../../src/config/index.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { fromVelocity } from '../../../src/model/index.ts'
import { objectives } from '../../../src/objective/index.ts'
import { random } from '../../../src/random/random.ts'
import { placeRows } from '../../../src/runtime/cpu/placing.ts'
import { buildStep } from '../../../src/training/step.ts'
import { evaluatePlacing } from './evaluate-placing.ts'

/** Values for all inputs of a graph: positive, so that roots and logarithms are finite. */
function valuesFor(graph: Graph, seed = 1): Value[] {
  const source = random(seed, 'placing')
  return graph.inputs.map(({ shape, dtype }) => ({
    shape,
    data: Float64Array.from({ length: sizeOf(shape) }, () =>
      dtype === 'int64' ? source.integer(2) : 0.1 + 0.2 * source.uniform(),
    ),
  }))
}

function compare(graph: Graph<CorePrimitive>, carried: number) {
  const inputs = valuesFor(graph)
  const placing = placeRows(graph, carried)
  const [found, expected] = [evaluatePlacing(placing, inputs), evaluate(graph, inputs)]
  found.forEach(({ data }, i) => {
    const scale = Math.max(...expected[i].data.map(Math.abs), 1e-9)
    const off = Math.max(...data.map((value, k) => Math.abs(value - expected[i].data[k]) / scale))
    expect(data.length).toBe(expected[i].data.length)
    expect(off, graph.outputNames[i]).toBeLessThan(1e-9)
  })
  return placing
}

const base = {
  batch: 20,
  network: { hidden: 24, layers: 2, frequencies: 4 },
  diagonal: { fraction: 0.3 },
} as const satisfies UserConfig

const stepOf = (user: UserConfig) => {
  const config = resolveConfig(user)
  const field = fromVelocity(x => x.neg())
  const dataset = generatedDataset(config.data)
  return buildStep(config, pointOf(config, dataset), { teacher: field, pretrained: field, weak: field })
}

describe('the step of each objective, row by row', () => {
  test.each([...objectives.keys()])('%s', id => {
    const { needs, parts, defaults } = objectives.get(id)!
    const { diagonal, ...rest } = base
    const user = {
      ...rest,
      objective: id,
      network: parts ? base.network : { ...base.network, conditioning: 's' },
      ...(needs.some(need => need.endsWith('teacher')) && { teacher: 'x' }),
      ...(defaults.guidance && { condition: 'class' }),
      coupling: { pairs: 64 },
    } as UserConfig
    const { graph, state } = stepOf(user)
    const { items } = compare(graph, state.length)
    // What is left as a whole is small, but for parameters and their gradients.
    const large = items.filter(({ op, domain }) => op === 'whole' && !domain)
    expect(large.map(({ node }) => node!.op).filter(op => op !== 'input')).toEqual([])
  })
})

test('a step that computes values again is placed, though not all of it by rows', () => {
  const { graph, state } = stepOf({ ...base, objective: 'psd', recompute: true })
  compare(graph, state.length)
})

describe('the step of a transformer', () => {
  const small = { kind: 'dit', patch: 4, width: 16, depth: 2, heads: 2 }
  const pictures = { data: { glyphs: { size: 8 } }, batch: 10, condition: 'class', network: small }
  const variants: Record<string, object> = {
    'flow-matching': { objective: 'flow-matching', network: { ...small, conditioning: 's' } },
    psd: { objective: 'psd' },
    meanflow: { objective: 'meanflow' },
    'imf, tokens': {
      objective: 'imf',
      guidance: { rule: 'random' },
      network: {
        ...small,
        injection: 'tokens',
        norm: 'rms',
        qkNorm: true,
        activation: 'swiglu',
        position: 'rotary',
      },
    },
    'tvm, normalised': {
      objective: 'tvm',
      guidance: { rule: 'linear', divide: true },
      network: { ...small, norm: 'rms', modulationNorm: true, scale: 'inverse', outputScale: true },
    },
    'dmf, decoupled': { objective: 'dmf', network: { ...small, conditioning: 'decoupled' } },
  }
  test.each(Object.entries(variants))('%s', (_, user) => {
    const { graph, state } = stepOf({ ...pictures, ...user } as UserConfig)
    const { items } = compare(graph, state.length)
    const large = items.filter(({ op, domain }) => op === 'whole' && !domain)
    expect(large.map(({ node }) => node!.op).filter(op => op !== 'input')).toEqual([])
  })
})
