import { useMemo } from 'preact/hooks'
import type { Plan } from '../../../plan.ts'
import { nearestPoint } from '../../draw/cloud.ts'
import { colourOf } from '../../draw/colours.ts'
import { landing, landingRange, metricRange } from '../../draw/landing.ts'
import { floorRange, shortNumber } from '../../draw/number.ts'
import { at as placeOf, Scene, through } from '../../draw/scene.tsx'
import { splitStrays } from '../../draw/strays.ts'
import { announce } from '../../parts/announcements.tsx'
import { Mark } from '../../parts/run-mark.tsx'
import { progressOf, runName } from '../../parts/run-name.ts'
import { StrayKey } from '../../parts/stray-key.tsx'
import { state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { follow } from '../shared.tsx'
import { asked, nextStray } from './missed.tsx'
import './picture.css'

/** Samples of each run. */
export const COMPARED = 2000
/** Numbers of jumps that are measured, and that can be shown. */
export const NFE = [1, 2, 4, 8] as const
/** Of the noise of all runs: the first one's, so that its numbers are those of the other views. */
export const seedOf = ([{ seed }]: readonly Plan[]): number => seed
/** The distance of samples to the target. */
export const METRIC = 'slicedWasserstein'
/** Reach of a click, in units of the data. */
const NEAR = 0.4

/** Follows a sample off the data, and asks why it is. */
function askOf(at: number, point: number): void {
  follow(point)
  asked.value = at
  announce(`Sample ${point + 1} of run ${at + 1} misses the data. Why does it fail? Residual maps follow.`)
}

/** The key to samples off the data, and a way to the next of them without hitting it; its place is kept while there is none. */
function Missed({ at, marks, point }: { at: number; marks: Uint8Array | undefined; point: number | null }) {
  const next = marks ? nextStray(marks, point) : null
  return (
    <p class="measure missed">
      <StrayKey marks={marks} />
      {next !== null && (
        <button type="button" onClick={() => askOf(at, next)}>
          {point !== null && marks![point] === 1 ? 'Next miss' : 'Why?'}
          <span class="hidden-but-read"> Run {at + 1}</span>
        </button>
      )}
    </p>
  )
}

/** One run's samples, and the way of the point that is followed in all of them. */
export function RunPicture({ at, plan }: { at: number; plan: Plan }) {
  const { weights, compare, jump, runs } = state.value
  const { steps } = compare
  const question = { steps, method: 'jump', weights, count: COMPARED, seed: seedOf(runs) } as const
  const { answer, error, fresh } = useAnswer(
    'samples',
    `compare ${steps} ${weights} ${question.seed}`,
    question,
    'training',
    at,
  )
  const path = answer?.path ?? []
  const ends = path.at(-1)
  const { point } = jump
  const followed = point !== null && point < COMPARED ? path.map(points => placeOf(points, point)) : []
  const colour = colourOf(`--run-${at}`, 0.55)
  const strays = answer?.values.strays
  const marks = answer?.marks
  const clouds = useMemo(
    () => (ends ? splitStrays({ points: ends, colour, size: 3 }, marks) : []),
    [ends, marks, String(colour)],
  )
  const distance = answer?.values[METRIC]
  const floor = answer?.floors[METRIC]
  const strayFloor = answer?.floors.strays
  const name = `Run ${at + 1}, ${runName(plan)}`
  return (
    <figure aria-busy={!fresh}>
      <figcaption>
        <Mark at={at} /> <strong>{at + 1}</strong> {runName(plan)}, {progressOf(plan)}
      </figcaption>
      <Scene
        clouds={clouds}
        label={`${name}: samples in ${steps === 1 ? 'one jump' : `${steps} jumps`}${strays === undefined ? '' : `, ${landing(strays)} on the data`}`}
        onPick={(place, reach) => {
          if (!ends) return
          // Where a click may mean a sample off the data, it does.
          const missed = marks && nearestPoint([ends], place, reach, marks)
          if (typeof missed === 'number') askOf(at, missed)
          else follow(nearestPoint([ends], place, Math.max(reach, NEAR)))
        }}
      >
        {followed.length > 0 && (
          <g class="linked">
            <polyline points={through(followed)} />
            <circle class="begin" cx={followed[0][0]} cy={followed[0][1]} r="0.1" />
            {followed.slice(1).map(([x, y], i) => (
              <circle key={i} cx={x} cy={y} r="0.13" />
            ))}
          </g>
        )}
      </Scene>
      <p class="measure">
        {error ??
          (answer && strays !== undefined ? (
            <>
              <strong>{landing(strays)}</strong> land on the data{' '}
              <span class="soft">({landingRange(answer.intervals.strays)})</span>
            </>
          ) : (
            'Measuring'
          ))}
      </p>
      <p class="measure in-cards">
        {distance !== undefined && answer ? (
          <>
            Distance <strong>{shortNumber(distance)}</strong>{' '}
            <span class="soft">({metricRange(METRIC, answer.intervals[METRIC])})</span>
          </>
        ) : (
          ' '
        )}
      </p>
      <p class="measure soft in-cards">
        {floor && strayFloor
          ? `Real data: ${landingRange([strayFloor.low, strayFloor.high])}, ${floorRange(floor)}`
          : ' '}
      </p>
      <Missed at={at} marks={marks} point={point} />
    </figure>
  )
}
