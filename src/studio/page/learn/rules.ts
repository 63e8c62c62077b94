import type { PlanePoints } from '../../engine/protocol.ts'
import { heldPlace } from '../draw/held.ts'
import { dot, lineThrough } from '../draw/svg.ts'
import { choice, slider } from './controls.ts'
import { greyCloud, label, pointAt } from './drawn.ts'
import type { MakeFigure, Picture, Point } from './figure.ts'
import { carried, data, jump, noise, velocity } from './world.ts'

type Drawn = Pick<Picture, 'words'> & { readonly lines: readonly SVGElement[] }

/** Draws one rule of three points, of a point of noise and a time between, which the rule has a name for. */
interface Rule {
  readonly time: 's' | 'm' | 't'
  draw(start: PlanePoints, time: number): Promise<Drawn>
}

/** A point and the time at which it is there. */
type Event = readonly [place: Point, time: number]

/** Time goes from left to right, from noise to data; the plane is seen from the side. */
const seen = ([[x, y], time]: Event): Point => [3 * (1 - 2 * time) + 0.36 * x, 0.75 * y]
/** The place of noise that is seen there. */
const unseen = ([x, y]: Point): Point => [(x + 3) / 0.36, y / 0.75]

const cloudAt = (points: PlanePoints, time: number): PlanePoints => {
  const seenAt = points.slice()
  for (let i = 0; i < points.length; i += 2) seenAt.set(seen([[points[i], points[i + 1]], time]), i)
  return seenAt
}

const first = (points: PlanePoints): Point => pointAt(points, 0)
const between = ([ax, ay]: Point, [bx, by]: Point): number => Math.hypot(ax - bx, ay - by)
const line = (events: readonly Event[], look: string): SVGElement => lineThrough(events.map(seen), look)
const mark = (event: Event, look: string, text = ''): SVGElement[] => [
  dot(seen(event), look),
  ...(text ? [label(seen(event), text)] : []),
]

const TIMES = Array.from({ length: 41 }, (_, i) => 1 - i / 40)
/** How far a time is moved on. */
const SHIFT = 0.15

const semigroup = async (start: PlanePoints, m: number): Promise<Drawn> => {
  const middle = await jump(start, 1, m)
  const [x, half, two, one]: Event[] = [
    [first(start), 1],
    [first(middle), m],
    [first(await jump(middle, m, 0)), 0],
    [first(await jump(start, 1, 0)), 0],
  ]
  return {
    lines: [
      line([x, one], 'own'),
      line([x, half, two], 'ink'),
      ...mark(x, 'ink', 'x'),
      ...mark(half, 'ink', 'F(x, 1, m)'),
      ...mark(one, 'own', 'F(x, 1, 0)'),
      ...mark(two, 'truth'),
    ],
    words: `One jump, and two jumps stopping at m = ${m.toFixed(2)}, end ${between(one[0], two[0]).toFixed(2)} apart.`,
  }
}

const lagrangian = async (start: PlanePoints, t: number): Promise<Drawn> => {
  const next = Math.max(0, t - SHIFT)
  const there = await jump(start, 1, t)
  const arrow = first(await velocity(there, Math.max(t, 0.01)))
  const x: Event = [first(start), 1]
  const end: Event = [first(there), t]
  const moved: Event = [first(await jump(start, 1, next)), next]
  const tip: Event = [[end[0][0] - (t - next) * arrow[0], end[0][1] - (t - next) * arrow[1]], next]
  return {
    lines: [
      line([x, end], 'own'),
      line([x, moved], 'own faint'),
      line([end, tip], 'ink'),
      ...mark(x, 'ink', 'x'),
      ...mark(end, 'own', 'F(x, 1, t)'),
      ...mark(moved, 'own'),
      ...mark(tip, 'truth', 'where the velocity leads'),
    ],
    words: `From t = ${t.toFixed(2)} to ${next.toFixed(2)} the end should follow the arrow. It is ${between(tip[0], moved[0]).toFixed(2)} off, because the arrow is straight and the path bends.`,
  }
}

const eulerian =
  (t: number) =>
  async (start: PlanePoints, s: number): Promise<Drawn> => {
    const later = Math.max(t, s - SHIFT)
    const path = await carried(start, [1, s, later])
    const [from, on] = s < 1 ? path.slice(1) : [start, path[2]]
    const [a, b, one, two]: Event[] = [
      [first(from), s],
      [first(on), later],
      [first(await jump(from, s, t)), t],
      [first(await jump(on, later, t)), t],
    ]
    return {
      lines: [
        line([a, one], 'own'),
        line([b, two], 'own faint'),
        line([a, b], 'ink'),
        ...mark(a, 'ink', `s = ${s.toFixed(2)}`),
        ...mark(b, 'ink'),
        ...mark(one, 'own', `t = ${t}`),
        ...mark(two, 'truth'),
      ],
      words: `Jumps from two points of the same path, s = ${s.toFixed(2)} and ${later.toFixed(2)}, end ${between(one[0], two[0]).toFixed(2)} apart.`,
    }
  }

const RULES = {
  Semigroup: { time: 'm', draw: semigroup },
  Lagrangian: { time: 't', draw: lagrangian },
  Eulerian: { time: 's', draw: eulerian(0) },
} as const

/** Which rule a method is, as the article says. */
const METHODS = {
  MeanFlow: { time: 's', draw: eulerian(0.2) },
  Consistency: { time: 's', draw: eulerian(0) },
  Shortcut: { time: 'm', draw: semigroup },
  Distillation: { time: 't', draw: lagrangian },
} as const

const ruleFigure =
  <T extends string>(name: string, rules: Readonly<Record<T, Rule>>): MakeFigure =>
  changed => {
    const names = Object.keys(rules) as T[]
    let chosen = names[0]
    let time = 0.6
    let at: Point = [1, 0.45]
    let drawn: Drawn = { lines: [], words: '' }
    const compute = async (): Promise<void> => {
      const asked = `${chosen} ${time} ${at}`
      const start = Float32Array.from(at)
      const [{ lines, words }, path] = [await rules[chosen].draw(start, time), await carried(start, TIMES)]
      const whole = line(
        path.map((points, i): Event => [first(points), TIMES[i]]),
        'dashed',
      )
      if (asked !== `${chosen} ${time} ${at}`) return
      drawn = { lines: [whole, ...lines], words }
      changed()
    }
    const move = (to: Point): void => {
      at = heldPlace(unseen(to))
      void compute()
    }
    const control = slider(
      { name: rules[chosen].time, from: 0.35, to: 1, step: 0.01, value: time },
      value => {
        time = value
        void compute()
      },
    )
    void compute()
    return {
      controls: [
        choice(name, names, chosen, value => {
          chosen = value
          control.rename(rules[value].time)
          void compute()
        }),
        control.element,
      ],
      picture: () => ({
        clouds: [greyCloud(cloudAt(noise, 1)), greyCloud(cloudAt(data, 0))],
        ...drawn,
        held: { at: seen([at, 1]), name: 'A point of noise', move },
      }),
    }
  }

export const rulesFigure = ruleFigure('Rule', RULES)
export const methodsFigure = ruleFigure('Method', METHODS)
