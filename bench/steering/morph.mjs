// Digits taken to their noise and back, and digits between two others.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { standardized, unstandardized } from '../../dist/model/index.js'
import { sheetPng } from '../../dist/report/sample-sheet.js'
import { heun, jumpThrough, uniformGrid } from '../../dist/sampler/sampler.js'
import { steerable } from '../../dist/serialization/steerable.js'
import { slerp } from '../../dist/steering/edit.js'
import { inverted } from '../../dist/steering/invert.js'

/** Steps of Heun's method to noise. */
const UP = [8, 16, 32]
/** Ways back, by their names: told the map and the steps that led to the noise. */
const BACK = {
  ...Object.fromEntries(
    [1, 4, 16, 32].map(jumps => [
      `${jumps} jump${jumps > 1 ? 's' : ''}`,
      ({ jump }, noise) => jumpThrough(jump, noise, uniformGrid(jumps)),
    ]),
  ),
  'the velocity, as many steps': ({ velocity }, noise, steps) =>
    jumpThrough(heun(velocity), noise, uniformGrid(steps)),
}
/** Pictures from one digit to the other, and pairs that are shown. */
const [POINTS, PAIRS] = [9, 8]
const SHOWN_STEPS = 32

const rootMeanSquare = values =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length)

/** @param digits  held-out points with their labels, in the data's own units */
export async function morphRows({ ROOT, map, digits, results, keep }) {
  const steered = steerable(map)
  const { dimension: D, shape, standardization: by } = map
  const own = new Float32Array(digits.length * D)
  for (const [i, { point }] of digits.entries()) own.set(point, i * D)
  const seen = standardized(by, own, 0)
  const toNoise = async (points, steps) => (await inverted(steered, points, { method: 'heun', steps })).noise

  for (const steps of UP) {
    const key = `digits/round/${steps}`
    if (results[key]) continue
    const started = performance.now()
    const noise = await toNoise(seen, steps)
    const row = { deviation: rootMeanSquare(noise) }
    for (const [name, back] of Object.entries(BACK)) {
      const again = unstandardized(by, await back(steered, noise, steps), 0)
      row[name] = rootMeanSquare(again.map((value, i) => value - own[i]))
    }
    keep(key, row)
    console.error(`round trip, ${steps} steps: ${((performance.now() - started) / 1000).toFixed(0)} s`)
  }
  if (results['digits/morph']) return

  // From each class to another one: digits are in the order of their classes.
  const each = digits.length / 10
  const rows = Array.from({ length: PAIRS }, (_, k) => [k * each, ((k + 3) % 10) * each + 1])
  const shown = new Float32Array(PAIRS * (POINTS + 2) * D)
  const [from, to] = [0, 1].map(end => {
    const points = new Float32Array(PAIRS * D)
    for (const [k, pair] of rows.entries()) points.set(digits[pair[end]].point, k * D)
    return points
  })
  const [a, b] = [
    await toNoise(standardized(by, from, 0), SHOWN_STEPS),
    await toNoise(standardized(by, to, 0), SHOWN_STEPS),
  ]
  for (let point = 0; point < POINTS; point++) {
    const noise = slerp(a, b, point / (POINTS - 1), D)
    const found = unstandardized(
      by,
      await BACK['the velocity, as many steps'](steered, noise, SHOWN_STEPS),
      0,
    )
    for (let k = 0; k < PAIRS; k++) {
      shown.set(found.subarray(k * D, (k + 1) * D), (k * (POINTS + 2) + point + 1) * D)
    }
  }
  for (let k = 0; k < PAIRS; k++) {
    shown.set(from.subarray(k * D, (k + 1) * D), k * (POINTS + 2) * D)
    shown.set(to.subarray(k * D, (k + 1) * D), (k * (POINTS + 2) + POINTS + 1) * D)
  }
  mkdirSync(join(ROOT, 'docs/steering'), { recursive: true })
  const names = rows.map(([i, j]) => `${digits[i].label} to ${digits[j].label}`)
  writeFileSync(join(ROOT, 'docs/steering/morph.png'), await sheetPng(shown, shape, { rows: names }))
  keep('digits/morph', { pairs: PAIRS, points: POINTS, steps: SHOWN_STEPS })
}
