import { dot, lineThrough } from '../draw/svg.ts'
import { slider } from './controls.ts'
import { greyCloud, ownCloud, pointAt } from './drawn.ts'
import type { MakeFigure } from './figure.ts'
import { data, noise } from './world.ts'

/** Pairs whose lines are drawn. */
const PAIRS = 40
/** Milliseconds that the cloud takes when it first comes into sight. */
const WAY = 3000

/** Data and noise in random pairs, mixed at a time. */
export const pathFigure: MakeFigure = changed => {
  let time = 1
  let frame = 0
  let seen = false
  const control = slider({ name: 'time t', from: 0, to: 1, step: 0.01, value: time }, value => {
    cancelAnimationFrame(frame)
    time = value
    changed()
  })
  const still = matchMedia('(prefers-reduced-motion: reduce)')
  return {
    controls: [control.element],
    enter() {
      if (seen || still.matches) return
      seen = true
      let begun = 0
      frame = requestAnimationFrame(function turn(now: number) {
        begun ||= now
        time = Math.max(0, 1 - (now - begun) / WAY)
        control.set(time)
        changed()
        if (time > 0) frame = requestAnimationFrame(turn)
      })
    },
    leave: () => cancelAnimationFrame(frame),
    picture() {
      const mixed = noise.map((value, i) => (1 - time) * data[i] + time * value)
      const pairs = Array.from({ length: PAIRS }, (_, i) => i)
      return {
        clouds: [greyCloud(data), ownCloud(mixed)],
        lines: [
          ...pairs.map(i => lineThrough([pointAt(data, i), pointAt(noise, i)], 'thin')),
          ...pairs.map(i => dot(pointAt(mixed, i), 'own', 0.09)),
        ],
        words: `Each line joins a point of noise to a point of data. Time ${time.toFixed(2)}.`,
      }
    },
  }
}
