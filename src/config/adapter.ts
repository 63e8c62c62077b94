import { networks } from '../model/index.ts'
import { isPlain, type Plain } from './plain.ts'
import type { Config } from './schema.ts'

const RANK = 8

/** An adapter learns at this many times the rate of a whole network. */
export const ADAPTER_RATE = 3

/**
 * Defaults of an adapter, in the configuration's own keys; nothing where there is none.
 *
 * @param asked  the user's keys on top of all others
 * @param optimizer  that of a run without an adapter, before the user's keys
 */
export function adapterConfig({ adapter, network }: Plain, { optimizer }: Plain, kind: string): Plain {
  if (!isPlain(adapter)) return {}
  const { rank = RANK } = adapter
  const groups = networks.get(kind)?.adapter?.(network) ?? { targets: [], train: [] }
  const { learningRate } = optimizer as Config['optimizer']
  return {
    adapter: { rank, alpha: rank, ...groups },
    optimizer: { learningRate: ADAPTER_RATE * learningRate },
  }
}

/** Combinations of adapters that make no sense. */
export const adapterChecks: readonly ((config: Config) => string | false)[] = [
  ({ adapter, initFrom }) =>
    adapter !== null &&
    initFrom === null &&
    'adapter: changes a trained network, which stays as it is; name it with --init-from RUN',
  ({ adapter }) => {
    const twice = adapter?.train.find(group => adapter.targets.includes(group))
    return (
      twice !== undefined && `adapter.train: ${twice} is among adapter.targets too; name it in one of the two`
    )
  },
  ({ adapter, network }) =>
    adapter?.targets.length === 0 &&
    adapter.train.length === 0 &&
    (networks.get(network.kind)?.adapter
      ? 'adapter.targets: neither this key nor adapter.train names anything to train'
      : `adapter: a network of kind ${network.kind} has no layers for adapters; use null`),
]
