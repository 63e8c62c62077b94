import { createHash } from 'node:crypto'
import { guidanceRecord } from '../config/guidance.ts'
import type { Config } from '../config/index.ts'
import {
  adapterChanges,
  adapterParameters,
  flattenArrays,
  merged,
  type Named,
  type Network,
  unflattenArray,
  type WeightedChanges,
} from '../model/index.ts'
import { flatParameters, type Model, networkOfModel, recordOf, storedParameters } from './model.ts'
import { ADAPTER_FORMAT } from './record.ts'
import { RunError } from './run-error.ts'
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

/** The arrays of an adapter of some keys in a network's place. */
const specsOf = (network: Network, keys: Keys): Pick<Network, 'parameters'> => ({
  parameters: adapterParameters(network, keys),
})

/** What an adapter's flat vector adds to the parameters of its network. */
export const changesOf = (network: Network, keys: Keys, parameters: Float32Array): Named<Float64Array> =>
  adapterChanges(unflattenArray(parameters, specsOf(network, keys)), keys)

/** Parameters `[P]` of a network with changes: `base + sum_k weight_k changes_k`. */
export const withChanges = (
  network: Network,
  base: Float32Array,
  changes: readonly WeightedChanges[],
): Float32Array => flattenArrays(network, merged(unflattenArray(base, network), changes))

/** Parameters `[P]` of a network with the one adapter that was trained with it. */
export const withAdapter = (
  network: Network,
  base: Float32Array,
  keys: Keys,
  parameters: Float32Array,
): Float32Array => withChanges(network, base, [{ weight: 1, changes: changesOf(network, keys, parameters) }])

/** The bytes of `adapter.safetensors`: `NAME.a [rank, in]`, `NAME.b [out, rank]`, `NAME.change`. */
export function encodeAdapterFile(adapter: Adapter): Uint8Array {
  const { config, data, keys, base, parameters } = adapter
  const metadata = {
    format: ADAPTER_FORMAT,
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
    if (metadata.format !== ADAPTER_FORMAT) {
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
