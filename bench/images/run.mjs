// Trains and measures velocities and flow maps on pictures, then writes docs/images.md.
//
//   npm run images                      everything that is missing: glyphs, then MNIST; hours on two cores
//   npm run images -- glyphs            one dataset
//   npm run images -- mnist mnist-psd   some rows of it, and what they begin with
//   npm run images -- --jobs 1          one row at a time (default: 2, each with one thread)
//   npm run images -- --train           trained and not measured yet
//   npm run images -- --report          the page alone, from what is there
//   npm run images -- --time            how long a step of each row takes, for the plan, where step-times.json does not say;
//                                       when the velocities are trained
//
// Stop it at any time: the same command goes on where it was. Runs are in runs/images. What was measured is kept in
// docs/images.json, so that a fresh clone trains what is missing there and what that begins with, and nothing else.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { rowsOf, SETS } from './plan.mjs'
import { isSame, publishedOf, readPublished, writeReport } from './report.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const OUT = join(ROOT, 'runs', 'images')
const MAIN = join(ROOT, 'dist', 'cli', 'main.js')
/** Samples of each measurement: what metrics compare, and what one row may take. */
const COUNT = 5000
/** Glyphs are drawn anew each time, so that there is nothing to copy. */
const METRICS = {
  glyphs: 'featureFrechet,classAccuracy,classCoverage',
  mnist: 'featureFrechet,classAccuracy,classCoverage,memorised',
}
const FEATURES = { glyphs: 'glyphs-16.onnx', mnist: 'mnist.onnx' }

const { values, positionals: asked } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2' },
    train: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
    time: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const all = SETS.flatMap(rowsOf)
const unknown = asked.find(name => !SETS.includes(name) && !all.some(row => row.name === name))
if (unknown) {
  console.error(
    `images: no dataset or row ${unknown}; known: ${[...SETS, ...all.map(({ name }) => name)].join(', ')}`,
  )
  process.exit(2)
}

/** The rows that a row's configuration names. */
const needs = row => JSON.stringify(row.config).match(/(?<="run":")[^"]+/g) ?? []
const published = readPublished(ROOT)
const chosen = new Set()
const choose = row => {
  for (const name of needs(row)) choose(all.find(other => other.name === name))
  chosen.add(row)
}
const runOf = name => join(OUT, name)
const resultOf = name => join(OUT, `${name}.result.json`)
const localResult = ({ name }) =>
  existsSync(resultOf(name)) ? JSON.parse(readFileSync(resultOf(name), 'utf8')) : {}
/** What was measured of a row here, or is published of the same configuration. */
const measuredOf = row => localResult(row).rows ?? publishedOf(published, row)?.rows

const picked = asked.filter(name => !SETS.includes(name))
const isAsked = row =>
  picked.length > 0 ? picked.includes(row.name) : asked.length === 0 || asked.includes(row.set)
for (const row of all) if (isAsked(row) && !measuredOf(row)) choose(row)
const withRuns = value => {
  if (Array.isArray(value)) return value.map(withRuns)
  if (typeof value !== 'object' || value === null) return value
  if (typeof value.run === 'string') return runOf(value.run)
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withRuns(inner)]))
}

const children = new Set()
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    for (const child of children) child.kill('SIGTERM')
    process.exitCode = 130
  })
}

/** Runs the command line; its log goes to a file beside the run. */
function oxbow(name, args) {
  const child = spawn(process.execPath, [MAIN, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, OXBOW_THREADS: '1' },
  })
  children.add(child)
  let text = ''
  child.stdout.setEncoding('utf8').on('data', part => {
    text += part
  })
  return new Promise((resolve, reject) => {
    child.once('close', code => {
      children.delete(child)
      if (code === 0) resolve(text)
      else reject(new Error(`${name}: oxbow ${args[0]} ended with code ${code}`))
    })
  })
}

async function train({ name, config }) {
  const out = runOf(name)
  if (config.merged) {
    await oxbow(name, ['merge', ...withRuns(config.merged), '--out', out])
    return 0
  }
  if (config.classifier) {
    await oxbow(name, ['features', config.classifier, '--seed', `${config.seed}`, '--out', out])
    return 0
  }
  const file = join(OUT, `${name}.json`)
  writeFileSync(file, JSON.stringify(withRuns(config), null, 2))
  const begun = existsSync(join(out, 'config.json'))
  await oxbow(name, ['train', '--out', out, ...(begun ? ['--resume'] : ['--config', file])])
  return secondsOf(out)
}

/** Seconds of all steps of a run, however often it was stopped: of one that was only converted, none. */
function secondsOf(out) {
  const log = join(out, 'metrics.jsonl')
  if (!existsSync(log)) return 0
  const lines = readFileSync(log, 'utf8').trim().split('\n').filter(Boolean)
  const steps = lines.map(line => JSON.parse(line))
  return steps.reduce(
    (sum, { step, stepsPerSecond }, i) => sum + (step - (steps[i - 1]?.step ?? 0)) / stepsPerSecond,
    0,
  )
}

async function measure({ name, set, sampled }) {
  const rows = []
  for (const { method, steps, guidance, onJumps } of sampled) {
    const args = ['evaluate', runOf(name), '--steps', steps.join(), '--method', method, '--count', `${COUNT}`]
    // Named, since data of some digits alone are other data.
    args.push('--features', join(ROOT, 'features', FEATURES[set]))
    const scale =
      guidance === undefined ? [] : ['--guidance', `${guidance}`, ...(onJumps ? ['--guidance-on-jumps'] : [])]
    const text = await oxbow(name, [
      ...[...args, ...scale, '--metrics', METRICS[set], '--weights', 'ema', '--no-report', '--json'],
    ])
    const { rows: found } = JSON.parse(text)
    rows.push(...found.map(row => ({ ...row, guidance: guidance ?? null, onJumps: onJumps ?? false })))
  }
  return rows
}

/** How far the gradient leaps: its norm in the worst step of a thousand over the median, when training has begun. */
function spikeOf(name) {
  const lines = readFileSync(join(runOf(name), 'metrics.jsonl'), 'utf8')
    .trim()
    .split('\n')
    .slice(200)
  const norms = lines.map(each => JSON.parse(each).gradientNorm).sort((a, b) => a - b)
  return norms[Math.floor(0.999 * norms.length)] / norms[Math.floor(norms.length / 2)]
}

function save(row, result) {
  const file = resultOf(row.name)
  writeFileSync(`${file}.pending`, JSON.stringify({ ...row, ...result }))
  renameSync(`${file}.pending`, file)
}

async function trainRow(row) {
  const { seconds, config } = localResult(row)
  if (seconds !== undefined) {
    if (!isSame(config, row.config)) {
      console.error(
        `${row.name}: was trained by another plan; delete runs/images/${row.name}* to train it anew`,
      )
    }
    return
  }
  save(row, { seconds: await train(row) })
  console.error(`${row.name}: trained`)
}

async function measureRow(row) {
  if (measuredOf(row) || values.train) return
  const { seconds, config } = localResult(row)
  const found = await measure(row)
  save(row, { seconds, config, rows: found, ...(row.part === 'spikes' && { spike: spikeOf(row.name) }) })
  console.error(`${row.name}: measured`)
}

async function doAll() {
  const waiting = new Set(chosen)
  const [done, failed] = [new Set(), new Map()]
  const next = () => [...waiting].find(row => needs(row).every(name => done.has(name)))
  const worker = async () => {
    while (process.exitCode === undefined && waiting.size > 0) {
      const row = next()
      if (!row) {
        const isLost = [...waiting].every(row => needs(row).some(name => failed.has(name) && !done.has(name)))
        if (isLost) return
        await new Promise(resolve => setTimeout(resolve, 1000))
        continue
      }
      waiting.delete(row)
      try {
        await trainRow(row)
        done.add(row.name)
        await measureRow(row)
      } catch (error) {
        failed.set(row.name, error.message)
        console.error(`images: ${error.message}`)
      }
    }
  }
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker))
  if (failed.size > 0) process.exitCode = 1
}

/** Milliseconds of a step of each row. */
async function time() {
  const file = new URL('step-times.json', import.meta.url)
  const found = JSON.parse(readFileSync(file, 'utf8'))
  for (const row of chosen) {
    if (found[row.set][row.timed] !== undefined || row.config.steps === 0) continue
    const coupling = row.config.coupling && { ...row.config.coupling, pairs: 64 }
    // What a row begins with may not be there yet; its velocity takes as long.
    const own = JSON.parse(
      JSON.stringify(row.config).replace(/"run":"[^".]+"/g, `"run":"${row.set}-velocity"`),
    )
    const config = {
      ...own,
      ...(coupling && { coupling }),
      schedule: {},
      steps: 60,
      logEvery: 20,
      checkpointEvery: 60,
    }
    const out = join(OUT, 'timed')
    rmSync(out, { recursive: true, force: true })
    writeFileSync(`${out}.json`, JSON.stringify(withRuns(config)))
    await oxbow(row.name, ['train', '--out', out, '--config', `${out}.json`])
    const lines = readFileSync(join(out, 'metrics.jsonl'), 'utf8').trim().split('\n')
    // The fastest five steps: whatever else the machine does only adds to them.
    const rate = Math.max(...lines.slice(1).map(each => JSON.parse(each).stepsPerSecond))
    found[row.set][row.timed] = Math.round(1000 / rate)
    console.error(`${row.set} ${row.timed}: ${found[row.set][row.timed]} ms`)
    writeFileSync(file, `${JSON.stringify(found, null, 2)}\n`)
  }
}

mkdirSync(OUT, { recursive: true })
if (values.time) {
  await time()
  process.exit()
}
if (!values.report) await doAll()
if (process.exitCode !== 130) writeReport(ROOT, all, all.map(localResult))
