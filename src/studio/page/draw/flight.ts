import type { PlanePoints } from '../../engine/protocol.ts'
import { splitCloud } from './apart.ts'
import { type Cloud, type Colour, SHOWN } from './cloud.ts'

/** How much smaller points are on the stage than in the plane. */
const SCALE = 0.5
/** How far from the middle of the stage the middle of the noise is, on the left, and that of the data, on the right. */
const APART = SHOWN / 2

/** Where the plane's origin is at a time on the stage: time 1, which is noise, on the left, and time 0, the data, on the right. */
const middleAt = (time: number): number => APART * (1 - 2 * time)

/** A place of the plane at a time, on the stage. */
export const onStage = ([x, y]: readonly [number, number], time: number): [number, number] => [
  SCALE * x + middleAt(time),
  SCALE * y,
]

/** A place on the stage as one of noise, in the plane. */
export const asNoise = ([x, y]: readonly [number, number]): [number, number] => [
  (x - middleAt(1)) / SCALE,
  y / SCALE,
]

/** Points `[n, 2]` of the plane at a time, on the stage. */
function cloudOnStage(points: PlanePoints, time: number): PlanePoints {
  const middle = middleAt(time)
  return points.map((value, i) => SCALE * value + (i % 2 === 0 ? middle : 0))
}

/** Times of steps from noise to data that are equally long. */
export const timesOf = (steps: number): number[] => Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps)

/** Milliseconds of the loop: the noise rests, flies, and rests as data. */
export const REST = 700
export const FLIGHT = 2800
const LANDED = 2500
export const LOOP = REST + FLIGHT + LANDED

/** How far the flight is, 0 to 1, so many milliseconds after the loop began: it leaves and lands slowly. */
export function progressAt(milliseconds: number): number {
  const part = Math.min(1, Math.max(0, ((milliseconds % LOOP) - REST) / FLIGHT))
  return part * part * (3 - 2 * part)
}

/** Points on their way from noise to data, in the plane. */
export interface Flown {
  /** All of them at times that are equally far apart, from 1 to 0. */
  readonly path: readonly PlanePoints[]
  /** 1 for each that ends off the data; null while that is not known. */
  readonly marks: Uint8Array | null
}

export interface FlightColours {
  /** Of the noise and the data, which lie still. */
  readonly still: Colour
  readonly flying: Colour
  readonly stray: Colour
}

/** What lies still on the stage, and what flies over it once it is known. */
export function flightClouds(
  data: PlanePoints,
  flown: Flown | null,
  { still, flying, stray }: FlightColours,
): Cloud[] {
  const ground = { points: cloudOnStage(data, 0), colour: still, size: 2.5 }
  if (!flown) return [ground]
  const times = timesOf(flown.path.length - 1)
  const [noise, ...through] = flown.path.map((points, i) => cloudOnStage(points, times[i]))
  return [
    ground,
    { points: noise, colour: still, size: 2.5 },
    ...splitCloud({ points: noise, through, colour: flying, size: 3.5 }, flown.marks, stray),
  ]
}
