import { useId, useMemo } from 'preact/hooks'
import type { Tilt } from '../../../plan.ts'
import { readReward } from '../../../reward.ts'
import { contoursOf } from '../../draw/contours.ts'
import './shape.css'

/** Rings of one and two widths, and the centre. */
function Bump({ center: [x, y], scale }: { center: readonly [number, number]; scale: number }) {
  return (
    <g class="bump">
      <circle cx={x} cy={-y} r={scale} />
      <circle cx={x} cy={-y} r={2 * scale} />
      <path d={`M${x - 0.15} ${-y}h.3M${x} ${-y - 0.15}v.3`} />
    </g>
  )
}

/** Lines of equal reward: whole ones where it is good; broken ones over hatching where it is bad. */
export function PaintedLines({ cells }: { cells: Int8Array }) {
  const { good, bad, signs } = useMemo(() => contoursOf(cells), [cells])
  const hatch = useId()
  return (
    <g class="contours">
      <pattern
        id={hatch}
        patternUnits="userSpaceOnUse"
        width="0.3"
        height="0.3"
        patternTransform="rotate(45)"
      >
        <path class="hatch" d="M.15 0V.3" />
      </pattern>
      {good.map((d, i) => (
        <path key={i} class="good" d={d} />
      ))}
      {bad.length > 0 && <path d={bad[0]} style={{ fill: `url(#${hatch})` }} />}
      {bad.map((d, i) => (
        <path key={i} class="bad" d={d} />
      ))}
      {signs.map(({ x, y, good }) => {
        const d = `M${x - 0.18} ${y}h.36${good ? `M${x} ${y - 0.18}v.36` : ''}`
        return (
          <g key={`${x} ${y}`}>
            <path class="halo" d={d} />
            <path class={good ? 'sign good' : 'sign bad'} d={d} />
          </g>
        )
      })}
    </g>
  )
}

function Painted({ text }: { text: string }) {
  const cells = useMemo(() => readReward(text), [text])
  return <PaintedLines cells={cells} />
}

/** A reward, drawn over a cloud. */
export function RewardShape({ tilt }: { tilt: Tilt }) {
  return 'painted' in tilt ? <Painted text={tilt.painted} /> : <Bump {...tilt} />
}
