// How often sets of a noise adapter's samples hold what was observed, on two Gaussians whose posterior is known.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openDataset } from '../../dist/config/dataset.js'
import { prepareMetrics } from '../../dist/metric/prepare.js'
import { random } from '../../dist/random/random.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { drawNoise } from '../../dist/sampler/sampler.js'
import { load } from '../../dist/serialization/load.js'
import { noiseOf, readNoiseAdapter } from '../../dist/serialization/noise-adapter-file.js'
import { steerable } from '../../dist/serialization/steerable.js'
import { adapted } from '../../dist/steering/adapted.js'
import { WORLDS } from './worlds.mjs'

const { components } = WORLDS.two
const H = [1, 0.5]
const SD = 0.3
const OBSERVE = JSON.stringify({ operator: { kind: 'matrix', rows: [H] }, sd: SD })
const LENGTH = Math.hypot(...H)
/** Along what is seen, and across. */
const ALONG = H.map(value => value / LENGTH)
const ACROSS = [-ALONG[1], ALONG[0]]
/** Fresh observations, samples for each, and of the map weighed by the likelihood. */
const [OBSERVATIONS, SAMPLES, CANDIDATES] = [1000, 1000, 5000]
const PART = 0.9

const dot = (a, b) => a[0] * b[0] + a[1] * b[1]
const mean = values => values.reduce((sum, value) => sum + value, 0) / values.length
const normalLog = (x, variance) => -(x * x) / (2 * variance) - Math.log(2 * Math.PI * variance) / 2

function logSum(values) {
  const most = Math.max(...values)
  return most + Math.log(values.reduce((sum, value) => sum + Math.exp(value - most), 0))
}

/** `log p(y)`, and what draws a sample of `p(x|y)`. */
function exactPosterior(y, source) {
  const parts = components.map(({ weight, mean: mu, sd }) => {
    const variance = (sd * LENGTH) ** 2 + SD ** 2
    const off = y - dot(H, mu)
    const gain = (sd * sd * LENGTH) / variance
    return {
      log: Math.log(weight) + normalLog(off, variance),
      along: dot(ALONG, mu) + gain * off,
      alongSd: sd * Math.sqrt(1 - gain * LENGTH),
      across: dot(ACROSS, mu),
      acrossSd: sd,
    }
  })
  const evidence = logSum(parts.map(({ log }) => log))
  const draw = () => {
    let [k, u] = [0, source.uniform()]
    while (k < parts.length - 1 && u >= Math.exp(parts[k].log - evidence)) {
      u -= Math.exp(parts[k++].log - evidence)
    }
    const { along, alongSd, across, acrossSd } = parts[k]
    const [a, b] = [along + alongSd * source.normal(), across + acrossSd * source.normal()]
    return [0, 1].map(d => a * ALONG[d] + b * ACROSS[d])
  }
  return { evidence, draw }
}

/** `log p(x) p(y|x)` */
const logPosterior = (x, y) =>
  logSum(
    components.map(({ weight, mean: mu, sd }) => {
      const square = (x[0] - mu[0]) ** 2 + (x[1] - mu[1]) ** 2
      return Math.log(weight / (2 * Math.PI * sd * sd)) - square / (2 * sd * sd)
    }),
  ) -
  (y - dot(H, x)) ** 2 / (2 * SD * SD)

/** The values between which the parts of weighted samples lie. */
function quantiles(values, weights, parts) {
  const order = Array.from(values.keys()).sort((i, j) => values[i] - values[j])
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let [k, sum] = [0, 0]
  return parts.map(part => {
    while (k < order.length - 1 && sum + weights[order[k]] < part * total) sum += weights[order[k++]]
    return values[order[k]]
  })
}

const rowsOf = points =>
  Array.from({ length: points.length / 2 }, (_, i) => [points[2 * i], points[2 * i + 1]])

/** Whether 90 % sets of samples hold a point, and how long the interval of what is seen is. */
function held(rows, weights, x, y) {
  const within = axis => {
    const ends = quantiles(
      rows.map(row => dot(axis, row)),
      weights,
      [(1 - PART) / 2, (1 + PART) / 2],
    )
    const place = dot(axis, x)
    return { holds: place >= ends[0] && place <= ends[1], length: ends[1] - ends[0] }
  }
  const [least] = quantiles(
    rows.map(row => logPosterior(row, y)),
    weights,
    [1 - PART],
  )
  const [along, across] = [within(ALONG), within(ACROSS)]
  return {
    along: Number(along.holds),
    across: Number(across.holds),
    density: Number(logPosterior(x, y) >= least),
    alongLength: along.length,
    acrossLength: across.length,
  }
}

/** Means of what was found for each observation. */
const summary = found =>
  Object.fromEntries(
    Object.keys(found[0]).map(key => [key, Number(mean(found.map(row => row[key])).toFixed(4))]),
  )

/** Observations are those of the seed, whichever map and adapter answer them. */
async function measure(map, file, seed) {
  const source = random(seed, 'adapter coverage')
  const adapter = readNoiseAdapter(file)
  const ones = new Float64Array(SAMPLES).fill(1)
  const candidates = rowsOf(await map.jump(drawNoise(CANDIDATES, 2, seed), 1, 0))
  const found = { exact: [], map: [], adapter: [] }
  for (let k = 0; k < OBSERVATIONS; k++) {
    const { mean: mu, sd } = components[source.uniform() < components[0].weight ? 0 : 1]
    const x = mu.map(value => value + sd * source.normal())
    const y = dot(H, x) + SD * source.normal()
    const { evidence, draw } = exactPosterior(y, source)
    found.exact.push(held(Array.from({ length: SAMPLES }, draw), ones, x, y))
    const likely = rows => Float64Array.from(rows, row => -((y - dot(H, row)) ** 2) / (2 * SD * SD))
    found.map.push(held(candidates, likely(candidates).map(Math.exp), x, y))
    const noise = drawNoise(SAMPLES, 2, seed * OBSERVATIONS + k + 1)
    const reward = { value: async points => likely(rowsOf(points)) }
    const { points, ess, bound } = await adapted(map, reward, noiseOf(adapter, [y]), noise)
    found.adapter.push({
      ...held(rowsOf(points), ones, x, y),
      effective: ess[0],
      gap: evidence - (bound - Math.log(2 * Math.PI * SD * SD) / 2),
    })
  }
  return Object.fromEntries(Object.entries(found).map(([name, rows]) => [name, summary(rows)]))
}

/** How far what a map draws of noise, told nothing, is from exact data: sliced Wasserstein, by one jump. */
async function drift(map, seed) {
  const points = await map.jump(drawNoise(10_000, 2, seed), 1, 0)
  const measures = prepareMetrics(await openDataset(WORLDS.two.data), {
    count: 10_000,
    seed,
    names: ['slicedWasserstein'],
  })
  return measures.estimate(points).slicedWasserstein.value
}

async function withMap(run, use) {
  const loaded = await load(run, { runtime: nodeRuntime() })
  try {
    return await use(steerable(loaded))
  } finally {
    await loaded.close()
  }
}

/** Trains an adapter alone, and one beside its map, for each seed and measures both. */
async function jointRows({ OUT, SEEDS, oxbow, distilledRun, results, keep }) {
  for (const seed of SEEDS) {
    if (results[`adapter/joint/${seed}`]) continue
    const run = distilledRun('two')
    const bent = join(OUT, `joint-map-${seed}`)
    const ways = [
      { name: 'distilled', map: run, more: [] },
      { name: 'joint', map: bent, more: ['--map', bent] },
    ]
    for (const { name, map, more } of ways) {
      const file = join(OUT, `${name}-${seed}.safetensors`)
      const began = performance.now()
      if (!existsSync(file)) {
        oxbow('adapt', run, '--observe', OBSERVE, '--seed', String(seed), '--out', file, ...more)
      }
      const seconds = (performance.now() - began) / 1000
      await withMap(map, async opened => {
        const { adapter } = await measure(opened, file, seed)
        keep(`adapter/${name}/${seed}`, { ...adapter, drift: await drift(opened, seed) })
      })
      console.error(`adapter, ${name}, seed ${seed}: trained in ${seconds.toFixed(0)} s`)
    }
  }
}

/** Trains an adapter for each seed and measures it. */
export async function adapterRows(bench) {
  await aloneRows(bench)
  await jointRows(bench)
}

async function aloneRows({ OUT, SEEDS, oxbow, trainedRun, results, keep }) {
  const missing = SEEDS.filter(seed => !results[`adapter/adapter/${seed}`])
  if (missing.length === 0) return
  const run = trainedRun('two')
  const loaded = await load(run, { runtime: nodeRuntime() })
  try {
    for (const seed of missing) {
      const file = join(OUT, `adapter-${seed}.safetensors`)
      const began = performance.now()
      if (!existsSync(file)) {
        oxbow('adapt', run, '--observe', OBSERVE, '--seed', String(seed), '--out', file)
      }
      const seconds = (performance.now() - began) / 1000
      const found = await measure(steerable(loaded), file, seed)
      for (const name of ['exact', 'map', 'adapter']) keep(`adapter/${name}/${seed}`, found[name])
      const all = (performance.now() - began) / 1000
      console.error(`adapter, seed ${seed}: trained in ${seconds.toFixed(0)} s, ${all.toFixed(0)} s in all`)
    }
  } finally {
    await loaded.close()
  }
}
