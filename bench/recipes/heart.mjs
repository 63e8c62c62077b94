// Points of a heart, (x^2 + y^2 - 1)^3 <= x^2 y^3, doubled: what one draws first in a page.
import { writeFileSync } from 'node:fs'
import { random } from '../../dist/random/random.js'

const inside = (x, y) => (x * x + y * y - 1) ** 3 <= x * x * y ** 3

/** Writes a CSV file of points drawn uniformly from the heart. */
export function writeHeart(file, count = 40_000) {
  const source = random(1, 'heart')
  const lines = ['x,y']
  while (lines.length <= count) {
    const [x, y] = [1.5 * (2 * source.uniform() - 1), 1.5 * (2 * source.uniform() - 1)]
    if (inside(x, y)) lines.push(`${(2 * x).toFixed(5)},${(2 * y).toFixed(5)}`)
  }
  writeFileSync(file, `${lines.join('\n')}\n`)
}
