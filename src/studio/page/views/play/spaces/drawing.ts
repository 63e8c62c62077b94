import type { SpaceName } from '../../../../example/space-maps.ts'
import type { SpaceFlight } from './model.ts'

/** Where a globe is seen from, in radians. */
export interface Turn {
  readonly yaw: number
  readonly pitch: number
}

/** What a stage shows at a moment. */
export interface Shown {
  readonly name: SpaceName
  readonly data: Float32Array
  readonly flight: SpaceFlight | null
  /** How far the flight is, from 0, where it is noise, to 1. */
  readonly progress: number
  readonly turn: Turn
  readonly colours: Record<'still' | 'line' | 'flying' | 'stray', string>
}

/** A place on a picture of the space, of which the middle is 0 and the edge 1, and how far it is in front. */
type Place = readonly [x: number, y: number, depth: number]

const seen = ([x, y, z]: ArrayLike<number> & Iterable<number>, { yaw, pitch }: Turn): Place => {
  const ahead = Math.cos(yaw) * x + Math.sin(yaw) * y
  return [
    Math.cos(yaw) * y - Math.sin(yaw) * x,
    Math.cos(pitch) * z - Math.sin(pitch) * ahead,
    Math.cos(pitch) * ahead + Math.sin(pitch) * z,
  ]
}

const wrapped = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI))

/** The side of the chart of angles, where a globe's radius is 1. */
const CHART = 0.9

const placeOf = (name: SpaceName, point: Float32Array | readonly number[], turn: Turn): Place =>
  name === 'sphere'
    ? seen(point, turn)
    : [(CHART * wrapped(point[0])) / Math.PI, (CHART * wrapped(point[1])) / Math.PI, 1]

/** The point a part of the way along the geodesic. */
function between(name: SpaceName, a: Float32Array, b: Float32Array, part: number): readonly number[] {
  const straight = Array.from(a, (x, k) => x + part * (b[k] - x))
  if (name !== 'sphere') return straight
  const angle =
    2 * Math.atan2(Math.hypot(...a.map((x, k) => x - b[k])), Math.hypot(...a.map((x, k) => x + b[k])))
  if (Math.sin(angle) < 1e-6) return straight
  const [p, q] = [Math.sin((1 - part) * angle) / Math.sin(angle), Math.sin(part * angle) / Math.sin(angle)]
  return Array.from(a, (x, k) => p * x + q * b[k])
}

/** The stop before a moment of a flight, and the part of the way to the next. */
function momentOf({ stops }: SpaceFlight, progress: number): [number, number] {
  const at = progress * (stops.length - 1)
  const before = Math.min(stops.length - 2, Math.floor(at))
  return [before, at - before]
}

/** The outline and the grid of a space about the middle of the canvas, which is at 0. */
function drawGround(context: CanvasRenderingContext2D, { name, turn, colours }: Shown, radius: number): void {
  context.strokeStyle = colours.line
  context.lineWidth = 1
  context.beginPath()
  if (name === 'torus') {
    const side = CHART * radius
    context.setLineDash([4, 3])
    context.rect(-side, -side, 2 * side, 2 * side)
    context.stroke()
    context.setLineDash([])
    return
  }
  context.arc(0, 0, radius, 0, 2 * Math.PI)
  context.stroke()
  context.globalAlpha = 0.45
  context.beginPath()
  const line = (points: readonly (readonly number[])[]): void => {
    let isDown = false
    for (const point of points) {
      const [x, y, depth] = seen(point, turn)
      if (depth >= 0) context[isDown ? 'lineTo' : 'moveTo'](radius * x, -radius * y)
      isDown = depth >= 0
    }
  }
  const at = (a: number, b: number): number[] => [
    Math.cos(b) * Math.cos(a),
    Math.cos(b) * Math.sin(a),
    Math.sin(b),
  ]
  const parts = Array.from({ length: 49 }, (_, i) => i / 48)
  for (let k = 0; k < 12; k++) line(parts.map(p => at((k * Math.PI) / 6, (p - 0.5) * Math.PI)))
  for (let k = -2; k <= 2; k++) line(parts.map(p => at(2 * p * Math.PI, (k * Math.PI) / 6)))
  context.stroke()
  context.globalAlpha = 1
}

function drawDots(
  context: CanvasRenderingContext2D,
  places: readonly Place[],
  radius: number,
  size: number,
  alpha: number,
): void {
  for (const [x, y, depth] of places) {
    // What is behind the globe shines through.
    context.globalAlpha = depth >= 0 ? alpha : 0.12 * alpha
    context.fillRect(radius * x - size / 2, -radius * y - size / 2, size, size)
  }
  context.globalAlpha = 1
}

function drawPoints(context: CanvasRenderingContext2D, shown: Shown, width: number, height: number): void {
  const { name, data, flight, progress, turn, colours } = shown
  const dimension = name === 'sphere' ? 3 : 2
  const radius = 0.44 * height
  const rows = (points: Float32Array): Float32Array[] =>
    Array.from({ length: points.length / dimension }, (_, i) =>
      points.subarray(i * dimension, (i + 1) * dimension),
    )
  const about = (middle: number, draw: () => void): void => {
    context.save()
    context.translate(middle, height / 2)
    draw()
    context.restore()
  }
  const still = (points: Float32Array): void => {
    drawGround(context, shown, radius)
    context.fillStyle = colours.still
    drawDots(
      context,
      rows(points).map(point => placeOf(name, point, turn)),
      radius,
      2,
      0.6,
    )
  }
  about(width / 4, () => still(flight?.stops[0] ?? new Float32Array(0)))
  about((3 * width) / 4, () => still(data))
  if (!flight) return
  const [before, part] = momentOf(flight, progress)
  const [from, to] = [rows(flight.stops[before]), rows(flight.stops[before + 1])]
  const places = from.map((point, i) => placeOf(name, between(name, point, to[i], part), turn))
  about(width * (0.25 + 0.5 * progress), () => {
    for (const [mark, colour] of [
      [0, colours.flying],
      [1, colours.stray],
    ] as const) {
      context.fillStyle = colour
      drawDots(
        context,
        places.filter((_, i) => flight.marks[i] === mark),
        radius,
        3,
        0.85,
      )
    }
  })
}

/** Letters of a word, and words of a row. */
const [LENGTH, ACROSS] = [4, 3]

/** The likeliest letter at each position, and by how much it leads, from 0 to 1. */
function lettersOf(x: ArrayLike<number>, alphabet: string): { letter: string; lead: number }[] {
  return Array.from({ length: LENGTH }, (_, l) => {
    const own = Array.from({ length: alphabet.length }, (_, k) => x[l * alphabet.length + k])
    const [first, second] = [...own].sort((a, b) => b - a)
    return { letter: alphabet[own.indexOf(first)], lead: Math.min(1, first - second) }
  })
}

function drawWords(context: CanvasRenderingContext2D, shown: Shown, width: number, height: number): void {
  const { flight, progress, colours } = shown
  if (!flight) return
  const alphabet = 'abcdef'
  const dimension = LENGTH * alphabet.length
  const [before, part] = momentOf(flight, progress)
  const [a, b] = [flight.stops[before], flight.stops[before + 1]]
  const count = a.length / dimension
  const down = Math.ceil(count / ACROSS)
  const [column, row] = [width / 2 / ACROSS, (height - 40) / down]
  const size = Math.min(row * 0.72, column / 4)
  context.font = `${size}px ui-monospace, monospace`
  context.textAlign = 'center'
  context.textBaseline = 'middle'
  const write = (x: ArrayLike<number>, i: number, middle: number, colour: string, alpha: number): void => {
    const left = middle + (i % ACROSS) * column + column / 2
    const top = 32 + (Math.floor(i / ACROSS) + 0.5) * row
    lettersOf(x, alphabet).forEach(({ letter, lead }, l) => {
      context.fillStyle = colour
      context.globalAlpha = alpha * (0.35 + 0.65 * lead)
      context.fillText(letter, left + (l - 1.5) * size * 0.68, top)
    })
    context.globalAlpha = 1
  }
  for (let i = 0; i < count; i++) {
    const own = (points: Float32Array): Float32Array => points.subarray(i * dimension, (i + 1) * dimension)
    write(own(flight.stops[0]), i, 0, colours.still, 0.7)
    const now = between('words', own(a), own(b), part)
    write(
      now,
      i,
      (progress * width) / 2,
      flight.marks[i] ? colours.stray : colours.flying,
      0.3 + 0.7 * progress,
    )
  }
}

/** Draws noise on the left, data on the right and what flies between them, in CSS pixels. */
export function drawStage(
  context: CanvasRenderingContext2D,
  shown: Shown,
  width: number,
  height: number,
): void {
  context.clearRect(0, 0, width, height)
  if (shown.name === 'words') drawWords(context, shown, width, height)
  else drawPoints(context, shown, width, height)
}
