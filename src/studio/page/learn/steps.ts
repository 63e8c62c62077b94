import type { PlanePoints } from '../../engine/protocol.ts'
import { splitCloud } from '../draw/apart.ts'
import { timesOf } from '../draw/flight.ts'
import { landing } from '../draw/landing.ts'
import { choice } from './controls.ts'
import { greyCloud, ownCloud, strayColour } from './drawn.ts'
import type { MakeFigure } from './figure.ts'
import { data, jump, marksOf, noise, shareOf, velocity } from './world.ts'

type Step = (x: PlanePoints, s: number, t: number) => Promise<PlanePoints>

const euler: Step = async (x, s, t) => {
  const v = await velocity(x, s)
  return x.map((value, i) => value + (t - s) * v[i])
}

const WAYS = {
  '1 Euler step': [1, euler],
  '20 Euler steps': [20, euler],
  '1 jump': [1, jump],
  '2 jumps': [2, jump],
  '4 jumps': [4, jump],
} as const satisfies Readonly<Record<string, readonly [number, Step]>>
type Way = keyof typeof WAYS
const names = Object.keys(WAYS) as Way[]

async function flown(way: Way): Promise<PlanePoints[]> {
  const [steps, step] = WAYS[way]
  const times = timesOf(steps)
  const path = [noise]
  for (let i = 0; i < steps; i++) path.push(await step(path[i], times[i], times[i + 1]))
  return path
}

const FLIGHT = 1500

/** The same noise, taken to the data in several ways. */
export const stepsFigure: MakeFigure = changed => {
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  let way: Way = names[0]
  let path: readonly PlanePoints[] = [noise]
  let marks: Uint8Array | null = null
  let progress = 0
  let frame = 0
  const fly = async (): Promise<void> => {
    const asked = way
    const found = await flown(asked)
    if (asked !== way) return
    cancelAnimationFrame(frame)
    path = found
    marks = marksOf(found.at(-1)!)
    progress = still.matches ? 1 : 0
    let begun = 0
    const turn = (now: number): void => {
      begun ||= now
      progress = Math.min(1, (now - begun) / FLIGHT)
      changed()
      if (progress < 1) frame = requestAnimationFrame(turn)
    }
    if (still.matches) changed()
    else frame = requestAnimationFrame(turn)
  }
  return {
    controls: [
      choice('How they go', names, way, value => {
        way = value
        void fly()
      }),
    ],
    enter: () => void fly(),
    leave: () => cancelAnimationFrame(frame),
    picture: () => ({
      clouds: [
        greyCloud(data),
        ...(path.length > 1 ? splitCloud(ownCloud(path[0], path.slice(1)), marks, strayColour()) : []),
      ],
      progress,
      words: marks ? `${way}: ${landing(shareOf(marks))} points land on the data.` : '',
    }),
  }
}
