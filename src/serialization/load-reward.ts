import { checkOptions } from '../data/arguments.ts'
import { openRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { OpenReward } from './formula-reward.ts'
import type { LoadedMap } from './loaded-map.ts'
import { openReward, parseReward } from './point-reward.ts'

export interface RewardOptions {
  readonly threads?: number
  /** What runs it, in the place of ONNX Runtime with `threads`. */
  readonly runtime?: Runtime
}

/**
 * A reward for the points of a loaded map; close it when done.
 *
 * @param block  as `--reward` takes it, such as `{kind: 'gaussian', center: [4, 0], scale: 2.5}`, in the data's own units
 * @throws ConfigError when it is none, does not go with the points, or its file cannot be used
 */
export async function loadReward(
  block: Readonly<Record<string, unknown>>,
  map: LoadedMap,
  options: RewardOptions = {},
): Promise<OpenReward> {
  checkOptions('loadReward: options', options, ['threads?', 'runtime?'])
  return openReward(parseReward(block, 'reward'), map, options.runtime ?? (await openRuntime(options)))
}
