import { RunError } from '../serialization/run.ts'
import { type Contents, type FoundLayer, grouped, layerOf, linear, listed, type Stored } from './layers.ts'

/** Whether biases fit weights of which the outputs are on this axis. */
const fits = (layers: readonly Stored[], axis: 0 | 1): boolean =>
  layers.every(({ weight, bias }) => !bias || weight[1].shape[axis] === bias[1].shape[0])

/**
 * Whether weights are `[in, out]`, as in JAX. The biases tell: no perceptron that is shown times has square layers alone.
 * Where there are none their names do, and then whether the layers follow each other in the order of their names.
 */
function areKernels(
  layers: readonly (readonly [string, Stored])[],
  file: string,
  order: readonly string[] = layers.map(([name]) => name).toSorted(natural.compare),
): boolean {
  const stored = layers.map(([, each]) => each)
  if (stored.some(({ bias }) => bias)) return fits(stored, 1) && !fits(stored, 0)
  if (stored.some(({ weight: [name] }) => /kernel$/i.test(name))) return true
  const inOrder = order.flatMap(name => layers.filter(each => each[0] === name))
  const follow = (kernels: boolean) =>
    widening(inOrder.map(([name, each]) => layerOf(name, each, kernels, file))) !== undefined
  return !follow(false) && follow(true)
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

const hasOneWidth = (layers: readonly FoundLayer[]): boolean =>
  layers.slice(0, -1).every(({ outputs }) => outputs === layers[0].outputs)

/** The orders that layers may be in: by the numbers in their names, and by their shapes. */
function ordersOf(layers: readonly FoundLayer[]): FoundLayer[][] {
  const sorted = layers.toSorted((a, b) => natural.compare(a.name, b.name))
  return [sorted, byShape(sorted)]
}

/**
 * The networks of a file that holds several, by what tells their layers' names apart: copies of one, as of raw and averaged
 * weights, or such as do not follow each other.
 */
function networksIn(layers: readonly FoundLayer[]): FoundLayer[][] {
  const parts = layers.map(({ name }) => name.split(/[./]/))
  const shared = parts[0].findIndex((part, i) => parts.some(other => other[i] !== part))
  const byPart = new Map<string, FoundLayer[]>()
  layers.forEach((layer, i) => {
    const part = parts[i][shared] ?? ''
    byPart.set(part, [...(byPart.get(part) ?? []), layer])
  })
  const names = [...byPart.keys()].toSorted(natural.compare)
  const networks = names.map(name => ordersOf(byPart.get(name)!).find(each => widening(each) !== undefined))
  const whole = networks.every(each => each && each.length > 1)
  return whole && networks.length > 1 ? (networks as FoundLayer[][]) : []
}

const shapesOf = (layers: readonly FoundLayer[]): string =>
  layers.map(({ inputs, outputs }) => `${inputs},${outputs}`).join(';')

const namesOf = (layers: readonly FoundLayer[]): string => layers.map(({ name }) => name).join(',')

/**
 * Finds the linear layers of a perceptron in a file's tensors, in their order: by the numbers in their names, or else by
 * their shapes. A layer may be without a bias.
 *
 * @param order  names of the layers, first to last, where they cannot be told; others are left out
 * @throws RunError when there is something else in it, or the layers do not follow each other
 */
export function findLayers(contents: Contents, file: string, order?: readonly string[]): FoundLayer[] {
  const groups = grouped(contents, file, order)
  for (const [name, { weight }] of groups) {
    if (weight) continue
    throw new RunError(`${file}: layer "${name}" has no weight; found ${listed(contents)}`)
  }
  const stored = [...(groups as Map<string, Stored>)]
  const kernels = areKernels(stored, file, order)
  const layers = stored.map(([name, parts]) => layerOf(name, parts, kernels, file))
  if (order) checkNames(layers, order, contents, file)
  if (layers.length < 2)
    throw new RunError(`${file}: expected two linear layers or more, found ${listed(contents)}`)
  const orders = order ? [order.map(name => layers.find(layer => layer.name === name)!)] : ordersOf(layers)
  const networks = order ? [] : networksIn(layers)
  const following = orders.filter(layers => widening(layers) !== undefined)
  const copies = new Set(networks.map(shapesOf)).size === 1
  const found = copies ? undefined : (following.find(hasOneWidth) ?? following[0])
  if (found && (hasOneWidth(found) || networks.length === 0)) return found
  if (networks.length > 0) {
    throw new RunError(
      `${file}: holds ${networks.length} networks; choose one of them: --layers ${networks.map(namesOf).join(' or --layers ')}`,
    )
  }
  const shapes = orders[0].map(({ name, inputs, outputs }) => `${name} ${inputs} to ${outputs}`)
  throw new RunError(
    `${file}: the layers do not follow each other: ${shapes.join(', ')}; name those of one network in their order with --layers`,
  )
}

/** A name without its last number, which the layers of one network have in common. */
const stem = (name: string): string => name.replace(/\d+(?=\D*$)/, '#')

/** @throws RunError when a layer is named that is not there, or twice, or when one between them is left out */
function checkNames(
  layers: readonly FoundLayer[],
  order: readonly string[],
  contents: Contents,
  file: string,
): void {
  const all = [...grouped({ tensors: linear(contents.tensors) }, file).keys()].toSorted(natural.compare)
  const refuse = (expected: string[]): never => {
    throw new RunError(
      `${file}: --layers: expected the names ${expected.join(', ')} in their order, found ${order.join(', ')}`,
    )
  }
  const isThere = (name: string) => layers.some(layer => layer.name === name)
  if (!order.every(isThere)) refuse(all)
  const stems = new Set(order.map(stem))
  const related = all.filter(name => stems.has(stem(name)))
  if (related.length !== order.length || new Set(order).size !== order.length) refuse(related)
}
