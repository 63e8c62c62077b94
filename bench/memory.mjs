// The peak memory of training steps of a transformer on pictures: what a process needs more than before its first step.
//
//   npm run build:cli && node bench/memory.mjs                      a table of both ways
//   node bench/memory.mjs '{"objective": "psd", "recompute": true}'   one row, by keys of the configuration
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { resolveConfig } from '../dist/config/index.js'
import { random } from '../dist/random/random.js'
import { compileScan } from '../dist/runtime/node.js'
import { initialParameters } from '../dist/training/initial-parameters.js'
import { buildStep } from '../dist/training/step.js'

const SHAPE = [16, 16, 1]
const base = {
  network: { kind: 'dit', patch: 2, width: 128, depth: 6 },
  batch: 64,
  data: 'glyphs',
  ema: 0.99,
}
const rows = ['flow-matching', 'psd', 'meanflow'].flatMap(objective => [
  { objective },
  { objective, recompute: true },
])
const ACCUMULATED = [1, 4, 16].map(accumulate => ({ objective: 'flow-matching', optimizer: { accumulate } }))

/** Bytes, of the kernel's own counting. */
function memory(key) {
  const [, kilobytes] = new RegExp(`^${key}:\\s*(\\d+) kB`, 'm').exec(
    readFileSync('/proc/self/status', 'utf8'),
  )
  return 1024 * Number(kilobytes)
}

async function measure(keys) {
  const config = resolveConfig({ ...base, ...keys, network: { ...base.network, ...keys.network } })
  const point = { shape: keys.shape ?? SHAPE }
  const step = buildStep(config, point)
  const program = await compileScan(step.graph, step.state.length, { threads: 1 })
  const source = random(0, 'memory')
  const [player] = step.players
  const start = initialParameters(config, player)
  const state = step.state.map(name =>
    /\.(parameters|average)$/.test(name) ? start.slice() : new Float32Array(player.size),
  )
  const rowsOf = config.optimizer.accumulate
  const inputs = step.graph.inputs.slice(state.length).map(({ params: { name }, shape }) => {
    const size = rowsOf * shape.reduce((product, n) => product * n, 1)
    if (name === 'rates') return new Float32Array(size).fill(1e-4)
    return Float32Array.from({ length: size }, () =>
      /\.[stmr]$/.test(name) ? source.uniform() : source.normal(),
    )
  })
  const before = memory('VmRSS')
  const began = performance.now()
  await program.run([...state, ...inputs])
  const first = performance.now() - began
  const again = performance.now()
  await program.run([...state, ...inputs])
  const seconds = (performance.now() - again) / 1000 / rowsOf
  console.log(
    JSON.stringify({
      ...keys,
      nodes: step.graph.nodes.length,
      peakMB: Math.round((memory('VmHWM') - before) / 1e6),
      seconds: Math.round(seconds * 1000) / 1000,
      firstSeconds: Math.round(first) / 1000,
    }),
  )
}

const [given, mode] = process.argv.slice(2)
if (mode === 'child') await measure(JSON.parse(given))
else {
  for (const keys of given ? [JSON.parse(given)] : [...rows, ...ACCUMULATED]) {
    const { stdout, stderr } = spawnSync(
      'node',
      [fileURLToPath(import.meta.url), JSON.stringify(keys), 'child'],
      {
        encoding: 'utf8',
      },
    )
    process.stdout.write(stdout || stderr)
  }
}
