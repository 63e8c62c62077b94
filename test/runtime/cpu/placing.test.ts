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
  test.each(some([...objectives.keys()]))('%s, all of whose batch is by rows', id => {
    expect(gatheredIn(compare(stepOf(ofObjective(id))))).toEqual([])
  })

  test.each(some(Object.entries(transformers)))('%s of a transformer, all by rows', (_, user) => {
    expect(gatheredIn(compare(stepOf(user)))).toEqual([])
  })

  test('that computes values again, not all of it by rows', () => {
    compare(stepOf(ofObjective('psd', { recompute: true })))
  })
})
