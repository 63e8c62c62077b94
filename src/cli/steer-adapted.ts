import { sizeOf } from '../autodiff/index.ts'
import { listOf } from '../objective/rewards/kind.ts'
import { baseHash } from '../serialization/adapter.ts'
import type { OpenReward } from '../serialization/formula-reward.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import { type NoiseAdapter, noiseOf, readNoiseAdapter } from '../serialization/noise-adapter-file.ts'
import type { SteeringReward } from '../serialization/point-reward.ts'
import { RunError } from '../serialization/run.ts'
import { steerable } from '../serialization/steerable.ts'
import { type AdaptedResult, adapted } from '../steering/adapted.ts'
import { UsageError } from './failure.ts'

/** @throws RunError when a noise adapter is for another map or another observation */
function checkFits(
  file: string,
  adapter: NoiseAdapter,
  { model, shape, dimension }: LoadedMap,
  observation: Extract<SteeringReward, { kind: 'observation' }>,
): void {
  const refuse = (message: string): never => {
    throw new RunError(`${file}: ${message}`)
  }
  const { operator, sd } = observation
  const own = sizeOf(adapter.shape)
  if (own !== dimension) refuse(`is for points of ${own} coordinates, and this map's have ${dimension}`)
  if (adapter.shape.join() !== shape.join()) {
    refuse(`is for points [${adapter.shape.join(', ')}], and this map's are [${shape.join(', ')}]`)
  }
  if (!model || adapter.map !== baseHash(model.parameters)) {
    refuse(
      'was trained for another map, or for other weights of it; train one for this map with "oxbow adapt"',
    )
  }
  const [known, asked] = [adapter.operator, operator].map(each => JSON.stringify(each))
  if (known !== asked) refuse(`is for the operator ${known}, found ${asked}`)
  if (adapter.sd !== sd) refuse(`is for observations of sd ${adapter.sd}, found ${sd}`)
}

/** Reads the noise adapter that `--adapter` names. */
export function openAdapted(file: string, map: LoadedMap, reward: SteeringReward) {
  const adapter = readNoiseAdapter(file)
  if (reward.kind !== 'observation') throw new UsageError('--adapter: knows the noise of observations')
  checkFits(file, adapter, map, reward)
  const y = listOf(reward.y, adapter.center.length)
  return (opened: OpenReward, noise: Float32Array): Promise<AdaptedResult> =>
    adapted(steerable(map), opened, noiseOf(adapter, y), noise)
}
