// The picture of docs/transport.md: points of the two moons, on their way, and on the ring.

import { writeFileSync } from 'node:fs'
import { sample } from '../../dist/sampler/sampling.js'
import { load } from '../../dist/serialization/load.js'
import { startOf } from '../../dist/training/source.js'

const COUNT = 900
const SIZE = 220
/** Times that are shown. */
const TIMES = [1, 0.75, 0.5, 0.25, 0]
const STEPS = 8
/** Of the upper and the lower half of the start; both can be told from either background. */
const COLOURS = ['#2f6fd0', '#d9702b']

/** A panel of points, each in the colour of the half that it began in. */
function panel(points, colours, reach, at, time) {
  const place = value => ((value / reach + 1) * SIZE) / 2
  const groups = COLOURS.map((colour, k) => {
    const marks = []
    for (let i = 0; i < COUNT; i++) {
      if (colours[i] !== k) continue
      marks.push(`M${place(points[2 * i]).toFixed(1)} ${(SIZE - place(points[2 * i + 1])).toFixed(1)}h0`)
    }
    return `<path d="${marks.join('')}" stroke="${colour}" stroke-width="2.2" stroke-linecap="round"/>`
  })
  const label = `<text x="${SIZE / 2}" y="${SIZE + 14}" text-anchor="middle" font-size="12" font-family="sans-serif" fill="#808080">t = ${time}</text>`
  return `<g transform="translate(${at * SIZE} 0)">${groups.join('')}${label}</g>`
}

/** Takes points of the moons to the ring by a trained run, and draws them on their way. */
export async function drawMoons(run, file) {
  const map = await load(run)
  const start = (await startOf(map, COUNT, 0))()
  const clouds = [start]
  for (let k = 1; k < TIMES.length; k++) {
    const [s, t] = TIMES.slice(k - 1, k + 1)
    const grid = Array.from({ length: STEPS + 1 }, (_, i) => s + ((t - s) * i) / STEPS)
    clouds.push((await sample(map, clouds.at(-1), { grid, method: 'heun' })).points)
  }
  await map.close()
  const middle = [...start].reduce((sum, value, i) => sum + (i % 2 ? value / COUNT : 0), 0)
  const colours = Array.from({ length: COUNT }, (_, i) => Number(start[2 * i + 1] < middle))
  const reach = 1.08 * Math.max(...clouds.flatMap(points => [...points].map(Math.abs)))
  const panels = clouds.map((points, k) => panel(points, colours, reach, k, TIMES[k]))
  const box = `0 0 ${SIZE * TIMES.length} ${SIZE + 20}`
  writeFileSync(
    file,
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="${box}" fill="none"><title>Points of two moons on their way to a ring</title>${panels.join('')}</svg>\n`,
  )
}
