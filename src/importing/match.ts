import { RunError } from '../training/run.ts'
import type { StoredTensor } from '../training/safetensors.ts'

type Tensors = Readonly<Record<string, StoredTensor>>

/** One linear layer of a file: a weight `[out][in]` row after row, and a bias `[out]`, in float64. */
export interface FoundLayer {
  /** What its tensors are called, without `weight` and `bias`. */
  readonly name: string
  readonly inputs: number
  readonly outputs: number
  readonly weight: Float64Array
  readonly bias: Float64Array
  /** The tensors that it is made of, for the report. */
  readonly from: string
}

/** `net.0.weight`, `params/Dense_0/kernel`, `W1` and the like, as a layer's name and what it is of it. */
const ROLES: readonly (readonly [RegExp, 'weight' | 'bias'])[] = [
  [/^(?:(.*)[./])?weight$/i, 'weight'],
  [/^(?:(.*)[./])?(?:kernel|w)$/i, 'weight'],
  [/^(?:(.*)[./])?(?:bias|b)$/i, 'bias'],
  [/^w(?:eight)?_?(\d+)$/i, 'weight'],
  [/^b(?:ias)?_?(\d+)$/i, 'bias'],
]

interface Parts {
  weight?: [string, StoredTensor]
  bias?: [string, StoredTensor]
}

const shapeOf = ([name, { shape }]: [string, StoredTensor]): string => `${name} [${shape.join(', ')}]`
const listed = (tensors: Tensors): string => {
  const all = Object.entries(tensors).map(shapeOf)
  return all.length > 12 ? `${all.slice(0, 12).join(', ')}, ...` : all.join(', ') || 'nothing'
}

/** Tensors by the layer that they belong to. @throws RunError when one belongs to none */
function grouped(tensors: Tensors, file: string): Map<string, Parts> {
  const layers = new Map<string, Parts>()
  for (const [name, tensor] of Object.entries(tensors)) {
    const role = ROLES.find(([pattern]) => pattern.test(name))
    const wanted = role?.[1] === 'bias' ? 1 : 2
    if (!role || tensor.shape.length !== wanted || tensor.shape.some(n => n < 1)) {
      throw new RunError(
        `${file}: ${shapeOf([name, tensor])} is no weight or bias of a perceptron; found ${listed(tensors)}`,
      )
    }
    const key = role[0].exec(name)?.[1] ?? ''
    const parts = layers.get(key) ?? {}
    layers.set(key, parts)
    if (role[1] === 'bias') parts.bias = [name, tensor]
    else parts.weight = [name, tensor]
  }
  return layers
}

/** Whether weights are `[in, out]`, as in JAX. The biases tell: no perceptron that is shown times has square layers alone. */
function areKernels(layers: readonly Required<Parts>[]): boolean {
  const fits = (axis: 0 | 1) =>
    layers.every(({ weight: [, weight], bias: [, bias] }) => weight.shape[axis] === bias.shape[0])
  return fits(1) && !fits(0)
}

function layerOf(
  name: string,
  { weight, bias }: Required<Parts>,
  kernels: boolean,
  file: string,
): FoundLayer {
  const [, { shape, data }] = weight
  const [outputs, inputs] = kernels ? [shape[1], shape[0]] : shape
  if (bias[1].shape[0] !== outputs) {
    throw new RunError(`${file}: ${shapeOf(bias)} does not fit ${shapeOf(weight)}`)
  }
  for (const [name, tensor] of [weight, bias]) {
    if (!tensor.data.every(Number.isFinite)) {
      throw new RunError(`${file}: tensor ${name}: holds values that are not finite numbers`)
    }
  }
  const rows = Float64Array.from({ length: inputs * outputs }, (_, k) => {
    const [out, at] = [Math.floor(k / inputs), k % inputs]
    return data[kernels ? at * outputs + out : k]
  })
  const from = `${shapeOf(weight)}, ${shapeOf(bias)}`
  return { name, inputs, outputs, weight: rows, bias: Float64Array.from(bias[1].data), from }
}

const natural = new Intl.Collator('en', { numeric: true })

/** The first layer is the one whose inputs no other gives, the last the one whose outputs are the points. */
function byShape(layers: readonly FoundLayer[]): FoundLayer[] {
  const widths = new Set(layers.map(({ outputs }) => outputs))
  const first = layers.filter(({ inputs }) => !widths.has(inputs))
  const rest = layers.filter(layer => !first.includes(layer))
  const last = rest.filter(({ outputs }) => outputs !== (first[0] ?? rest[0])?.outputs)
  return [...first, ...rest.filter(layer => !last.includes(layer)), ...last]
}

/** How much wider the inputs of each later layer are than what the layer before gives; nothing where they do not follow. */
function widening(layers: readonly FoundLayer[]): number | undefined {
  const extra = layers.slice(1).map(({ inputs }, i) => inputs - layers[i].outputs)
  return extra.every(width => width === extra[0] && width >= 0) ? (extra[0] ?? 0) : undefined
}

/**
 * Finds the linear layers of a perceptron in a file's tensors, in their order: by the numbers in their names, or else by
 * their shapes.
 *
 * @param order  names of the layers, first to last, where they cannot be told
 * @throws RunError when there is something else in it, or the layers do not follow each other
 */
export function findLayers(tensors: Tensors, file: string, order?: readonly string[]): FoundLayer[] {
  const groups = grouped(tensors, file)
  for (const [name, { weight, bias }] of groups) {
    if (weight && bias) continue
    throw new RunError(
      `${file}: layer "${name}" has no ${weight ? 'bias' : 'weight'}; found ${listed(tensors)}`,
    )
  }
  const whole = groups as Map<string, Required<Parts>>
  const kernels = areKernels([...whole.values()])
  const layers = [...whole].map(([name, parts]) => layerOf(name, parts, kernels, file))
  if (layers.length < 2)
    throw new RunError(`${file}: expected two linear layers or more, found ${listed(tensors)}`)
  const sorted = layers.toSorted((a, b) => natural.compare(a.name, b.name))
  const orders = order ? [inOrder(layers, order, file)] : [sorted, byShape(sorted)]
  const found = orders.find(layers => widening(layers) !== undefined)
  if (found) return found
  const shapes = orders[0].map(({ name, inputs, outputs }) => `${name} ${inputs} to ${outputs}`)
  throw new RunError(
    `${file}: the layers do not follow each other: ${shapes.join(', ')}; name their order with --layers`,
  )
}

function inOrder(layers: readonly FoundLayer[], order: readonly string[], file: string): FoundLayer[] {
  const named = order.map(name => layers.find(layer => layer.name === name))
  if (named.length === layers.length && new Set(named).size === named.length && named.every(Boolean)) {
    return named as FoundLayer[]
  }
  throw new RunError(
    `${file}: --layers: expected the names ${layers.map(({ name }) => name).join(', ')} in their order, found ${order.join(', ')}`,
  )
}
