import type { Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import type { AdapterKeys } from './adapter-keys.ts'
import type { Named, Network, ParameterSpec } from './network.ts'

/**
 * An adapter changes a trained network by few parameters of its own: to the weight `W` of a linear layer it adds
 * `(alpha/rank) b a`, with `a [rank, in]` and `b [out, rank]` as files hold them (Hu et al. 2022, LoRA, arXiv:2106.09685), and
 * to what it trains in full a `change` of the same shape. So it is a function from parameters to parameters.
 */

type Values = Float32Array | Float64Array

/** `NAME.weight` is adapted by `NAME.a` and `NAME.b`. */
const factor = (weight: string, part: 'a' | 'b'): string => weight.replace(/weight$/, part)
const change = (name: string): string => `${name}.change`

const isTrained = ({ group }: ParameterSpec, { train }: Pick<AdapterKeys, 'train'>): boolean =>
  group !== undefined && train.includes(group)

const isTarget = ({ group, linear }: ParameterSpec, { targets }: Pick<AdapterKeys, 'targets'>): boolean =>
  linear === true && group !== undefined && targets.includes(group)

/** Whether an adapter changes a parameter. */
export const isAdapted = (spec: ParameterSpec, keys: AdapterKeys): boolean =>
  isTrained(spec, keys) || isTarget(spec, keys)

/** Parameters of an adapter of a network: `NAME.a [in, rank]` and `NAME.b [rank, out]`, `NAME.change`. */
export function adapterParameters(
  { parameters }: Pick<Network, 'parameters'>,
  keys: AdapterKeys,
): Named<ParameterSpec> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([name, spec]): [string, ParameterSpec][] => {
      const { shape, transposed } = spec
      if (isTrained(spec, keys)) return [[change(name), { shape, transposed }]]
      if (!isTarget(spec, keys)) return []
      return [
        [factor(name, 'a'), { shape: [shape[0], keys.rank], transposed: true }],
        [factor(name, 'b'), { shape: [keys.rank, shape[1]], transposed: true }],
      ]
    }),
  )
}

/** Why keys are no adapter of a network: the key and the reason; nothing where they are one. */
export function adapterProblem(
  { parameters }: Pick<Network, 'parameters'>,
  keys: AdapterKeys,
): string | undefined {
  const specs = Object.values(parameters)
  const groups = (of: readonly ParameterSpec[]) => [...new Set(of.flatMap(({ group }) => group ?? []))]
  const [linear, all] = [groups(specs.filter(spec => spec.linear)), groups(specs)]
  if (all.length === 0) return 'adapter: this kind of network has no layers for adapters; use null'
  for (const group of keys.targets) {
    if (linear.includes(group)) continue
    const expected = `expected some of ${linear.join(', ')}`
    if (!all.includes(group)) return `adapter.targets: ${expected}; found ${group}`
    return `adapter.targets: ${group} has no linear layer; ${expected}, or name it in adapter.train`
  }
  const unknown = keys.train.find(group => !all.includes(group))
  if (unknown !== undefined) return `adapter.train: expected some of ${all.join(', ')}; found ${unknown}`
  const small = Object.entries(parameters).find(
    ([, spec]) => isTarget(spec, keys) && Math.min(...spec.shape) < keys.rank,
  )
  if (!small) return undefined
  const [name, { shape, group }] = small
  return `adapter.rank: ${keys.rank} is more than ${name} [${[...shape].reverse().join(', ')}] can take; use at most ${Math.min(...shape)}, or leave ${group} out of adapter.targets`
}

/** `a` uniform in `±1/sqrt(in)` and `b` zero, so that nothing is changed yet. */
function initializeAdapter(specs: Named<ParameterSpec>, random: Random): Named<Float32Array> {
  return Object.fromEntries(
    Object.entries(specs).map(([name, { shape }]) => {
      const values = new Float32Array(shape.reduce((a, b) => a * b, 1))
      const bound = 1 / Math.sqrt(shape[0])
      return [name, name.endsWith('.a') ? values.map(() => bound * (2 * random.uniform() - 1)) : values]
    }),
  )
}

/**
 * The parameters of a network with an adapter, as `apply` takes them: factors beside their weights, changes added.
 *
 * @param base  those of the network
 * @param own  those of the adapter
 */
export function adapted(
  base: Named<Tensor>,
  own: Named<Tensor>,
  { rank, alpha }: Pick<AdapterKeys, 'rank' | 'alpha'>,
): Named<Tensor> {
  const changed = Object.entries(base).map(([name, value]) => {
    const added = own[change(name)]
    return [name, added ? value.add(added) : value] as const
  })
  const factors = Object.entries(own).flatMap(([name, value]) => {
    if (name.endsWith('.a')) return [[name, value] as const]
    return name.endsWith('.b') ? [[name, value.mul(alpha / rank)] as const] : []
  })
  return Object.fromEntries([...changed, ...factors])
}

/**
 * The network whose parameters are an adapter's, on a network that stays.
 *
 * @param base  that network's parameters, constants in a graph; absent where only shapes are asked for
 */
export function adaptedNetwork(network: Network, keys: AdapterKeys, base?: Named<Tensor>): Network {
  const parameters = adapterParameters(network, keys)
  return {
    parameters,
    initialize: random => initializeAdapter(parameters, random),
    apply(own, condition) {
      if (!base) throw new Error('an adapter needs the parameters of its base')
      return network.apply(adapted(base, own, keys), condition)
    },
  }
}

/** `factor a b` of `a [in, rank]` and `b [rank, out]`, in float64. */
function scaledProduct(a: Values, b: Values, rank: number, factor: number): Float64Array {
  const [inputs, outputs] = [a.length / rank, b.length / rank]
  const result = new Float64Array(inputs * outputs)
  for (let i = 0; i < inputs; i++) {
    for (let k = 0; k < rank; k++) {
      const left = factor * a[i * rank + k]
      for (let j = 0; j < outputs; j++) result[i * outputs + j] += left * b[k * outputs + j]
    }
  }
  return result
}

/** What an adapter adds to the parameters of its network, by their names, in float64. */
export function adapterChanges(
  own: Named<Values>,
  { rank, alpha }: Pick<AdapterKeys, 'rank' | 'alpha'>,
): Named<Float64Array> {
  return Object.fromEntries(
    Object.entries(own).flatMap(([name, values]): [string, Float64Array][] => {
      if (name.endsWith('.change')) return [[name.replace(/\.change$/, ''), Float64Array.from(values)]]
      if (!name.endsWith('.b')) return []
      const layer = name.replace(/b$/, '')
      return [[`${layer}weight`, scaledProduct(own[`${layer}a`], values, rank, alpha / rank)]]
    }),
  )
}

/** Changes of parameters, and what they are multiplied by. */
export interface WeightedChanges {
  readonly weight: number
  readonly changes: Named<Float64Array>
}

/** Parameters with `sum_k weight_k changes_k` added, in the precision of the parameters. */
export function merged<V extends Values>(base: Named<V>, adapters: readonly WeightedChanges[]): Named<V> {
  return Object.fromEntries(
    Object.entries(base).map(([name, values]) => {
      const own = adapters.flatMap(({ weight, changes }) => {
        const added = changes[name]
        return added ? [{ weight, added }] : []
      })
      const sum = values.map((value, i) =>
        own.reduce((total, { weight, added }) => total + weight * added[i], value),
      )
      return [name, sum as V]
    }),
  )
}
