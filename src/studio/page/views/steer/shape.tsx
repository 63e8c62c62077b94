import { useId, useMemo } from 'preact/hooks'
import type { Wish } from '../../../plan.ts'
import { readReward } from '../../../reward.ts'
import { SHOWN } from '../../draw/cloud.ts'
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

/** Where a coordinate is known to be: two deviations to either side. */
export function KnownBand({ axis, value, sd }: { axis: 'x' | 'y'; value: number; sd: number }) {
  const [from, wide, long] = [value - 2 * sd, 4 * sd, 2 * SHOWN]
  return (
    <g class="known">
      {axis === 'x' ? (
        <rect x={from} y={-SHOWN} width={wide} height={long} />
      ) : (
        <rect x={-SHOWN} y={-value - 2 * sd} width={long} height={wide} />
      )}
    </g>
  )
}

/** What samples are steered to, drawn over a cloud; a class is seen by its points. */
export function RewardShape({ tilt }: { tilt: Wish }) {
  if ('class' in tilt) return null
  if ('axis' in tilt) return <KnownBand {...tilt} />
  return 'painted' in tilt ? <Painted text={tilt.painted} /> : <Bump {...tilt} />
}
