import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { type Estimate, meanOf, rootEstimate, standardError } from '../../../../metric/estimate.ts'
import { coefficientsAt } from '../../../../model/coefficients.ts'
import { interpolants } from '../../../../model/interpolants/table.ts'
import { drawNoise } from '../../../../sampler/sampler.ts'
import type { PlanePoints } from '../../../engine/protocol.ts'
import { arrowPath, arrowScale, near, opposite, roundFactor } from '../../draw/arrows.ts'
import { colourOf } from '../../draw/colours.ts'
import { shortNumber } from '../../draw/number.ts'
import { Scene } from '../../draw/scene.tsx'
import { TIME_STEP } from '../../draw/times.ts'
import { Maps } from '../../parts/maps.tsx'
import { Slider } from '../../parts/slider.tsx'
import { selected, state } from '../../state/store.ts'
import { useAnswer } from '../../state/use-answer.ts'
import { rootMeanSquare } from '../shared.tsx'
import './field.css'

const CELL = 0.6
const SIDE = 15
const GRID: PlanePoints = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, k) => {
  const i = k >> 1
  return CELL * ((k % 2 === 0 ? i % SIDE : Math.floor(i / SIDE)) - (SIDE - 1) / 2)
})
/** Points of the path at the time that is looked at; the error is measured on them. */
const MEASURED = 1000

/** What is drawn and said of the velocity at one time; its vectors point from noise to data, the way that samples go. */
interface Field {
  readonly t: number
  readonly cloud: PlanePoints
  readonly own: PlanePoints
  readonly exact: PlanePoints | null
  /** Root mean squares over the points of the path; that of the error with its interval of 95 %. */
  readonly error: Estimate | null
  readonly speed: number
  /** Grid points where the path has points too. */
  readonly near: readonly boolean[]
}

/** Root mean square of the lengths of `a - b`, `[n, 2]`, with what the luck of the points leaves open. */
function errorOf(a: PlanePoints, b: PlanePoints): Estimate {
  const squares = Float64Array.from(
    { length: a.length / 2 },
    (_, i) => (a[2 * i] - b[2 * i]) ** 2 + (a[2 * i + 1] - b[2 * i + 1]) ** 2,
  )
  return rootEstimate(meanOf(squares), standardError(squares))
}

function useField(t: number): Field | null {
  const plan = selected.value
  const { weights } = state.value
  const noise = useMemo(() => drawNoise(MEASURED, 2, plan.seed + 1), [plan.seed])
  const form = JSON.stringify(plan.target)
  const dataKey = `${form} ${MEASURED} ${plan.seed}`
  const { answer: data, key } = useAnswer('target', dataKey, { count: MEASURED, seed: plan.seed }, 'target')
  const points = useMemo(() => {
    if (!data || key !== `target ${dataKey}`) return null
    const { alpha, sigma } = coefficientsAt(interpolants[plan.interpolant], t)
    return Float32Array.of(...GRID, ...noise.map((value, i) => alpha * data[i] + sigma * value))
  }, [data, key, noise, plan.interpolant, t])
  const fieldKey = `${form} ${plan.seed} ${t} ${weights}`
  const { answer, key: answered } = useAnswer('field', fieldKey, points && { points, t, weights })
  return useMemo(() => {
    if (!answer || !answered) return null
    const cut = (list: PlanePoints) => [opposite(list.subarray(0, GRID.length)), list.subarray(GRID.length)]
    const [own, ownThere] = cut(answer.own)
    const [exact, exactThere] = answer.exact ? cut(answer.exact) : [null, null]
    const cloud = points?.slice(GRID.length) ?? new Float32Array()
    return {
      t,
      cloud,
      near: near(GRID, cloud, 1.2 * CELL),
      own,
      exact,
      error: exactThere && errorOf(ownThere, exactThere),
      speed: rootMeanSquare(exactThere ?? ownThere),
    }
  }, [answer])
}

/** The learnt velocity beside the exact one, and what lies between. */
export function FieldSection() {
  const time = useSignal(0.5)
  const field = useField(time.value)
  const scale = field ? arrowScale(field.exact ?? field.own, CELL, field.near) : 0
  const gap = field?.exact ? field.own.map((value, i) => value - field.exact![i]) : null
  const longer = gap && scale > 0 ? roundFactor(arrowScale(gap, CELL, field!.near) / scale) : 1
  return (
    <section aria-label="Velocity" aria-busy={!field} data-section="velocity">
      <h2>Is the velocity right?</h2>
      <p class="soft">
        Arrows show −V(x, t, t), the direction in which samples move from noise to data: V is the rate of
        change in t, and samples go from t = 1 down to 0. The grey points are points of the path at time t.
        The network only sees such points in training, so arrows far from them are faint and mean little.
      </p>
      <div class="time">
        <Slider
          name="t (1 is noise, 0 is data)"
          value={time.value}
          min={0}
          max={1}
          step={TIME_STEP}
          text={time.value.toFixed(2)}
          onChange={value => {
            time.value = value
          }}
        />
      </div>
      <p class="verdict" role="status" data-number="field">
        {fieldWords(field)}
      </p>
      <Maps name="Velocities">
        <Arrows title="Learnt" field={field} vectors={field?.own ?? null} scale={scale} />
        {field && !field.exact ? null : (
          <>
            <Arrows title="Exact" field={field} vectors={field?.exact ?? null} scale={scale} />
            <Arrows
              title="Difference"
              note={longer === 1 ? '' : `arrows drawn ${longer} times as long`}
              field={field}
              vectors={gap}
              scale={scale * longer}
            />
          </>
        )}
      </Maps>
    </section>
  )
}

function fieldWords(field: Field | null): string {
  if (!field) return ' '
  if (field.error === null) {
    return `The grey points move at a speed of ${shortNumber(field.speed)} (RMS). The exact velocity of this target is not known in closed form, so there is nothing to compare with.`
  }
  const { value, interval } = field.error
  const part = Math.round((100 * value) / field.speed)
  return `At the grey points the learnt velocity is off by ${shortNumber(value)} (RMS; 95 % interval ${interval.map(shortNumber).join(' to ')}), ${part}% of their speed of ${shortNumber(field.speed)}.`
}

function Arrows({
  title,
  note = '',
  field,
  vectors,
  scale,
}: {
  title: string
  note?: string
  field: Field | null
  vectors: PlanePoints | null
  scale: number
}) {
  const cloud = field?.cloud
  const colour = colourOf('--target', 0.4)
  const clouds = useMemo(() => (cloud ? [{ points: cloud, colour, size: 2.5 }] : []), [cloud, String(colour)])
  return (
    <figure>
      <figcaption>
        <strong>{title}</strong> {note}
      </figcaption>
      <Scene clouds={clouds} label={`${title} velocity, ${SIDE} by ${SIDE} arrows from noise to data`}>
        {vectors &&
          field &&
          [true, false].map(inside => (
            <path
              key={String(inside)}
              class={`arrows ${title.toLowerCase()} ${inside ? '' : 'far'}`}
              d={arrowPath(GRID, vectors, scale, CELL, i => field.near[i] === inside)}
            />
          ))}
      </Scene>
    </figure>
  )
}
