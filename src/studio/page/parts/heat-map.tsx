import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { type ColourScale, inkOn } from '../../../report/colour-scale.ts'
import { nextCell } from '../draw/cells.ts'
import { shortNumber } from '../draw/number.ts'
import { Wide } from './reachable.tsx'
import './heat-map.css'

/** Values over source times, and target times where there are two. */
export interface TimeMap {
  readonly title: string
  readonly unit: string
  /** Edges of the cells, rising: across, and upwards; none upwards where there is one time. */
  readonly edges: { readonly across: readonly number[]; readonly up?: readonly number[] }
  /** The times of the cells where each is of one pair; the whole cell's where absent. */
  readonly at?: readonly [readonly number[], readonly number[]]
  /** What the times are called: a letter and, after a colon, a word. */
  readonly names: readonly [string, string?]
  /** By the cell across, then upwards; `null` where there is none. */
  readonly values: readonly (readonly (number | null)[])[]
}

const SIDE = 224
const LEFT = 46
const TOP = 8
const RIGHT = 14

const timeText = (time: number): string => String(Number(time.toFixed(3)))

/** The times of a cell, said. */
function placeWords({ edges, names, at }: TimeMap, i: number, j: number): string {
  const letters = names.map(name => name?.split(':')[0])
  if (at) return `${letters[0]} = ${timeText(at[0][i])}, ${letters[1]} = ${timeText(at[1][j])}`
  const part = (name: string, list: readonly number[], k: number) =>
    `${name} ${timeText(Math.max(0, list[k]))}–${timeText(Math.min(1, list[k + 1]))}`
  const across = part(letters[0]!, edges.across, i)
  return edges.up ? `${across}, ${part(letters[1]!, edges.up, j)}` : across
}

/** Where the axis of a side is named: at its ends and its middle, or at the first, the middle and the last of its times. */
function ticksOf(times?: readonly number[]): readonly number[] {
  if (!times) return [0, 0.5, 1]
  return [times[0], times.find(time => time >= 0.5) ?? 1, times.at(-1)!]
}

/** A name as it stands at an axis. */
const axisName = (name = ''): string => name.replace(/: (.*)/, ' ($1)')

/** A map of colours, safe for the colour-blind; the value under the pointer or the cursor is said, all are in a table. */
export function Heat({
  map,
  scale,
  children,
}: {
  map: TimeMap
  scale: ColourScale
  /** What is said of it. */
  children?: ComponentChildren
}) {
  const id = useId()
  const chosen = useSignal<readonly [number, number] | null>(null)
  const { edges, values, title, unit, names, at } = map
  const height = edges.up ? SIDE : 34
  const along = (list: readonly number[], time: number) => (time - list[0]) / (list.at(-1)! - list[0])
  const x = (time: number) => LEFT + SIDE * along(edges.across, time)
  const y = (time: number) => TOP + height * (edges.up ? 1 - along(edges.up, time) : 1 - time)
  const up = edges.up ?? [0, 1]
  const [ci, cj] = chosen.value ?? [-1, -1]
  const value = values[ci]?.[cj]
  const first = (): readonly [number, number] => [values.length - 1, 0]
  return (
    <figure class="heat">
      <h3 id={id}>{title}</h3>
      <div
        class="cells"
        role="application"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: its cells are read by the arrow keys
        tabIndex={0}
        aria-label={`${title}; the arrow keys read its cells`}
        aria-describedby={`${id}-said`}
        onFocus={() => {
          chosen.value ??= first()
        }}
        onKeyDown={event => {
          const next = nextCell(values, chosen.value ?? first(), event.key)
          if (!next) return
          event.preventDefault()
          chosen.value = next
        }}
        onPointerLeave={() => {
          chosen.value = null
        }}
      >
        <svg viewBox={`0 0 ${LEFT + SIDE + RIGHT} ${TOP + height + 38}`} aria-hidden="true">
          {values.flatMap((column, i) =>
            column.map((each, j) => {
              if (each === null) return null
              const [left, right] = [x(edges.across[i]), x(edges.across[i + 1])]
              const [top, bottom] = [y(up[j + 1]), y(up[j])]
              return (
                <rect
                  key={`${i} ${j}`}
                  x={left}
                  y={top}
                  width={right - left + 0.3}
                  height={bottom - top + 0.3}
                  fill={Number.isFinite(each) ? scale.colour(each) : 'var(--sunken)'}
                  onPointerEnter={() => {
                    chosen.value = [i, j]
                  }}
                />
              )
            }),
          )}
          {value != null && (
            <rect
              class="chosen"
              x={x(edges.across[ci])}
              y={y(up[cj + 1])}
              width={x(edges.across[ci + 1]) - x(edges.across[ci])}
              height={y(up[cj]) - y(up[cj + 1])}
              stroke={inkOn(scale.colour(value))}
            />
          )}
          {ticksOf(at?.[0]).map(tick => (
            <text key={tick} x={x(tick)} y={TOP + height + 16} text-anchor="middle">
              {timeText(tick)}
            </text>
          ))}
          <text x={LEFT + SIDE / 2} y={TOP + height + 33} text-anchor="middle">
            {axisName(names[0])}
          </text>
          {edges.up &&
            ticksOf(at?.[1]).map(tick => (
              <text key={tick} x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
                {timeText(tick)}
              </text>
            ))}
          {edges.up && (
            <text transform={`translate(11,${TOP + height / 2}) rotate(-90)`} text-anchor="middle">
              {axisName(names[1])}
            </text>
          )}
        </svg>
      </div>
      <HeatBar scale={scale} unit={unit} />
      <output id={`${id}-said`} class="said">
        {value != null
          ? `${placeWords(map, ci, cj)}: ${shortNumber(value)} ${unit}`
          : 'Hover over a cell to read it.'}
      </output>
      {children}
      <details>
        <summary>As a table</summary>
        <HeatTable map={map} />
      </details>
    </figure>
  )
}

function HeatTable({ map }: { map: TimeMap }) {
  const { edges, values, names, title } = map
  const middle = (list: readonly number[], i: number) => timeText((list[i] + list[i + 1]) / 2)
  const rows = (edges.up ?? [0, 1]).slice(1).map((_, j) => j)
  return (
    <Wide>
      <table>
        <caption class="hidden-but-read">{title}</caption>
        <thead>
          <tr>
            <th scope="col">{edges.up ? `${names[1]} \\ ${names[0]}` : names[0]}</th>
            {values.map((_, i) => (
              <th key={i} scope="col">
                {middle(edges.across, i)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.reverse().map(j => (
            <tr key={j}>
              <th scope="row">{edges.up ? middle(edges.up, j) : 'value'}</th>
              {values.map((column, i) => (
                <td key={i}>{shortNumber(column[j])}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Wide>
  )
}

/** Steps of a bar of colours. */
const BAR = Array.from({ length: 24 }, (_, i) => (i + 0.5) / 24)

/** What the colours mean. */
function HeatBar({ scale, unit }: { scale: ColourScale; unit: string }) {
  const [low, high] = scale.domain
  const valueAt = (part: number) =>
    scale.type === 'log' ? low * (high / low) ** part : low + part * (high - low)
  return (
    <>
      <p class="heat-bar">
        <span>{shortNumber(low)}</span>
        <span class="ramp" aria-hidden="true">
          {BAR.map(part => (
            <span key={part} style={{ background: scale.colour(valueAt(part)) }} />
          ))}
        </span>
        <span>
          {shortNumber(high)} {unit}
        </span>
      </p>
      <p class="soft">Darker is smaller{scale.type === 'log' ? '; logarithmic scale' : ''}.</p>
    </>
  )
}
