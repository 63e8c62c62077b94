import { shortList } from '../data/short-list.ts'
import { RunError } from '../serialization/run.ts'
import type { Container, StoredTensor } from '../serialization/safetensors.ts'

/** One linear layer of a file: a weight `[out][in]` row after row, and a bias `[out]`, in float64. */
export interface FoundLayer {
  /** What its tensors are called, without `weight` and `bias`. */
  readonly name: string
  readonly inputs: number
  readonly outputs: number
  readonly weight: Float64Array
  readonly bias: Float64Array
  /** The tensors that it is made of, for the report, and their names. */
  readonly from: string
  readonly tensors: readonly string[]
}

/** `net.0.weight`, `params/Dense_0/kernel`, `W1` and the like, as a layer's name and what it is of it. */
const ROLES: readonly (readonly [RegExp, 'weight' | 'bias'])[] = [
  [/^(?:(.*)[./])?weight$/i, 'weight'],
  [/^(?:(.*)[./])?(?:kernel|w)$/i, 'weight'],
  [/^(?:(.*)[./])?(?:bias|b)$/i, 'bias'],
  [/^w(?:eight)?_?(\d+)$/i, 'weight'],
  [/^b(?:ias)?_?(\d+)$/i, 'bias'],
]

/** What there is of a layer: its tensors with their names. */
export interface Parts {
  weight?: [string, StoredTensor]
  bias?: [string, StoredTensor]
}

/** The tensors of a file. */
export type Contents = Pick<Container, 'tensors' | 'others'>

const shapeOf = ([name, { shape }]: [string, StoredTensor]): string => `${name} [${shape.join(', ')}]`

export function listed({ tensors, others = {} }: Contents): string {
  const all = [
    ...Object.entries(tensors).map(shapeOf),
    ...Object.entries(others).map(([name, { shape, dtype }]) => `${name} [${shape.join(', ')}] of ${dtype}`),
  ]
  return shortList(all) || 'nothing'
}

/** A count of steps or the like, which many programs keep beside the weights. */
const isCounter = ({ shape }: StoredTensor): boolean => shape.every(n => n === 1)

/**
 * Tensors by the layer that they belong to, weights `[out, in]` or `[in, out]` and biases `[out]`.
 *
 * @param order  the layers that are wanted; default all
 * @throws RunError when one of those belongs to none
 */
export function grouped(contents: Contents, file: string, order?: readonly string[]): Map<string, Parts> {
  const layers = new Map<string, Parts>()
  for (const [name, tensor] of Object.entries(contents.tensors)) {
    const role = ROLES.find(([pattern]) => pattern.test(name))
    const key = role?.[0].exec(name)?.[1] ?? ''
    if (order && !(role && order.includes(key))) continue
    if (!role && isCounter(tensor)) continue
    const wanted = role?.[1] === 'bias' ? 1 : 2
    if (!role || tensor.shape.length !== wanted || tensor.shape.some(n => n < 1)) {
      throw new RunError(
        `${file}: ${shapeOf([name, tensor])} is no weight or bias of a perceptron; found ${listed(contents)}`,
      )
    }
    const parts = layers.get(key) ?? {}
    layers.set(key, parts)
    if (role[1] === 'bias') parts.bias = [name, tensor]
    else parts.weight = [name, tensor]
  }
  return layers
}

/** A layer of a file as it is there. */
export interface Stored extends Parts {
  readonly weight: [string, StoredTensor]
}

/** @throws RunError when bias and weight do not fit each other, or hold what is no number */
export function layerOf(name: string, { weight, bias }: Stored, kernels: boolean, file: string): FoundLayer {
  const [, { shape, data }] = weight
  const [outputs, inputs] = kernels ? [shape[1], shape[0]] : shape
  if (bias && bias[1].shape[0] !== outputs) {
    throw new RunError(`${file}: ${shapeOf(bias)} does not fit ${shapeOf(weight)}`)
  }
  for (const [name, tensor] of bias ? [weight, bias] : [weight]) {
    if (!tensor.data.every(Number.isFinite)) {
      throw new RunError(`${file}: tensor ${name}: holds values that are not finite numbers`)
    }
  }
  const rows = Float64Array.from({ length: inputs * outputs }, (_, k) => {
    const [out, at] = [Math.floor(k / inputs), k % inputs]
    return data[kernels ? at * outputs + out : k]
  })
  return {
    name,
    inputs,
    outputs,
    weight: rows,
    bias: bias ? Float64Array.from(bias[1].data) : new Float64Array(outputs),
    from: `${shapeOf(weight)}, ${bias ? shapeOf(bias) : 'no bias'}`,
    tensors: bias ? [weight[0], bias[0]] : [weight[0]],
  }
}

/** The tensors that may be of a perceptron. */
export const linear = (tensors: Contents['tensors']): Contents['tensors'] =>
  Object.fromEntries(
    Object.entries(tensors).filter(
      ([name, { shape }]) =>
        shape.length === 2 && ROLES.some(([pattern, role]) => role === 'weight' && pattern.test(name)),
    ),
  )

/** The tensors of a file that none of its layers is made of, as a list. */
export const unread = (contents: Contents, layers: readonly FoundLayer[]): string[] => {
  const read = new Set(layers.flatMap(({ tensors }) => tensors))
  return [...Object.keys(contents.tensors), ...Object.keys(contents.others ?? {})].filter(
    name => !read.has(name),
  )
}
