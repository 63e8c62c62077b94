// Digits: completed from their left half, and steered to a class by a classifier, with a map that was told no class.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openDataset } from '../../dist/config/dataset.js'
import { openFeatures } from '../../dist/evaluation/features/open.js'
import { random } from '../../dist/random/random.js'
import { sheetPng } from '../../dist/report/sample-sheet.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { drawNoise, uniformGrid } from '../../dist/sampler/sampler.js'
import { load } from '../../dist/serialization/load.js'
import { openReward, parseReward } from '../../dist/serialization/point-reward.js'
import { steerable } from '../../dist/serialization/steerable.js'
import { steer } from '../../dist/steering/steer.js'
import { isTrained } from '../trained.mjs'
import { morphRows } from './morph.mjs'

const SIDE = 28
const D = SIDE * SIDE
const RUN = 'runs/images/mnist-psd'
/** Digits that are completed, and samples of each. */
const [DIGITS, EACH] = [40, 8]
/** Samples of each class. */
const OF_CLASS = 32
/** Noise in what is seen, in grey values. */
const SD = 20

const LEFT = Array.from({ length: D }, (_, i) => i).filter(i => i % SIDE < SIDE / 2)

/** Ways to complete a digit. */
export const COMPLETIONS = {
  'guided, denoiser, anneal, 16 steps': {
    method: 'guided',
    lookAhead: 'denoiser',
    schedule: 'anneal',
    steps: 16,
  },
  'guided, denoiser, anneal, 32 steps': {
    method: 'guided',
    lookAhead: 'denoiser',
    schedule: 'anneal',
    steps: 32,
  },
  'guided, denoiser, one, 32 steps': { method: 'guided', lookAhead: 'denoiser', schedule: 'one', steps: 32 },
  'particles, renoise, jump, 16 steps, 128 particles': {
    method: 'particles',
    kernel: 'renoise',
    lookAhead: 'jump',
    steps: 16,
    particles: 128,
  },
}

/** Ways to steer to a class, by what they cost. */
export const TO_CLASS = [
  ...[1, 4, 16, 64].map(samples => [
    `filter, ${samples} candidate${samples > 1 ? 's' : ''}`,
    { method: 'filter', kernel: 'noise', steps: 1, samples },
  ]),
  ...[4, 8, 16].map(steps => [`particles, renoise, jump, ${steps} steps`, { method: 'particles', steps }]),
  ...[8, 16, 32].map(steps => [
    `guided, denoiser, ${steps} steps`,
    { method: 'guided', lookAhead: 'denoiser', steps },
  ]),
]

/** The share of points that a network gives a class. */
async function shareOf(judge, points, classes) {
  const { classes: found } = await judge.extract(points)
  return found.reduce((sum, one, i) => sum + Number(one === classes(i)), 0) / found.length
}

const toData = (map, points) => {
  const { scale, shift } = map.standardization
  return points.map((value, i) => value * scale[i % D] + shift[i % D])
}

async function heldOut(dataset) {
  const [points, classes] = [new Float32Array(20 * DIGITS * D), new Float32Array(20 * DIGITS)]
  dataset.split.take('heldOut', random(1, 'digits'), points, classes)
  // As many of each class.
  const chosen = []
  const counts = new Map()
  for (const [i, one] of classes.entries()) {
    const count = counts.get(one) ?? 0
    if (count >= DIGITS / 10) continue
    counts.set(one, count + 1)
    chosen.push({ point: points.slice(i * D, (i + 1) * D), label: one })
  }
  return chosen.sort((a, b) => a.label - b.label)
}

/** Rows of the tables, and a sheet of completed digits. */
export async function digitRows({ ROOT, OUT, oxbow, results, keep }) {
  const path = join(ROOT, RUN)
  if (!isTrained(path)) {
    console.error(`steering: digits: ${RUN} is missing; "npm run images -- mnist mnist-psd" trains it`)
    return
  }
  const runtime = nodeRuntime()
  const dataset = await openDataset('mnist')
  // What is steered by must not be what judges: guided samples can fool the one that they follow.
  const other = join(OUT, 'judge.onnx')
  mkdirSync(OUT, { recursive: true })
  if (!existsSync(other)) oxbow('features', 'mnist', '--seed', '5', '--out', other)
  const of = { dimension: D, image: [SIDE, SIDE, 1], classes: 10 }
  const judge = await openFeatures(runtime, other, of)
  const own = await openFeatures(runtime, join(ROOT, 'features/mnist.onnx'), of)
  const map = await load(path, { runtime })
  const steered = steerable(map)

  const digits = await heldOut(dataset)
  await morphRows({ ROOT, map, digits, results, keep })
  for (const [name, { particles = EACH, ...options }] of Object.entries(COMPLETIONS)) {
    const key = `digits/completed/${name}`
    if (results[key]) continue
    const started = performance.now()
    const all = new Float32Array(DIGITS * EACH * D)
    let [forward, backward, spread] = [0, 0, 0]
    for (const [i, { point }] of digits.entries()) {
      const reward = await openReward(
        parseReward(
          {
            kind: 'observation',
            operator: { kind: 'mask', keep: LEFT },
            y: LEFT.map(at => point[at]),
            sd: SD,
          },
          'digits',
        ),
        map,
        runtime,
      )
      const found = await steer(steered, reward, drawNoise(particles, D, i), {
        beta: 1,
        ...options,
        grid: uniformGrid(options.steps),
        seed: i,
      })
      const points = toData(map, found.points.subarray(0, EACH * D))
      all.set(points, i * EACH * D)
      forward += found.evaluations.forward / DIGITS
      backward += found.evaluations.backward / DIGITS
      for (let k = 0; k < D; k++) {
        const values = Array.from({ length: EACH }, (_, j) => points[j * D + k])
        const mean = values.reduce((sum, value) => sum + value, 0) / EACH
        spread += values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / EACH / D / DIGITS
      }
      await reward.close()
    }
    const seen = all.reduce((sum, value, i) => {
      const at = i % D
      if (at % SIDE >= SIDE / 2) return sum
      return sum + (value - digits[Math.floor(i / D / EACH)].point[at]) ** 2
    }, 0)
    keep(key, {
      accuracy: await shareOf(judge, all, i => digits[Math.floor(i / EACH)].label),
      offSeen: Math.sqrt(seen / (DIGITS * EACH * LEFT.length)),
      spread: Math.sqrt(spread),
      forward: forward / EACH,
      backward: backward / EACH,
      seconds: Math.round((performance.now() - started) / 1000),
    })
    console.error(`completed, ${name}: ${results[key].seconds} s`)
    if (name === 'guided, denoiser, anneal, 32 steps') {
      const rows = 10
      const shown = new Float32Array(rows * (EACH + 2) * D)
      for (let row = 0; row < rows; row++) {
        const i = row * (DIGITS / rows)
        const { point } = digits[i]
        shown.set(point, row * (EACH + 2) * D)
        shown.set(
          point.map((value, k) => (k % SIDE < SIDE / 2 ? value : 110)),
          (row * (EACH + 2) + 1) * D,
        )
        shown.set(all.subarray(i * EACH * D, (i + 1) * EACH * D), (row * (EACH + 2) + 2) * D)
      }
      mkdirSync(join(ROOT, 'docs/steering'), { recursive: true })
      const names = Array.from({ length: rows }, (_, row) => String(digits[row * (DIGITS / rows)].label))
      writeFileSync(
        join(ROOT, 'docs/steering/completed.png'),
        await sheetPng(shown, [SIDE, SIDE, 1], { rows: names }),
      )
    }
  }
  if (!results['digits/real']) {
    const real = new Float32Array(DIGITS * D)
    for (const [i, { point }] of digits.entries()) real.set(point, i * D)
    keep('digits/real', { accuracy: await shareOf(judge, real, i => digits[i].label) })
  }

  for (const [name, options] of TO_CLASS) {
    const key = `digits/class/${name}`
    if (results[key]) continue
    const started = performance.now()
    const candidates = options.samples ?? 1
    let [accuracy, fooled, forward, backward, ancestors] = [0, 0, 0, 0, 0]
    const shown = []
    for (let one = 0; one < 10; one++) {
      const reward = await openReward(
        parseReward({ kind: 'onnx', path: 'mnist', class: one }, 'digits'),
        map,
        runtime,
      )
      const found = await steer(steered, reward, drawNoise(OF_CLASS * candidates, D, one), {
        beta: 1,
        ...options,
        grid: uniformGrid(options.steps),
        seed: one,
      })
      const points = toData(map, found.points)
      accuracy += (await shareOf(judge, points, () => one)) / 10
      fooled += (await shareOf(own, points, () => one)) / 10
      forward += found.evaluations.forward / OF_CLASS / 10
      backward += found.evaluations.backward / OF_CLASS / 10
      ancestors += (found.ancestors ?? 1) / 10
      shown.push(points.subarray(0, 12 * D))
      await reward.close()
    }
    keep(key, {
      accuracy,
      byOwn: fooled,
      forward,
      backward,
      ancestors,
      seconds: Math.round((performance.now() - started) / 1000),
    })
    console.error(`to a class, ${name}: ${results[key].seconds} s`)
    if (name === 'guided, denoiser, 32 steps') {
      const all = new Float32Array(10 * 12 * D)
      for (const [row, points] of shown.entries()) all.set(points, row * 12 * D)
      mkdirSync(join(ROOT, 'docs/steering'), { recursive: true })
      const names = Array.from({ length: 10 }, (_, k) => String(k))
      writeFileSync(
        join(ROOT, 'docs/steering/guided.png'),
        await sheetPng(all, [SIDE, SIDE, 1], { rows: names }),
      )
    }
  }
  await map.close()
  await judge.close()
  await own.close()
}
