import { useSignal } from '@preact/signals'
import { useEffect, useMemo } from 'preact/hooks'
import type { PlanePoints } from '../../../engine/protocol.ts'
import { type Cloud, nearestPoint } from '../../draw/cloud.ts'
import { colourOf, runColour } from '../../draw/colours.ts'
import { landing } from '../../draw/landing.ts'
import { shortNumber } from '../../draw/number.ts'
import { Scene, through } from '../../draw/scene.tsx'
import { splitStrays } from '../../draw/strays.ts'
import { Transport } from '../../draw/transport.tsx'
import { Mark, MarkAt } from '../../parts/run-mark.tsx'
import { saidTimes, Triangle } from '../../parts/time-triangle.tsx'
import { selected, state, update } from '../../state/store.ts'
import {
  Choice,
  follow,
  Key,
  MapChoice,
  medianDistance,
  PointChoice,
  rootMeanSquare,
  Standing,
} from '../shared.tsx'
import { type CloudSource, type JumpData, useJump } from './jump-data.ts'
import './jump.css'

/** What moves between the two clouds. */
type Way = 'jump' | 'path' | 'both'

/** Points whose jumps are drawn as lines. */
const LINES = 40
/** How near a click must be to a point, in units of the data. */
const REACH = 0.4

type Point = readonly [number, number]
const over = (points: readonly Point[]): string => through(points.map(([x, y]) => [x, -y]))

export function JumpView() {
  const { source = 'carried' } = state.value.jump
  const way = useSignal<Way>('jump')
  const progress = useSignal(1)
  const data = useJump(source)
  const plan = selected.value
  const { s, t, start, end, paths, exact, count } = data
  // Another jump is shown where it ends.
  useEffect(() => {
    progress.value = 1
  }, [s, t, source])
  const jumps = source !== 'pairs'
  const motion: Way = paths ? way.value : 'jump'
  const at = state.value.selected
  const colours = [colourOf('--target', 0.45), colourOf(runColour(at), 0.6), colourOf('--ink', 0.6)]
  const clouds = useMemo((): Cloud[] => {
    const [still, landed, along] = colours
    const small = count > 5000
    return [
      ...(start ? [{ points: start, colour: still, size: small ? 1.5 : 2.5 }] : []),
      ...(start && paths && motion !== 'jump'
        ? [{ points: start, through: paths.length > 1 ? paths.slice(1) : [start], colour: along, size: 4.5 }]
        : []),
      ...(start && end && motion !== 'path'
        ? splitStrays(
            { points: start, through: [end], colour: landed, size: small ? 2 : 4.5 },
            data.strays?.marks,
          )
        : []),
    ]
  }, [start, end, data.strays, paths, motion, count, ...colours.map(String)])
  const words = jumps ? `The cloud ${saidTimes({ s, t })}` : `The path at time ${s.toFixed(2)}`
  return (
    <div class="columns">
      <section class="panel" aria-label="The jump">
        <Triangle
          times={{ s, t }}
          onChange={change => update({ jump: { ...state.value.jump, ...change(state.value.jump) } })}
        />
        {jumps && (
          <>
            <Transport
              progress={progress}
              say={part =>
                `${part === 0 ? 's' : part === 1 ? 't' : 'time'} = ${(s + (t - s) * part).toFixed(2)}`
              }
            />
            <Choice
              name="What moves"
              options={[
                ['jump', 'Jump'],
                ['path', 'Path'],
                ['both', 'Both'],
              ]}
              value={motion}
              onChange={value => {
                way.value = value
              }}
            />
          </>
        )}
        <Choice
          name="Points at s"
          options={[
            ['carried', exact ? 'Exact paths' : 'Learnt paths'],
            ['mixed', 'Noisy data'],
            ['pairs', 'Noise–data pairs'],
          ]}
          value={source}
          onChange={value => update({ jump: { ...state.value.jump, source: value } })}
        />
        <p class="soft">{sourceWords(source, exact)}</p>
      </section>
      <section class="picture" aria-label="Clouds at s and at t" aria-busy={clouds.length === 0}>
        <Scene
          clouds={clouds}
          label={`${words}, ${count} points`}
          progress={progress}
          onPick={place => jumps && start && follow(nearestPoint(end ? [start, end] : [start], place, REACH))}
        >
          {count < 5000 && start && end && motion !== 'path' && (
            <Lines data={data} highlighted={state.value.jump.point} />
          )}
          {data.pairs && start && <Pairs pairs={data.pairs} start={start} />}
          <Followed data={data} />
        </Scene>
        <div class="beside">
          <ul class="keys">
            <Key look={<span class="look grey" />}>points at s</Key>
            {jumps && (
              <>
                <Key look={<Mark at={at} />}>where the jump lands</Key>
                <Key look={<span class="look stray" />}>where it lands off the data (t = 0)</Key>
                <Key look={<span class="look path" />}>where the {exact ? 'exact' : 'learnt'} path leads</Key>
              </>
            )}
          </ul>
          {jumps && (
            <>
              <Numbers data={data} />
              <PointChoice count={count} />
              <MapChoice />
              <Standing plan={plan} />
            </>
          )}
          {data.error && (
            <p class="problem" role="alert">
              {data.error}
            </p>
          )}
        </div>
      </section>
    </div>
  )
}

function sourceWords(source: CloudSource, exact: boolean): string {
  if (source === 'pairs') {
    return 'Data and noise in random pairs, mixed at time s: at 1, all points are noise; at 0, all are data. Lines join the first 40 pairs. The model is not used here.'
  }
  if (source === 'mixed') {
    return '50,000 data points, each mixed with noise at time s. The cloud is the same, but its points have no paths yet: click one to compute its path from here.'
  }
  return exact
    ? 'Noise, moved to time s by the exact flow: each point is on its own exact path.'
    : 'Noise, moved to time s by the velocity that the map has learnt. The exact path is not known for this target, so errors are measured against the learnt one.'
}

/** The first few jumps as straight lines. */
function Lines({ data, highlighted }: { data: JumpData; highlighted: number | null }) {
  const { start, end } = data
  const lines = Array.from({ length: Math.min(LINES, start!.length / 2) }, (_, i) => i)
  return (
    <g class={highlighted === null ? 'jumps' : 'jumps faint'}>
      {lines.map(i => (
        <line key={i} x1={start![2 * i]} y1={-start![2 * i + 1]} x2={end![2 * i]} y2={-end![2 * i + 1]} />
      ))}
    </g>
  )
}

/** The first few pairs of data and noise as straight lines, each with the place where it is mixed. */
function Pairs({
  pairs: { data, noise },
  start,
}: {
  pairs: NonNullable<JumpData['pairs']>
  start: PlanePoints
}) {
  return (
    <g>
      {Array.from({ length: LINES }, (_, i) => (
        <g key={i}>
          <line
            class="joining"
            x1={data[2 * i]}
            y1={-data[2 * i + 1]}
            x2={noise[2 * i]}
            y2={-noise[2 * i + 1]}
          />
          <circle class="mixed" cx={start[2 * i]} cy={-start[2 * i + 1]} r={0.09} />
        </g>
      ))}
    </g>
  )
}

/** One point: its whole path, the part from s to t, its jump, and what lies between their ends. */
function Followed({ data: { followed } }: { data: JumpData }) {
  if (!followed) return null
  const { from, jump, truth, path, whole } = followed
  return (
    <g class="followed">
      <polyline class="whole" points={over(whole)} />
      <polyline class="path" points={over(path)} />
      <polyline class="leap" points={over([from, jump])} />
      <polyline class="gap" points={over([jump, truth])} />
      <circle class="from" cx={from[0]} cy={-from[1]} r={0.11} />
      <rect class="truth" x={truth[0] - 0.1} y={-truth[1] - 0.1} width={0.2} height={0.2} />
      <MarkAt kind="landed" at={state.value.selected} x={jump[0]} y={-jump[1]} width={0.32} />
    </g>
  )
}

/** A number that is shown, with all its digits for those who read the page by program. */
function Shown({ name, value, text }: { name: string; value: string | null; text: string }) {
  return <dd data-number={name}>{value === null ? '–' : <data value={value}>{text}</data>}</dd>
}

function ShownPoint({ name, point }: { name: string; point: Point | undefined }) {
  if (!point) return <Shown name={name} value={null} text="" />
  const [x, y] = point
  return <Shown name={name} value={`${x} ${y}`} text={`(${x.toFixed(2)}, ${y.toFixed(2)})`} />
}

function ShownError({ name, value }: { name: string; value: number | null }) {
  return <Shown name={name} value={value === null ? null : String(value)} text={shortNumber(value)} />
}

function Numbers({ data }: { data: JumpData }) {
  const { followed, paths, end, exact, fresh, s, t } = data
  const path = exact ? 'exact path' : 'learnt path'
  const ends = paths && end && paths.at(-1)!.length === end.length ? paths.at(-1)! : null
  const own = followed && Math.hypot(...followed.jump.map((value, k) => value - followed.truth[k]))
  return (
    <dl class="numbers" aria-live="polite" aria-busy={!fresh} data-times={`${s} ${t}`}>
      <div>
        <dt>
          Points that land on the data
          {data.strays && ` (real data: ${landing(data.strays.floor)})`}
        </dt>
        {t > 0 ? (
          <dd data-number="landing">only at t = 0</dd>
        ) : (
          <Shown
            name="landing"
            value={data.strays && String(data.strays.value)}
            text={data.strays ? landing(data.strays.value) : ''}
          />
        )}
      </div>
      <div>
        <dt>Distance from the {path} (root mean square)</dt>
        <ShownError name="cloud" value={ends && rootMeanSquare(end!, ends)} />
      </div>
      <div>
        <dt>Median distance</dt>
        <ShownError name="half" value={ends && medianDistance(end!, ends)} />
      </div>
      <div>
        <dt>
          {state.value.jump.point === null
            ? 'No point is followed: click one'
            : `Point ${state.value.jump.point + 1} ends off its ${path} by`}
        </dt>
        <ShownError name="point" value={own} />
      </div>
      <div>
        <dt>Starts at (x, y)</dt>
        <ShownPoint name="from" point={followed?.from} />
      </div>
      <div>
        <dt>Jump lands at</dt>
        <ShownPoint name="jump" point={followed?.jump} />
      </div>
      <div>
        <dt>{path[0].toUpperCase() + path.slice(1)} ends at</dt>
        <ShownPoint name="path" point={followed?.truth} />
      </div>
    </dl>
  )
}
