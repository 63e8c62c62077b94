// Training steps on the compiled engine beside ONNX Runtime: the table of docs/performance.md.
//
//   npm run build:cli && npm run build:native && node bench/native.mjs
//
// Each engine has a process of its own for each row, so that the threads of one do not wait beside the other; rounds alternate,
// and the median of their fastest chunks counts. With two arguments it is such a process: threads, and keys of the configuration.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { median } from '../dist/cli/bench/own.js'
import { pointOf, resolveConfig } from '../dist/config/index.js'
import { generatedDataset } from '../dist/data/catalogue.js'
import { compileScan } from '../dist/runtime/node.js'
import { batchSource } from '../dist/training/batches.js'
import { buildStep } from '../dist/training/step.js'

const ROUNDS = 3
const SECONDS = 1
const ring = { network: { frequencies: 8 } }
const dit = { data: 'glyphs', batch: 64, network: { kind: 'dit', patch: 4, width: 96, depth: 4, heads: 4 } }
const rows = {
  'psd, 512': { objective: 'psd', ...ring },
  'lsd, 512': { objective: 'lsd', ...ring },
  'meanflow, 512': { objective: 'meanflow', ...ring },
  'psd, 4,096': { objective: 'psd', batch: 4096, ...ring },
  'psd, 16,384': { objective: 'psd', batch: 16384, ...ring },
  'dit, psd': { objective: 'psd', ...dit },
  'dit, meanflow': { objective: 'meanflow', ...dit },
}

/** Milliseconds of a step, the fastest of many chunks. */
async function time(threads, user) {
  const config = resolveConfig(user)
  const dataset = generatedDataset(config.data)
  const { graph, state, players, turns } = buildStep(config, pointOf(config, dataset))
  const chunk = config.network.kind === 'dit' || config.batch > 2048 ? 2 : 25
  const inputs = batchSource(config, dataset, turns).draw(1, chunk)
  const start = state.map(name => new Float32Array(players[0].size).fill(name.endsWith('first') ? 0 : 0.01))
  const program = await compileScan(graph, state.length, { threads })
  let best = Infinity
  for (const end = performance.now() + 1000 * SECONDS; performance.now() < end; ) {
    const from = performance.now()
    await program.run([...start, ...inputs])
    best = Math.min(best, (performance.now() - from) / chunk)
  }
  return best
}

const [threads, keys] = process.argv.slice(2)
if (keys) {
  console.log(await time(Number(threads), JSON.parse(keys)))
  process.exit()
}
const self = fileURLToPath(import.meta.url)
const measured = (engine, count, user) =>
  Number(
    execFileSync(process.execPath, [self, `${count}`, JSON.stringify(user)], {
      encoding: 'utf8',
      env: { ...process.env, OXBOW_ENGINE: engine },
    }),
  )
console.log('| step | threads | own engine | ONNX Runtime |\n| --- | ---: | ---: | ---: |')
for (const [name, user] of Object.entries(rows)) {
  for (const count of [1, 2]) {
    const found = { native: [], onnx: [] }
    for (let round = 0; round < ROUNDS; round++) {
      for (const engine of Object.keys(found)) found[engine].push(measured(engine, count, user))
    }
    const [own, onnx] = Object.values(found).map(times => median(times).toPrecision(3))
    console.log(`| ${name} | ${count} | ${own} | ${onnx} |`)
  }
}
