import { formatShape, type Primitive, sameShape } from './primitive.ts'
import { type Type, typeRules } from './shape.ts'
import { describeSite } from './site.ts'
import type { Tensor } from './tensor.ts'

/** A pure function as data: nodes in an order in which operands come before what uses them. */
export interface Graph<P extends Primitive = Primitive> {
  readonly inputs: readonly Tensor<'input'>[]
  readonly nodes: readonly Tensor<P>[]
  readonly outputs: readonly Tensor[]
  readonly outputNames: readonly string[]
}

/** Every node that the outputs depend on, operands first. */
export function reachable(outputs: readonly Tensor[]): Tensor[] {
  const seen = new Set<Tensor>()
  const stack = [...outputs]
  while (stack.length > 0) {
    const node = stack.pop()!
    if (seen.has(node)) continue
    seen.add(node)
    stack.push(...node.inputs)
  }
  return [...seen].sort((a, b) => a.id - b.id)
}

export function makeGraph(
  inputs: readonly Tensor<'input'>[],
  outputs: readonly Tensor[],
  outputNames: readonly string[],
): Graph {
  const nodes = reachable(outputs).filter(node => node.op !== 'input')
  return { inputs, nodes, outputs, outputNames }
}

/**
 * Checks that a graph is well formed: single assignment, operands before use, no input from outside, and every
 * recorded type equal to what the type rule gives.
 *
 * @throws Error naming the first node that is wrong
 */
export function checkGraph(graph: Graph): void {
  const known = new Set<Tensor>(graph.inputs)
  for (const node of graph.nodes) {
    const name = `${node} (node ${node.id})`
    if (known.has(node)) throw new Error(`${name}: defined twice`)
    for (const input of node.inputs) {
      if (!known.has(input)) throw new Error(`${name}: uses ${input} (node ${input.id}) before it is defined`)
    }
    if (node.op !== 'constant') {
      const expected = expectedType(node, name)
      if (!sameShape(expected.shape, node.shape) || expected.dtype !== node.dtype) {
        throw new Error(`${name}: should be ${expected.dtype}[${formatShape(expected.shape)}]`)
      }
    }
    known.add(node)
  }
  for (const output of graph.outputs) {
    if (!known.has(output)) throw new Error(`output ${output} (node ${output.id}) is not in the graph`)
  }
}

function expectedType(node: Tensor, name: string): Type {
  try {
    return typeRules[node.op](node.inputs, node.params as never)
  } catch (error) {
    throw new Error(`${name}: ${(error as Error).message}`)
  }
}

function formatParams(node: Tensor): string {
  if (node.op === 'constant') {
    const { value } = node.params as { value: number | Float64Array }
    return typeof value === 'number' ? ` ${value}` : ` {${value.length} values}`
  }
  const entries = Object.entries(node.params as object).filter(([, value]) => value !== false)
  return entries.map(([key, value]) => ` ${key}=${JSON.stringify(value)}`).join('')
}

/** The graph as readable text, one node a line; with `sites`, each line ends in the source line that made the node. */
export function printGraph(graph: Graph, { sites = false } = {}): string {
  const names = new Map<Tensor, string>(
    graph.inputs.map(input => [input, input.params.name || `in${input.params.index}`]),
  )
  const type = (node: Tensor) => `${node.dtype}[${formatShape(node.shape)}]`
  const lines = graph.inputs.map(input => `input ${names.get(input)}: ${type(input)}`)
  graph.nodes.forEach((node, i) => {
    names.set(node, `%${i}`)
    const operands = node.inputs.map(input => ` ${names.get(input)}`).join('')
    const site = sites ? `  # ${describeSite(node.site) ?? 'unknown'}` : ''
    lines.push(`%${i}: ${type(node)} = ${node.op}${operands}${formatParams(node)}${site}`)
  })
  lines.push(
    `return ${graph.outputs.map((output, i) => `${graph.outputNames[i] || i}=${names.get(output)}`).join(', ')}`,
  )
  return lines.join('\n')
}
