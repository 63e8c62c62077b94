/** The script of a page that is one file: shows the map that the page holds. Built in one piece; see `one-file.config.ts`. */
import { SHOWN } from '../draw/cloud.ts'
import {
  asNoise,
  type FlightColours,
  type Flown,
  flightClouds,
  onStage,
  progressAt,
  timesOf,
} from '../draw/flight.ts'
import { heldPlace, movedByKey, type Place } from '../draw/held.ts'
import { landing } from '../draw/landing.ts'
import { flightColours, palettes } from '../draw/palette.ts'
import { paintPlainly } from '../draw/plain.ts'
import { dot, lineThrough, svgElement } from '../draw/svg.ts'
import { WAYS } from '../draw/ways.ts'
import { carried, flightOf, jump, kept, target } from './map.ts'
import style from './viewer.css?inline'

const darkness = matchMedia('(prefers-color-scheme: dark)')
const stillness = matchMedia('(prefers-reduced-motion: reduce)')

/** Those of the theme; the page's style learns that of the run. */
function colours(): FlightColours {
  const theme = darkness.matches ? 'dark' : 'light'
  document.documentElement.style.setProperty('--own', palettes[theme].runs[kept.at])
  return flightColours(theme, kept.at)
}

const make = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] => {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...children)
  return element
}

const canvas = make('canvas', { role: 'img' })
const handle = make('button', { type: 'button', className: 'handle' })
const said = make('p', { role: 'status' })
const lines = svgElement('svg', { viewBox: `${-SHOWN} ${-SHOWN} ${2 * SHOWN} ${2 * SHOWN}` })
const stage = make(
  'div',
  { className: 'stage' },
  make('div', { className: 'ends', ariaHidden: 'true' }, make('span', {}, 'noise'), make('span', {}, 'data')),
  canvas,
  lines,
  handle,
)
const buttons = WAYS.map(({ label }, at) => make('button', { type: 'button', onclick: () => fly(at) }, label))
const pause = make('button', { type: 'button', onclick: () => hold(!paused) })

document.head.append(make('style', {}, style))
document.body.append(
  make(
    'main',
    {},
    make('h1', {}, kept.title),
    stage,
    said,
    make('div', { className: 'ways' }, ...buttons, pause),
    make(
      'p',
      { className: 'soft' },
      'A flow map, drawn by Oxbow. Drag the point: the line is its jump, the dashed line its path. ',
      ...(kept.link === null ? [] : [make('a', { href: kept.link }, 'Open it in the studio')]),
    ),
  ),
)

let way = 0
let flown: Flown | null = null
let clouds = flightClouds(target, null, colours())
let paused = stillness.matches
let last = 0
let flownFor = 0
/** Where nothing moves by itself, all have landed. */
const progress = (): number => (paused && flownFor === 0 ? 1 : progressAt(flownFor))

function paint(): void {
  const side = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio))
  if (canvas.width !== side) Object.assign(canvas, { width: side, height: side })
  const context = canvas.getContext('2d')!
  context.clearRect(0, 0, side, side)
  paintPlainly(context, clouds, progress())
}

function turnFrame(now: number): void {
  if (paused) return
  flownFor += Math.max(0, now - last)
  last = now
  paint()
  requestAnimationFrame(turnFrame)
}

function hold(value: boolean): void {
  paused = value
  pause.textContent = paused ? 'Play' : 'Pause'
  last = performance.now()
  if (!paused) requestAnimationFrame(turnFrame)
}

function show(): void {
  clouds = flightClouds(target, flown, colours())
  paint()
}

async function fly(at: number): Promise<void> {
  way = at
  for (const [i, button] of buttons.entries()) button.setAttribute('aria-pressed', String(i === at))
  said.textContent = `${WAYS[at].words} …`
  const found = await flightOf(at)
  if (way !== at) return
  flown = found
  const strays = kept.strays[at]
  const landed = strays && `${landing(strays.value)} points land on the data`
  const { words } = WAYS[at]
  said.textContent = landed ? `${words}, ${landed}. For real data, ${landing(kept.floor!)}.` : `${words}.`
  canvas.ariaLabel = `Noise on the left flies to the data on the right. ${said.textContent}`
  show()
}

// The point that is taken by hand.
let place: Place = [0.8, 1.1]
let asked = 0

async function put(to: Place): Promise<void> {
  place = heldPlace(to)
  const from = onStage(place, 1)
  // The stage is half as high as the square that it shows the middle of.
  handle.style.left = `${50 * (1 + from[0] / SHOWN)}%`
  handle.style.top = `${50 * (1 - (2 * from[1]) / SHOWN)}%`
  const turnOf = ++asked
  const start = Float32Array.from(place)
  const [[jumped], path] = [[await jump(start, 1, 0)], await carried({ steps: 20, method: 'euler' }, start)]
  if (turnOf !== asked) return
  const end = onStage([jumped[0], jumped[1]], 0)
  const times = timesOf(20)
  lines.replaceChildren(
    lineThrough(
      path.map((point, i) => onStage([point[0], point[1]], times[i])),
      'path',
    ),
    lineThrough([from, end], 'leap'),
    dot(end, 'landed', 0.08),
  )
  handle.ariaLabel = `A point of noise at ${place.map(value => value.toFixed(1)).join(', ')}; drag it, or move it with the arrow keys. One jump takes it to ${jumped[0].toFixed(1)}, ${jumped[1].toFixed(1)}.`
}

handle.addEventListener('pointerdown', event => handle.setPointerCapture(event.pointerId))
handle.addEventListener('pointermove', event => {
  if (!handle.hasPointerCapture(event.pointerId)) return
  const { left, top, width, height } = stage.getBoundingClientRect()
  const unit = (2 * SHOWN) / width
  void put(asNoise([(event.clientX - left) * unit - SHOWN, (top + height / 2 - event.clientY) * unit]))
})
handle.addEventListener('keydown', event => {
  const next = movedByKey(event.key, place)
  if (!next) return
  event.preventDefault()
  void put(next)
})

darkness.addEventListener('change', show)
new ResizeObserver(paint).observe(stage)
hold(paused)
void fly(0)
void put(place)
