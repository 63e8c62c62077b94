import { ConfigError, findObjective, type UserConfig } from '../../config/index.ts'
import type { Dataset } from '../../data/dataset.ts'
import { tiltedDataset as rejectionTilt, tiltedMixtureDataset } from '../../data/tilted.ts'
import { quadraticOf } from '../../objective/reward-quadratic.ts'
import { rewardValue } from '../../objective/reward-value.ts'
import { classValue } from '../class-law.ts'
import type { Stage, Wish } from '../plan.ts'
import { boundsOfTilt, type Named, rewardOfTilt } from '../reward.ts'

/** The reward of a point, in numbers. */
export const rewardAt = (tilt: Named) => rewardValue(rewardOfTilt(tilt), 2)

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
export function tiltedDataset(base: Dataset, tilt: Wish): Dataset {
  const { beta } = tilt
  // One coordinate may be where little of the data is: in closed form nothing is tried in vain.
  if ('axis' in tilt && base.mixture)
    return tiltedMixtureDataset(base, { tilt }, quadraticOf(rewardOfTilt(tilt), 2)!)
  const reward = 'class' in tilt ? classValue(base, tilt.class) : rewardAt(tilt)
  return rejectionTilt(base, {
    parameters: { tilt },
    tilt: point => beta * reward(point),
    most: Math.max(...boundsOfTilt(tilt).map(bound => beta * bound)),
    patience: PATIENCE,
  })
}
