import { ConfigError, findObjective, type UserConfig } from '../../config/index.ts'
import type { Dataset } from '../../data/dataset.ts'
import { tiltedDataset as rejectionTilt } from '../../data/tilted.ts'
import { rewardValue } from '../../objective/reward-value.ts'
import type { Stage, Tilt } from '../plan.ts'
import { boundsOfTilt, rewardOfTilt } from '../reward.ts'

/** The reward of a point, in numbers. */
export const rewardAt = (tilt: Tilt) => rewardValue(rewardOfTilt(tilt), 2)

/**
 * The keys of a configuration by which a stage learns its tilted distribution: the velocity on the diagonal is matched
 * to the tilted one, and jumps follow that.
 *
 * @throws ConfigError when the objective has no term that can be tilted
 */
export function tiltKeys(
  { objective: id, tilt }: Pick<Stage, 'objective' | 'tilt'>,
  exact: boolean,
): Partial<Pick<UserConfig, 'options' | 'diagonal' | 'coupling'>> {
  if (!tilt) return {}
  const options = { beta: tilt.beta, reward: rewardOfTilt(tilt) }
  const { diagonal, parts } = findObjective(id)
  // Of an exact teacher the data are samples already; another one's are solved before.
  if (id === 'itm') return { options, ...(exact && { coupling: { kind: 'independent' } }) }
  if (!parts || diagonal === null) throw new ConfigError(`objective: ${id} has no diagonal term to tilt`)
  return { diagonal: { objective: 'itm', options } }
}

/** Draws that are tried for one point of a tilted distribution, at most. */
const PATIENCE = 2000

/** Data tilted by a reward, exactly. Where so few points are kept that patience ends, the last one tried stands in. */
export function tiltedDataset(base: Dataset, tilt: Tilt): Dataset {
  const reward = rewardAt(tilt)
  const { beta } = tilt
  return rejectionTilt(base, {
    parameters: { tilt },
    tilt: point => beta * reward(point),
    most: Math.max(...boundsOfTilt(tilt).map(bound => beta * bound)),
    patience: PATIENCE,
  })
}
