import { z } from 'zod'
import { constant } from '../../autodiff/index.ts'
import { squaredNorm } from '../loss.ts'
import { countOf, lengthMisfit, listOf, oneOrMany, type RewardKind, seenPlace, unitsOf } from './kind.ts'

/** One number for each coordinate, or one for all. */
export const width = oneOrMany(z.number().positive(), 'one positive number for each coordinate').default(1)

const schema = z.strictObject({
  kind: z.literal('gaussian').default('gaussian'),
  center: oneOrMany(z.number(), 'one number for each coordinate').default(0),
  scale: width,
})

/** Half of a squared distance in widths from where a bump is below the rounding of one of height 1. */
const NOTHING = 40

/** `exp(-|(point - center)/scale|^2 / 2)`, `center` from the place `from` on. */
export function bumpAt(
  point: Readonly<ArrayLike<number>>,
  centers: ArrayLike<number>,
  from: number,
  scale: ArrayLike<number>,
): number {
  let half = 0
  for (let d = 0; d < scale.length; d++) half += ((point[d] - centers[from + d]) / scale[d]) ** 2 / 2
  return half < NOTHING ? Math.exp(-half) : 0
}

/** `exp(-|(x - center)/scale|^2 / 2)`, 1 at the centre and 0 far away. */
export const gaussian = {
  schema,
  graph:
    ({ center, scale }) =>
    x => {
      const [at, width] = [center, scale].map(value =>
        typeof value === 'number' ? value : constant(value, [1, ...x.shape.slice(1)], x.dtype),
      )
      return squaredNorm(x.sub(at).div(width), 'sum', true).mul(-0.5).exp()
    },
  value({ center, scale }, shape) {
    const [at, widths] = [center, scale].map(value => Float64Array.from(listOf(value, countOf(shape))))
    return point => bumpAt(point, at, 0, widths)
  },
  misfit: ({ center, scale }, shape) => lengthMisfit({ center, scale }, shape),
  seen(reward, by) {
    const units = unitsOf(by)
    const scale = listOf(reward.scale, units.length).map((value, i) => value / units[i])
    return { ...reward, center: seenPlace(reward.center, by), scale }
  },
  bounds: () => [0, 1],
} satisfies RewardKind<z.infer<typeof schema>>
