import { interpret } from '../../../runtime/interpret.ts'
import { fromText } from '../../engine/bytes.ts'
import type { PlanePoints } from '../../engine/protocol.ts'
import { fromHalves } from '../../example/half.ts'
import { type Flown, timesOf } from '../draw/flight.ts'
import { WAYS, type Way } from '../draw/ways.ts'
import { type GraphData, graphOf } from './graph.ts'
import { KEPT, type KeptMap } from './kept.ts'

/** What the page holds. */
export const kept: KeptMap = JSON.parse(document.getElementById(KEPT)!.textContent!)
const numbers = (text: string): Float32Array => fromHalves(fromText(text))
const [noise, points, parameters] = [kept.noise, kept.target, kept.parameters].map(numbers)
/** Points of the data; none where they are not known. */
export const target: PlanePoints = points

const programOf = (data: GraphData) => {
  const program = interpret(graphOf(data))
  return async (x: PlanePoints, s: number, t: number): Promise<PlanePoints> => {
    const count = x.length / 2
    const times = (value: number) => new Float32Array(count).fill(value)
    const told = kept.class === null ? [] : [new BigInt64Array(count).fill(BigInt(kept.class))]
    const [y] = await program.run([parameters, x, times(s), times(t), ...told])
    return y as PlanePoints
  }
}
/** The map of the page, interpreted. */
export const jump = programOf(kept.jump)
const velocity = programOf(kept.velocity)

/** One step of a way: a jump, or along the velocity. */
async function step(
  { method }: Pick<Way, 'method'>,
  x: PlanePoints,
  s: number,
  t: number,
): Promise<PlanePoints> {
  if (method === 'jump') return jump(x, s, t)
  const v = await velocity(x, s, s)
  return x.map((value, i) => value + (t - s) * v[i])
}

/** Lets the page be drawn between two steps. */
const turn = (): Promise<void> => new Promise(resolve => setTimeout(resolve))

/** Points at each of a way's times, from noise to data. */
export async function carried(way: Pick<Way, 'steps' | 'method'>, from: PlanePoints): Promise<PlanePoints[]> {
  const times = timesOf(way.steps)
  const path = [from]
  for (let i = 0; i < way.steps; i++) {
    path.push(await step(way, path[i], times[i], times[i + 1]))
    await turn()
  }
  return path
}

const marksOf = (at: number): Uint8Array | null => {
  const strays = kept.strays[at]
  if (!strays) return null
  const marks = new Uint8Array(noise.length / 2)
  for (const i of strays.at) marks[i] = 1
  return marks
}

const flights = new Map<number, Promise<Flown>>([
  [0, Promise.resolve({ path: [noise, numbers(kept.samples)], marks: marksOf(0) })],
])
/** The flight of the page's noise in one of `WAYS`. */
export function flightOf(at: number): Promise<Flown> {
  if (!flights.has(at)) {
    flights.set(
      at,
      carried(WAYS[at], noise).then(path => ({ path, marks: marksOf(at) })),
    )
  }
  return flights.get(at)!
}
