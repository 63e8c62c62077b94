import { createHash } from 'node:crypto'
import { guidanceRecord } from '../config/guidance.ts'
import type { Config } from '../config/index.ts'
import {
  adapterChanges,
  adapterParameters,
  flattenArrays,
  merged,
  type Network,
  unflattenArray,
} from '../model/index.ts'
import { flatParameters, type Model, networkOfModel, recordOf, storedParameters } from './model.ts'
import { RunError } from './record.ts'
import { decodeSafetensors, encodeSafetensors, SafetensorsError } from './safetensors.ts'
import { VERSION } from './version.ts'

type Keys = NonNullable<Config['adapter']>

/** An adapter alone: the configuration and data of its training, and its parameters as one flat vector. */
export interface Adapter extends Pick<Model, 'config' | 'data' | 'parameters'> {
  readonly keys: Keys
  /** SHA-256 of the parameters that it was trained beside. */
  readonly base: string
}

/** What tells a base from another. */
export const baseHash = (parameters: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength))
    .digest('hex')

/** The parameters of an adapter of some keys in a network's place. */
const specsOf = (network: Network, keys: Keys): Pick<Network, 'parameters'> => ({
  parameters: adapterParameters(network, keys),
})

/** An adapter's parameters, and what they are multiplied by. */
export interface Weighted {
  readonly keys: Keys
  readonly parameters: Float32Array
  /** Default 1. */
  readonly weight?: number
}

/** The parameters `[P]` of a network with adapters: `base + sum_k weight_k (alpha_k/rank_k) b_k a_k`. */
export function withAdapters(
  network: Network,
  base: Float32Array,
  adapters: readonly Weighted[],
): Float32Array {
  const all = adapters.map(({ keys, parameters, weight = 1 }) => ({
    weight,
    changes: adapterChanges(unflattenArray(parameters, specsOf(network, keys)), keys),
  }))
  return flattenArrays(network, merged(unflattenArray(base, network), all))
}

/** The bytes of `adapter.safetensors`: `NAME.a [rank, in]`, `NAME.b [out, rank]`, `NAME.change`. */
export function encodeAdapterFile(adapter: Adapter): Uint8Array {
  const { config, data, keys, base, parameters } = adapter
  const metadata = {
    format: 'oxbow-adapter',
    oxbow: VERSION,
    config: JSON.stringify(config),
    data: JSON.stringify(data),
    adapter: JSON.stringify({ ...keys, base }),
    guidance: JSON.stringify(guidanceRecord(config)),
  }
  const network = specsOf(networkOfModel(adapter), keys)
  return encodeSafetensors({ tensors: storedParameters(network, parameters), metadata })
}

/**
 * The adapter in the bytes of `adapter.safetensors`.
 *
 * @param file  its name, for messages
 * @throws RunError when it is damaged or holds something else
 */
export function decodeAdapterFile(bytes: Uint8Array, file: string): Adapter {
  try {
    const { tensors, metadata } = decodeSafetensors(bytes, file)
    if (metadata.format !== 'oxbow-adapter') {
      const what = metadata.format === 'oxbow' ? 'a whole model' : 'something else'
      throw new RunError(`${file}: expected an adapter, such as adapter.safetensors of a run; found ${what}`)
    }
    const { config, data } = recordOf({ ...metadata, format: 'oxbow' }, file)
    const { base } = JSON.parse(metadata.adapter ?? '{}') as { base?: unknown }
    const { adapter: keys } = config
    if (!keys || typeof base !== 'string') throw new RunError(`${file}: its metadata has no adapter`)
    const specs = specsOf(networkOfModel({ config, data }), keys)
    return { config, data, keys, base, parameters: flatParameters(specs, tensors, file) }
  } catch (error) {
    if (error instanceof SafetensorsError) throw new RunError(error.message)
    if (error instanceof SyntaxError) throw new RunError(`${file}: its metadata is not valid JSON`)
    throw error
  }
}
