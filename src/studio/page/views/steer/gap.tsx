import { useMemo } from 'preact/hooks'
import { classValue } from '../../../class-law.ts'
import type { PlanePoints, Questions } from '../../../engine/protocol.ts'
import { targetDataset } from '../../../engine/target.ts'
import type { Wish } from '../../../plan.ts'
import { shortNumber } from '../../draw/number.ts'
import { selected } from '../../state/store.ts'

type Steering = Questions['steer']['answer']

/** Share of points `[n, 2]` that are as they should be. */
function shareOf(points: PlanePoints, isSo: (point: readonly [number, number]) => boolean): number {
  let count = 0
  for (let i = 0; i < points.length; i += 2) if (isSo([points[i], points[i + 1]])) count++
  return (2 * count) / points.length
}

/** Share of the data below which its exact law is hardly there, as a logarithm. */
const HARDLY = Math.log(1e-3)

/** A wish that a point has or has not: which points have it, and how that is said. */
function conditionOf(wish: Wish): { isSo(point: readonly [number, number]): boolean; words: string } | null {
  if ('class' in wish) {
    const dataset = targetDataset(selected.peek().target)
    const likely = classValue(dataset, wish.class)
    return {
      isSo: point => likely(point) > Math.log(0.5),
      words: `are of class ${dataset.labels?.names[wish.class] ?? wish.class}`,
    }
  }
  if (!('axis' in wish)) return null
  const { axis, value, sd } = wish
  return {
    isSo: point => Math.abs(point[axis === 'x' ? 0 : 1] - value) < 2 * sd,
    words: `have ${axis} within ${Number((2 * sd).toFixed(2))} of ${value}`,
  }
}

/** How well the wish was met: its mean reward, or how many samples have what is wanted. */
function Met({ answer, wish }: { answer: Steering; wish: Wish }) {
  const { exact, rewards, before, after } = answer
  const shares = useMemo(() => {
    const condition = conditionOf(wish)
    const hundred = (points: PlanePoints) => Math.round(100 * shareOf(points, condition!.isSo))
    return (
      condition && {
        words: condition.words,
        after: hundred(after),
        before: hundred(before),
        exact: exact && hundred(exact.points),
      }
    )
  }, [answer, JSON.stringify(wish)])
  if (shares) {
    return (
      <>
        Of 100 samples <strong>{shares.after}</strong> {shares.words} (
        {shares.exact !== null && `exact law ${shares.exact}, `}unsteered {shares.before}).
      </>
    )
  }
  return (
    <>
      Mean reward {rewards.after.toFixed(2)} ({exact && `exact law ${exact.reward.toFixed(2)}, `}unsteered{' '}
      {rewards.before.toFixed(2)}).
    </>
  )
}

/** How far samples are from the exact law, beside how far exact samples are from each other. */
export function Gap({
  answer,
  wish,
  problem,
}: {
  answer: Steering | null
  wish: Wish
  /** Why there are no samples, in a line. */
  problem: string | null | undefined
}) {
  if (problem || !answer) {
    return (
      <p class="gap" role="status">
        {problem || 'Steering …'}
      </p>
    )
  }
  const { exact } = answer
  return (
    <p class="gap" role="status">
      {exact ? (
        <>
          The steered samples are <strong>{shortNumber(exact.distances.after)}</strong> from the exact law;
          two sets of exact samples are {shortNumber(exact.distances.floor)} apart.{' '}
        </>
      ) : (
        'The data of this map is not known here, so there is no exact law to compare with. '
      )}
      <Met answer={answer} wish={wish} />
      {exact && exact.logZ < HARDLY && ' There is hardly any data there, so few samples can be.'}
    </p>
  )
}
