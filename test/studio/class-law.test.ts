import { expect, test } from 'vitest'
import { DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { random } from '../../src/random/random.ts'
import * as engine from '../../src/runtime/node.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { classReward, classValue } from '../../src/studio/class-law.ts'
import { answers } from '../../src/studio/engine/answers.ts'
import { Session } from '../../src/studio/engine/session.ts'
import { targetDataset } from '../../src/studio/engine/target.ts'
import { tiltedDataset } from '../../src/studio/engine/tilt.ts'
import { examplePlan, type Wish } from '../../src/studio/plan.ts'

const dataOf = (name: string) => targetDataset({ kind: 'built-in', name })

/** Labelled points of a dataset. */
function labelled(name: string, count: number) {
  const points = new Float64Array(2 * count)
  const classes = new Uint16Array(count)
  dataOf(name).sample(random(5, 'test'), points, classes)
  return { points, classes }
}

/** Two components that differ in all. */
const uneven = {
  ...dataOf('ring'),
  fingerprint: { ...dataOf('ring').fingerprint, sha256: 'uneven' },
  mixture: {
    components: [
      { weight: 0.8, mean: [0, 0], scales: [1, 1] },
      { weight: 0.2, mean: [1, 0], scales: [0.3, 0.3] },
    ],
  },
}

test.each([
  ['eight-gaussians', dataOf('eight-gaussians')],
  ['an uneven one', uneven],
])('of %s the probability of a class is Bayes’ rule over its components', (_, data) => {
  const x = [1.1, 0.7]
  const heights = data.mixture!.components.map(({ weight, mean, scales: [scale] }) => {
    const far = (x[0] - mean[0]) ** 2 + (x[1] - mean[1]) ** 2
    return (weight / scale ** 2) * Math.exp(-far / (2 * scale ** 2))
  })
  const all = heights.reduce((a, b) => a + b)
  heights.forEach((height, k) => {
    expect(classValue(data, k)(x)).toBeCloseTo(Math.log(height / all), 8)
  })
})

test.each(['ring', 'two-moons'])('as a graph it is the same, on %s', async name => {
  const { points } = labelled(name, 50)
  const reward = classReward(dataOf(name), 1)
  const program = await engine.compile(
    simplify(trace(({ x }) => ({ r: reward(x) }), { x: spec([DYNAMIC, 2]) })),
  )
  const [found] = await program.run([Float32Array.from(points)])
  await program.close()
  const value = classValue(dataOf(name), 1)
  ;(found as Float32Array).forEach((each, i) => {
    const exact = value([Math.fround(points[2 * i]), Math.fround(points[2 * i + 1])])
    expect(Math.abs(each - exact)).toBeLessThan(1e-3 * (1 + Math.abs(exact)))
  })
})

test('labelled points stand for data without a closed form: nearly all points are told their class', () => {
  const { points, classes } = labelled('two-moons', 1000)
  const values = [0, 1].map(k => classValue(dataOf('two-moons'), k))
  const right = classes.filter((own, i) => {
    const point = [points[2 * i], points[2 * i + 1]]
    return values[own](point) > values[1 - own](point)
  })
  expect(right.length).toBeGreaterThan(980)
})

/** Points of the data, steered exactly. */
function exactly(name: string, wish: Wish): Float64Array {
  const points = new Float64Array(4000)
  tiltedDataset(dataOf(name), wish).sample(random(1, 'test'), points)
  return points
}

test('the exact law of a class is its data; that of a coordinate is near it, with the other one free', () => {
  const ofClass = exactly('ring', { class: 2, beta: 1 })
  const [x, y] = dataOf('ring').mixture!.components[2].mean
  const far = Array.from({ length: 2000 }, (_, i) => Math.hypot(ofClass[2 * i] - x, ofClass[2 * i + 1] - y))
  expect(Math.max(...far)).toBeLessThan(1.5)
  // Two components of the ring are there, one above and one below; so they are where the data are known by draws alone.
  for (const name of ['ring', 'heart']) {
    const known = exactly(name, { axis: 'x', value: 0.9, sd: 0.1, beta: 1 })
    const xs = Array.from({ length: 2000 }, (_, i) => known[2 * i])
    const mean = xs.reduce((a, b) => a + b) / 2000
    const above = known.filter((value, i) => i % 2 === 1 && value > 0).length / 2000
    if (name === 'ring') expect(Math.abs(above - 0.5)).toBeLessThan(0.05)
    else expect(Math.abs(mean - 0.9)).toBeLessThan(0.05)
  }
})

test('samples are steered to a class and to a coordinate', { timeout: 60_000 }, async () => {
  const session = await Session.open(engine, examplePlan)
  try {
    for (const tilt of [
      { class: 3, beta: 1 },
      { axis: 'y', value: -2.8, sd: 0.2, beta: 1 },
    ] as const) {
      const found = await answers.steer(
        {
          points: drawNoise(2000, 2, 0),
          tilt,
          steps: 4,
          method: 'particles',
          kernel: 'renoise',
          lookAhead: 'jump',
          moves: 0,
          resample: true,
          seed: 0,
          weights: 'ema',
        },
        session,
        engine,
      )
      const { before, after, floor } = found.exact!.distances
      expect(after).toBeLessThan(0.3 * before)
      expect(floor).toBeLessThan(after + 0.5)
      expect(found.rewards.after).toBeGreaterThan(-2)
      expect(found.rewards.before).toBeLessThan(-10)
    }
  } finally {
    await session.close()
  }
})
