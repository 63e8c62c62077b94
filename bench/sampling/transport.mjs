// Straight trajectories: reflow and minibatch optimal transport on the ring. Its numbers are those of docs/transport.md.
//
//   npm run --silent build:cli && node bench/sampling/transport.mjs             what is missing
//   npm run --silent build:cli && node bench/sampling/transport.mjs --report    the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. What was measured is kept in docs/transport.json.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { generatedDataset } from '../../dist/data/catalogue.js'
import { exactVelocity } from '../../dist/evaluation/evaluate.js'
import { followTransport } from '../../dist/evaluation/transport.js'
import { energyEstimate } from '../../dist/metric/energy-distance.js'
import {
  relativeStraightnessEstimate,
  straightnessEstimate,
  transportCostEstimate,
} from '../../dist/metric/transport.js'
import { interpolants, mixtureVelocity } from '../../dist/model/index.js'
import { random } from '../../dist/random/random.js'
import { nodeRuntime } from '../../dist/runtime/node.js'
import { drawNoise } from '../../dist/sampler/sampler.js'
import { experiment } from '../experiment.mjs'
import { isTrained } from '../trained.mjs'
import { drawMoons } from './moons-picture.mjs'
import { writeTransport } from './transport-report.mjs'

const SEEDS = [1, 2, 3]

const { ROOT, OUT, results, keep: kept, oxbow, isReport } = experiment('transport', [])
function keep(key, value) {
  kept(key, value)
  console.error(`${key}: ${JSON.stringify(value)}`)
}

/** Trains a run, or what is left of it; gives it with the time of a step. */
function trained(name, args) {
  const run = join(OUT, name)
  if (isTrained(run)) return { run }
  const said = oxbow('train', ...args, '--out', run, '--json', ...(existsSync(run) ? ['--resume'] : []))
  return { run, msPerStep: JSON.parse(said).msPerStep }
}

const METRICS = 'energyDistance,slicedWasserstein,straightness,relativeStraightness,transportCost'

/** What a run gives in a few steps, and how its trajectories go. */
function measured({ run, msPerStep }, ...args) {
  const words = [
    '--metrics',
    METRICS,
    '--count',
    '5000',
    '--weights',
    'ema',
    '--no-report',
    '--json',
    ...args,
  ]
  const { rows, maps } = JSON.parse(oxbow('evaluate', run, ...words))
  const value = ({ value, interval, floor, high }) => ({ value, interval, floor, high })
  return {
    msPerStep: msPerStep ?? null,
    steps: Object.fromEntries(
      rows.map(({ steps, metrics }) => [
        steps,
        { energy: value(metrics.energyDistance), sliced: value(metrics.slicedWasserstein) },
      ]),
    ),
    straightness: value(maps[0].metrics.straightness),
    relative: value(maps[0].metrics.relativeStraightness),
    cost: value(maps[0].metrics.transportCost),
  }
}

/** Eight Gaussians on a circle, as near to the noise as to each other. */
const components = Array.from({ length: 8 }, (_, k) => ({
  weight: 1 / 8,
  mean: [2 * Math.cos((k * Math.PI) / 4), 2 * Math.sin((k * Math.PI) / 4)],
  std: 0.25,
}))
const RING = JSON.stringify({ mixture: { components } })

/** Trains and measures what is not there yet. */
function measure(key, name, args, words) {
  if (!results[key]) keep(key, measured(trained(name, args), ...words))
}

/** The exact velocity of the ring, before any training. */
async function exactRow() {
  const mixture = {
    components: components.map(({ std, ...component }) => ({ ...component, scales: [std, std] })),
  }
  const start = Float64Array.from(drawNoise(10_000, 2, 0))
  const found = await followTransport(nodeRuntime(), mixtureVelocity(mixture, interpolants.linear), start, 2)
  const { velocity, close } = await exactVelocity(nodeRuntime(), mixture, 'linear')
  const ring = new Float64Array(start.length)
  generatedDataset(JSON.parse(RING)).sample(random(0, 'ring'), ring)
  const steps = {}
  for (const count of [1, 2, 4]) {
    let x = start
    for (let i = 0; i < count; i++) {
      const v = await velocity(x, 1 - i / count)
      x = x.map((value, k) => value - v[k] / count)
    }
    steps[count] = { energy: energyEstimate(x, ring, 2, 5000) }
  }
  await close()
  return {
    steps,
    straightness: straightnessEstimate(found),
    relative: relativeStraightnessEstimate(found),
    cost: transportCostEstimate(found),
  }
}

const velocity = ['--network.conditioning', 's', '--steps', '3000', '--batch', '256']
const ONE = ['--steps', '1,2,4', '--method', 'euler']

/** How a velocity of the ring is trained, by the name of its row; those of reflow learn from the row before. */
const ROWS = {
  independent: () => ['--objective', 'flow-matching'],
  'ot, all 256': () => ['--objective', 'flow-matching', '--coupling.kind', 'ot'],
  'ot, groups of 64': () => [
    '--objective',
    'flow-matching',
    '--coupling.kind',
    'ot',
    '--coupling.group',
    '64',
  ],
  'ot, entropic 0.05': () => [
    ...['--objective', 'flow-matching', '--coupling.kind', 'ot', '--coupling.regularization', '0.05'],
  ],
  'reflow, one round': () => ['--objective', 'reflow', '--teacher', 'exact', '--coupling.pairs', '20000'],
  'reflow, two rounds': seed => [
    ...['--objective', 'reflow', '--teacher', join(OUT, `reflow-one-round-${seed}`)],
    ...['--coupling.pairs', '20000'],
  ],
}

/** How a map from the two moons to the ring is trained; see `oxbow train --source`. */
const MOONS = {
  velocity: () => ['--objective', 'flow-matching', '--network.conditioning', 's'],
  'velocity, noise 0.5 on the way': () => [
    ...['--objective', 'flow-matching', '--network.conditioning', 's', '--sourceNoise', '0.5'],
  ],
  'velocity, ot': () => [
    ...['--objective', 'flow-matching', '--network.conditioning', 's', '--coupling.kind', 'ot'],
  ],
  psd: () => ['--objective', 'psd'],
  'one-step, the default': () => [],
}

const nameOf = (row, seed) => `${row.replace(/[^\w.]+/g, '-')}-${seed}`

if (!isReport) {
  if (!results.exact?.steps) keep('exact', await exactRow())
  for (const seed of SEEDS) {
    for (const [row, words] of Object.entries(ROWS)) {
      const args = ['--data', RING, '--seed', String(seed), ...velocity, ...words(seed)]
      measure(`ring/${row}/${seed}`, nameOf(row, seed), args, ONE)
    }
    for (const [row, words] of Object.entries(MOONS)) {
      const size = ['--steps', '3000', '--batch', '256']
      const args = [
        '--data',
        'ring',
        '--source',
        'two-moons',
        '--seed',
        String(seed),
        ...size,
        ...words(seed),
      ]
      measure(`moons/${row}/${seed}`, nameOf(`moons ${row}`, seed), args, ['--steps', '1,4,16'])
    }
  }
}
const shown = join(OUT, nameOf('moons velocity', SEEDS[0]))
if (isTrained(shown)) await drawMoons(shown, join(ROOT, 'docs', 'moons-to-ring.svg'))
writeTransport(ROOT, results)
