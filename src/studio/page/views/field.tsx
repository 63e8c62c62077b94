import { useSignal } from '@preact/signals'
import { useMemo } from 'preact/hooks'
import { coefficientsAt } from '../../../model/coefficients.ts'
import { interpolants } from '../../../model/interpolant.ts'
import { drawNoise } from '../../../sampler/sampler.ts'
import type { Points } from '../../engine/protocol.ts'
import { useAnswer } from '../asking.ts'
import { arrowPath, arrowScale, near } from '../draw/arrows.ts'
import { colourOf } from '../draw/colours.ts'
import { shortNumber } from '../draw/number.ts'
import { Scene } from '../draw/scene.tsx'
import { selected, state } from '../store.ts'
import { rootMeanSquare } from './shared.tsx'

const CELL = 0.6
const SIDE = 15
const GRID: Points = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, k) => {
  const i = k >> 1
  return CELL * ((k % 2 === 0 ? i % SIDE : Math.floor(i / SIDE)) - (SIDE - 1) / 2)
})
/** Points of the path at the time that is looked at; the error is measured on them. */
const MEASURED = 1000

/** What is drawn and said of the velocity at one time. */
interface Field {
  readonly t: number
  readonly cloud: Points
  readonly own: Points
  readonly exact: Points | null
  /** Root mean squares over the points of the path. */
  readonly error: number | null
  readonly speed: number
  /** Grid points where the path has points too. */
  readonly near: readonly boolean[]
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
    const cut = (list: Points) => [list.subarray(0, GRID.length), list.subarray(GRID.length)]
    const [own, ownThere] = cut(answer.own)
    const [exact, exactThere] = answer.exact ? cut(answer.exact) : [null, null]
    const cloud = points?.slice(GRID.length) ?? new Float32Array()
    return {
      t,
      cloud,
      near: near(GRID, cloud, 1.2 * CELL),
      own,
      exact,
      error: exactThere && rootMeanSquare(ownThere, exactThere),
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
  const gapScale = gap ? arrowScale(gap, CELL, field!.near) : 0
  return (
    <section aria-label="Velocity">
      <h2>The velocity on the diagonal</h2>
      <p class="soft">
        V(x, t, t), the arrow that a jump of no length follows. Grey: where the path’s points are at this
        time; the network sees no others, so the arrows far from them, drawn faint, mean little.
      </p>
      <label class="field time">
        <span class="name">
          t (1 is noise, 0 is data) <span class="number">{time.value.toFixed(2)}</span>
        </span>
        <input
          type="range"
          min={0}
          max={1}
          step={0.01}
          value={time.value}
          onInput={event => {
            time.value = event.currentTarget.valueAsNumber
          }}
        />
      </label>
      <p class="verdict" role="status" data-number="field">
        {fieldWords(field)}
      </p>
      <div class="maps">
        <Arrows title="Learnt" field={field} vectors={field?.own ?? null} scale={scale} />
        {field && !field.exact ? null : (
          <>
            <Arrows title="Exact" field={field} vectors={field?.exact ?? null} scale={scale} />
            <Arrows
              title="Difference"
              note={gap && scale > 0 ? `drawn ${shortNumber(gapScale / scale)} times as long` : ''}
              field={field}
              vectors={gap}
              scale={gapScale}
            />
          </>
        )}
      </div>
    </section>
  )
}

function fieldWords(field: Field | null): string {
  if (!field) return ' '
  if (field.error === null) {
    return `Root mean square speed ${shortNumber(field.speed)}. This target has no closed form to compare with.`
  }
  const part = Math.round((100 * field.error) / field.speed)
  return `On the path’s points the learnt velocity is off by ${shortNumber(field.error)} (root mean square), ${part}% of the speed, ${shortNumber(field.speed)}.`
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
  vectors: Points | null
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
      <Scene clouds={clouds} label={`${title} velocity, ${SIDE} by ${SIDE} arrows`}>
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
