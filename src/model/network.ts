import type { z } from 'zod'
import { concat, sizeOf, type Tensor } from '../autodiff/index.ts'
import type { Random } from '../random/random.ts'
import type { AdapterKeys } from './adapter-keys.ts'
import { joinArrays } from './arrays.ts'
import type { BoundNetwork } from './bound-network.ts'
import type { Condition, ConditionKind, ConditionSpec } from './condition.ts'
import type { Conditioning } from './embedding.ts'
import type { ParameterizationName } from './flow-map.ts'
import type { PredictionName } from './predictions.ts'

/** Values by the name of a parameter, which is its name in files. The order is that of the flat vectors. */
export type Named<T> = Readonly<Record<string, T>>

/** One array of a network's parameters. */
export interface ParameterSpec {
  readonly shape: readonly number[]
  /** Whether files hold it with its two axes exchanged, as PyTorch does the weights of a linear layer. */
  readonly transposed?: boolean
  /**
   * Matrices of hidden layers that lie side by side along its outputs, each of which the optimiser `muon` orthogonalises; 0 for
   * what is none, such as an embedding. Default 1 for the linear layers between the first and the last, 0 for all else.
   */
  readonly hiddenMatrices?: number
  /** What adapters call it, together with others of its kind, such as `qkv` in all blocks. Absent where none can train it. */
  readonly group?: string
  /**
   * Whether it is the `NAME.weight` of a linear layer that adds the product of `NAME.a [in, rank]` and `NAME.b [rank, out]`
   * where `apply` is given them: `x W + (x a) b`.
   */
  readonly linear?: boolean
}

/** What the points of a map are. */
export interface PointSpec {
  /** Of one point, without the batch: `[2]`, or `[28, 28, 1]`. */
  readonly shape: readonly number[]
  /** The row of `spaces` that they live in; default `flat`. */
  readonly space?: string
  /** What the map is told beside a point; absent where it is told nothing. */
  readonly condition?: ConditionSpec
}

/** A network of some size for some points, without its parameters. */
export interface Network {
  readonly parameters: Named<ParameterSpec>
  /** Parameters to begin with. */
  initialize(random: Random): Named<Float32Array>
  /** @param condition  of each sample; absent for none, of which a map with conditions has a null */
  apply(parameters: Named<Tensor>, condition?: Condition<Tensor>): BoundNetwork
}

/** Keys of `network` that every kind has. */
export interface CommonKeys {
  readonly kind: string
  readonly conditioning: Conditioning
  readonly parameterization: ParameterizationName
  /** What a network of one time predicts; default `velocity`. */
  readonly predicts?: PredictionName
  /** Of the parameterization `policy`: components of its mixture, and Euler's steps of a jump. */
  readonly components?: number
  readonly substeps?: number
}

/** The block `network` of a configuration, of any kind. */
export type NetworkConfig = CommonKeys & { readonly [key: string]: unknown }

/** Parameters of one network as those of another. */
export type Conversion = (parameters: Named<Float32Array>) => Named<Float32Array>

/** A network's keys and what its points are. */
export interface Sized<K> {
  readonly config: CommonKeys & K
  readonly point: PointSpec
}

/**
 * A kind of network: a row of the table `networks`.
 *
 * @typeParam K  its own keys in the block `network` of a configuration
 */
export interface NetworkKind<K extends object = Readonly<Record<string, unknown>>> {
  readonly kind: string
  /** Schemas of its own keys. */
  readonly keys: { readonly [key in keyof K]: z.ZodType<K[key]> }
  readonly defaults: K
  /** Samples in a step where the user says nothing; default 512, which is right for a network that is cheap to run. */
  readonly batch?: number
  /** Kinds of conditions that it can be told; default none. */
  readonly conditions?: readonly ConditionKind[]
  /** The key that makes it smaller or larger. */
  readonly width: keyof K & string
  network(config: CommonKeys & K, point: PointSpec): Network
  /** Numbers that a training keeps for the gradient of each sample, at the least. */
  activations(config: CommonKeys & K, point: PointSpec): number
  /** Its size in a few words, such as `2 x 192 silu`. */
  describe(config: CommonKeys & K): string
  /** The key and the reason where its keys do not go together. */
  problem?(config: CommonKeys & K): string | undefined
  /** The key and the reason where it cannot be a network of some points. */
  misfit?(config: CommonKeys & K, point: PointSpec): string | undefined
  /** Which part of its products is made anew for each point and times that it is asked about at one condition; default all. */
  headShare?(config: CommonKeys & K, point: PointSpec): number
  /** Whether it is told guidance scales; default not. */
  seesScale?(config: CommonKeys & K): boolean
  /** Whether it is told the interval of times in which guidance acts. */
  seesInterval?(config: CommonKeys & K): boolean
  /** Whether its output is multiplied by the guidance scale. */
  scalesOutput?(config: CommonKeys & K): boolean
  /** What multiplies a time before it becomes features; default 1. Derivatives by the time grow with it. */
  timeScale?(config: CommonKeys & K): number
  /**
   * What a run that begins with such a network takes over where the user says nothing.
   *
   * @param asked  the user's keys
   * @param map  whether it trains a two-time map
   */
  inherit?(trained: CommonKeys & K, asked: Partial<CommonKeys & K>, map: boolean): Partial<CommonKeys & K>
  /** Groups of parameters that an adapter trains where the user says nothing; default none. See `AdapterKeys`. */
  adapter?(config: CommonKeys & K): Pick<AdapterKeys, 'targets' | 'train'>
  /** Keys in which the velocity that a run first trains as its teacher differs from the run's own network, beside `conditioning: s`. */
  ofVelocity?(config: CommonKeys & K): Partial<CommonKeys & K>
  /** How a trained network becomes the start of another, or why it cannot; default a copy of the same network. */
  conversion?(from: Sized<K>, to: Sized<K>): Conversion | string
  /** Parameters of the same network for points without a condition, which is what it is for the null. */
  withoutCondition?(
    config: CommonKeys & K,
    point: PointSpec,
    parameters: Named<Float32Array>,
  ): Named<Float32Array>
}

type Specs = Pick<Network, 'parameters'>

const sizesOf = (network: Specs): number[] =>
  Object.values(network.parameters).map(({ shape }) => sizeOf(shape))

/** Length of the flat vector of a network's parameters. */
export const sizeOfNetwork = (network: Specs): number => sizesOf(network).reduce((sum, size) => sum + size, 0)

/** Cuts a flat vector `[P]` into a network's parameters, from `start` on. */
export function unflatten(flat: Tensor, network: Specs, start = 0): Named<Tensor> {
  let at = start
  return Object.fromEntries(
    Object.entries(network.parameters).map(([name, { shape }]) => [
      name,
      flat.slice(0, at, (at += sizeOf(shape))).reshape(shape),
    ]),
  )
}

/** Parameters as a flat vector. */
export const flatten = (parameters: Named<Tensor>): Tensor =>
  concat(Object.values(parameters).map(x => x.reshape([sizeOf(x.shape)])))

/** The same of arrays. */
export function unflattenArray(flat: Float32Array, network: Specs): Named<Float32Array> {
  let at = 0
  return Object.fromEntries(
    Object.entries(network.parameters).map(([name, { shape }]) => [
      name,
      flat.subarray(at, (at += sizeOf(shape))),
    ]),
  )
}

/** Arrays by name as a flat vector in the order of the network. */
export const flattenArrays = (network: Specs, parameters: Named<Float32Array>): Float32Array =>
  joinArrays(Object.keys(network.parameters).map(name => parameters[name]))
