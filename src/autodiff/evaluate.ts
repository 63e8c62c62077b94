import type { Graph } from './graph.ts'
import { kernels, type Value } from './kernel.ts'
import { DYNAMIC, formatShape, sizeOf } from './primitive.ts'
import { describeSite } from './site.ts'
import type { Tensor } from './tensor.ts'

export type { Value } from './kernel.ts'

function constantValue(node: Tensor<'constant'>, batch: number): Value {
  const { value } = node.params
  const shape = node.shape.map(n => (n === DYNAMIC ? batch : n))
  return { shape, data: typeof value === 'number' ? new Float64Array(sizeOf(shape)).fill(value) : value }
}

function compute(node: Tensor, inputs: readonly Value[], batch: number): Value {
  if (node.op === 'constant') return constantValue(node as Tensor<'constant'>, batch)
  if (node.op === 'input') throw new Error('an input has no value of its own')
  try {
    return kernels[node.op](inputs, node.params as never)
  } catch (error) {
    const where = describeSite(node.site)
    throw new Error(`${node.op}: ${(error as Error).message}${where ? `, at ${where}` : ''}`)
  }
}

/**
 * Runs a graph in float64, node by node: the oracle that every other backend is tested against. Slow by design.
 *
 * @param inputs  one value per graph input, in order
 * @throws Error when an input is missing or has another shape than the graph's
 */
export function evaluate(graph: Graph, inputs: readonly Value[]): Value[] {
  if (inputs.length !== graph.inputs.length) {
    throw new Error(`the graph has ${graph.inputs.length} inputs, ${inputs.length} values were given`)
  }
  const values = new Map<Tensor, Value>()
  let batch = 1
  graph.inputs.forEach((input, i) => {
    const { shape } = inputs[i]
    const fits =
      shape.length === input.rank && shape.every((n, axis) => [n, DYNAMIC].includes(input.shape[axis]))
    if (!fits || inputs[i].data.length !== sizeOf(shape)) {
      const name = input.params.name || String(i)
      throw new Error(`input ${name}: expected [${formatShape(input.shape)}], found [${formatShape(shape)}]`)
    }
    values.set(input, inputs[i])
    batch = shape[input.shape.indexOf(DYNAMIC)] ?? batch
  })
  for (const node of graph.nodes) {
    values.set(
      node,
      compute(
        node,
        node.inputs.map(input => values.get(input)!),
        batch,
      ),
    )
  }
  return graph.outputs.map(output => values.get(output)!)
}
