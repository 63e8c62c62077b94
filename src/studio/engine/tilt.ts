import type { Dataset, Values } from '../../data/dataset.ts'
import { generated } from '../../data/generated.ts'
import { ConfigError, findObjective, type UserConfig } from '../../training/config.ts'
import type { Stage, Tilt } from '../plan.ts'

/** `r(x) = exp(-|x - center|^2 / (2 scale^2))`, in numbers: what `rewardOf` is as a graph. */
export const bump =
  ({ center, scale }: Pick<Tilt, 'center' | 'scale'>) =>
  (x: number, y: number): number =>
    Math.exp(-((x - center[0]) ** 2 + (y - center[1]) ** 2) / (2 * scale * scale))

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
  const { center, scale, beta } = tilt
  const options = { beta, reward: { kind: 'gaussian', center, scale } }
  const { diagonal, parts } = findObjective(id)
  // Of an exact teacher the data are samples already; another one's are solved before.
  if (id === 'itm') return { options, ...(exact && { coupling: { kind: 'independent' } }) }
  if (!parts || diagonal === null) throw new ConfigError(`objective: ${id} has no diagonal term to tilt`)
  return { diagonal: { objective: 'itm', options } }
}

/** Draws that are tried for one point of a tilted distribution, at most. */
const PATIENCE = 2000

/**
 * Data tilted by a reward, exactly: a point is kept with probability `exp(beta (r - max r))`. Where so few are kept
 * that patience ends, the last one tried stands in.
 */
export function tiltedDataset(base: Dataset, tilt: Tilt): Dataset {
  const reward = bump(tilt)
  const { beta } = tilt
  const most = Math.max(beta, 0)
  return generated({
    name: `tilted ${base.name}`,
    parameters: { base: base.fingerprint.sha256, tilt },
    dimension: 2,
    sample: (random, out: Values) => {
      const point = new Float64Array(2)
      for (let at = 0; at < out.length; at += 2) {
        for (let tries = 0; tries < PATIENCE; tries++) {
          base.sample(random, point)
          if (random.uniform() < Math.exp(beta * reward(point[0], point[1]) - most)) break
        }
        out[at] = point[0]
        out[at + 1] = point[1]
      }
    },
  })
}
