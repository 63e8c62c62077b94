import { useRef } from 'preact/hooks'
import { moveTimes, TIME_STEP, type TimePair, timesNear, withS, withT } from '../draw/times.ts'
import { Slider } from './slider.tsx'
import './time-triangle.css'

const SIDE = 200
const LEFT = 54
const TOP = 14
const RIGHT = 14
const BOTTOM = 44
const WIDTH = LEFT + SIDE + RIGHT
const x = (s: number): number => LEFT + SIDE * s
const y = (t: number): number => TOP + SIDE * (1 - t)

const TICKS = [0, 0.5, 1]

export const saidTimes = ({ s, t }: TimePair): string => `from s = ${s.toFixed(2)} to t = ${t.toFixed(2)}`

/** Changes the times as they are when it is called: keys come faster than pictures. */
type Change = (change: (times: TimePair) => TimePair) => void

/** All jumps as a triangle, of which one is chosen by pointer, by keys, or by the sliders below. */
export function Triangle({ times, onChange }: { times: TimePair; onChange: Change }) {
  const svg = useRef<SVGSVGElement>(null)
  const follow = (event: PointerEvent): void => {
    const { left, top, width } = svg.current!.getBoundingClientRect()
    const unit = WIDTH / width
    const there = timesNear(
      ((event.clientX - left) * unit - LEFT) / SIDE,
      1 - ((event.clientY - top) * unit - TOP) / SIDE,
    )
    onChange(() => there)
  }
  const { s, t } = times
  return (
    <div class="triangle">
      <div
        class="times"
        role="slider"
        tabIndex={0}
        aria-label="Jump: left and right move s, up and down move t, with shift in large steps"
        aria-valuemin={0}
        aria-valuemax={1}
        aria-valuenow={s}
        aria-valuetext={saidTimes(times)}
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId)
          follow(event)
        }}
        onPointerMove={event => event.buttons > 0 && follow(event)}
        onKeyDown={event => {
          if (!moveTimes(times, event.key, event.shiftKey)) return
          event.preventDefault()
          onChange(now => moveTimes(now, event.key, event.shiftKey)!)
        }}
      >
        <svg ref={svg} viewBox={`0 0 ${WIDTH} ${TOP + SIDE + BOTTOM}`} aria-hidden="true">
          <path class="area" d={`M${x(0)},${y(0)}H${x(1)}V${y(1)}Z`} />
          {TICKS.map(tick => (
            <g key={tick}>
              <text x={x(tick)} y={y(0) + 23} text-anchor="middle">
                {tick}
              </text>
              <text x={LEFT - 13} y={y(tick) + 4} text-anchor="end">
                {tick}
              </text>
            </g>
          ))}
          <text x={x(0.5)} y={y(0) + 40} text-anchor="middle">
            s: from (1 is noise)
          </text>
          <text transform={`translate(11,${y(0.5)}) rotate(-90)`} text-anchor="middle">
            t: to (0 is data)
          </text>
          <path class="guide" d={`M${x(s)},${y(0)}V${y(t)}H${x(0)}`} />
          <circle class="handle" cx={x(s)} cy={y(t)} r={9} />
        </svg>
      </div>
      <TimeSlider name="s, where the jump begins" of="s" times={times} set={withS} onChange={onChange} />
      <TimeSlider name="t, where it ends" of="t" times={times} set={withT} onChange={onChange} />
    </div>
  )
}

function TimeSlider({
  name,
  of,
  times,
  set,
  onChange,
}: {
  name: string
  of: 's' | 't'
  times: TimePair
  set: (times: TimePair, value: number) => TimePair
  onChange: Change
}) {
  return (
    <Slider
      name={name}
      value={times[of]}
      min={0}
      max={1}
      step={TIME_STEP}
      text={times[of].toFixed(2)}
      onChange={value => {
        let held = value
        onChange(now => {
          const next = set(now, value)
          held = next[of]
          return next
        })
        return held
      }}
    />
  )
}
