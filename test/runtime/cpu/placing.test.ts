import { describe, expect, test } from 'vitest'
import { evaluate } from '../../../src/autodiff/index.ts'
import { objectives } from '../../../src/objective/index.ts'
import { placeRows } from '../../../src/runtime/cpu/placing.ts'
import { some } from '../../helpers/long.ts'
import { evaluatePlacing } from './evaluate-placing.ts'
import { ofObjective, type Step, stepOf, transformers, valuesFor } from './steps.ts'

/** Compares a placing, row by row in float64, with the graph, and gives its items. */
function compare({ graph, carried }: Step) {
  const inputs = valuesFor(graph)
  const placing = placeRows(graph, carried)
  const [found, expected] = [evaluatePlacing(placing, inputs), evaluate(graph, inputs)]
  found.forEach(({ data }, i) => {
    const scale = Math.max(...expected[i].data.map(Math.abs), 1e-9)
    const off = Math.max(...data.map((value, k) => Math.abs(value - expected[i].data[k]) / scale))
    expect(data.length).toBe(expected[i].data.length)
    expect(off, graph.outputNames[i]).toBeLessThan(1e-9)
  })
  return placing.items
}

/** What is computed by rows and yet needed as a whole, but for inputs, which are there. */
const gatheredIn = (items: ReturnType<typeof compare>): string[] =>
  items.flatMap(({ op, node }) => (op === 'whole' && node!.op !== 'input' ? [node!.op] : []))

describe('a step is that of its rows', () => {
  // The weights of one are those of a whole batch, and the determinant of the other has products of whole columns. Samples that
  // are compared are all there is, and a turn takes the parameters that the one before has left.
  const byRows = [...objectives.values()].flatMap(({ id, turns, parts, options }) => {
    const whole = parts?.(options.parse({}) as never).some(({ batchwise }) => batchwise)
    return whole || turns || ['weighted-flow-matching', 'reverse-kl'].includes(id) ? [] : [id]
  })
  const others = [...objectives.keys()].filter(id => !byRows.includes(id))

  test.each(some(others))('%s, not all of whose batch is by rows', id => {
    compare(stepOf(ofObjective(id)))
  })

  test.each(some(byRows))('%s, all of whose batch is by rows', id => {
    expect(gatheredIn(compare(stepOf(ofObjective(id))))).toEqual([])
  })

  test.each(some(Object.entries(transformers)))('%s of a transformer, all by rows', (_, user) => {
    expect(gatheredIn(compare(stepOf(user)))).toEqual([])
  })

  test('that computes values again, not all of it by rows', () => {
    compare(stepOf(ofObjective('psd', { recompute: true })))
  })
})
