import type { CorePrimitive, DType, Graph, Shape, Tensor } from '../../../autodiff/index.ts'

/** A graph as JSON. Nodes name their operands by place: inputs come first, then nodes. */
export interface GraphData {
  readonly inputs: readonly { readonly name: string; readonly shape: Shape; readonly dtype: DType }[]
  readonly nodes: readonly {
    readonly op: CorePrimitive
    readonly inputs: readonly number[]
    /** Numbers of a constant as a list. */
    readonly params: object
    readonly shape: Shape
    readonly dtype: DType
  }[]
  readonly outputs: readonly number[]
}

const asList = (_: string, value: unknown): unknown =>
  value instanceof Float64Array ? Array.from(value) : value

export function graphData({ inputs, nodes, outputs }: Graph<CorePrimitive>): GraphData {
  const places = new Map<Tensor, number>([...inputs, ...nodes].map((node, i) => [node, i]))
  const placeOf = (node: Tensor): number => places.get(node)!
  return {
    inputs: inputs.map(({ params: { name }, shape, dtype }) => ({ name, shape, dtype })),
    nodes: nodes.map(({ op, inputs, params, shape, dtype }) => ({
      op,
      inputs: inputs.map(placeOf),
      params: JSON.parse(JSON.stringify(params, asList)),
      shape,
      dtype,
    })),
    outputs: outputs.map(placeOf),
  }
}

/** What `interpret` reads of a graph; its nodes are no traced values. */
export function graphOf({ inputs, nodes, outputs }: GraphData): Graph<CorePrimitive> {
  const made: object[] = inputs.map(({ name, ...type }, index) => ({
    op: 'input',
    inputs: [],
    params: { index, name },
    ...type,
  }))
  for (const { op, inputs, params, ...type } of nodes) {
    const { value } = params as { value?: number | number[] }
    const own = Array.isArray(value) ? { value: Float64Array.from(value) } : params
    made.push({ op, inputs: inputs.map(place => made[place]), params: own, ...type })
  }
  return {
    inputs: made.slice(0, inputs.length),
    nodes: made.slice(inputs.length),
    outputs: outputs.map(place => made[place]),
    outputNames: outputs.map((_, i) => `y${i}`),
  } as unknown as Graph<CorePrimitive>
}
