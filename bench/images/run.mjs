// Trains and measures velocities and flow maps on pictures, then writes docs/images.md.
//
//   npm run images                      everything that is missing: glyphs, then MNIST; hours on two cores
//   npm run images -- glyphs            one dataset
//   npm run images -- mnist mnist-psd   some rows of it, and what they begin with
//   npm run images -- --jobs 1          one row at a time (default: 2, each with one thread)
//   npm run images -- --train           trained and not measured yet
//   npm run images -- --report          the page alone, from what is there
//
// Stop it at any time: the same command goes on where it was. Runs are in runs/images.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { rowsOf } from './plan.mjs'
import { writeReport } from './report.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const OUT = join(ROOT, 'runs', 'images')
const MAIN = join(ROOT, 'dist', 'cli', 'main.js')
const SETS = ['glyphs', 'mnist']
/** Samples of each measurement: what metrics compare, and what one row may take. */
const COUNT = 5000
const METRICS = 'featureFrechetDistance,classAccuracy,classCoverage,memorised'

const { values, positionals: asked } = parseArgs({
  options: {
    jobs: { type: 'string', default: '2' },
    train: { type: 'boolean', default: false },
    report: { type: 'boolean', default: false },
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
const chosen = new Set()
const choose = row => {
  for (const name of needs(row)) choose(all.find(other => other.name === name))
  chosen.add(row)
}
const picked = asked.filter(name => !SETS.includes(name))
for (const row of all) {
  if (picked.length > 0 ? picked.includes(row.name) : asked.length === 0 || asked.includes(row.set))
    choose(row)
}

const runOf = name => join(OUT, name)
const resultOf = name => join(OUT, `${name}.result.json`)
const withRuns = value => {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
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
  const file = join(OUT, `${name}.json`)
  writeFileSync(file, JSON.stringify(withRuns(config), null, 2))
  const begun = existsSync(join(out, 'config.json'))
  const start = Date.now()
  await oxbow(name, ['train', '--out', out, ...(begun ? ['--resume'] : ['--config', file])])
  return (Date.now() - start) / 1000
}

async function measure({ name, sampled }) {
  const rows = []
  for (const { method, steps, guidance } of sampled) {
    const args = ['evaluate', runOf(name), '--steps', steps.join(), '--method', method, '--count', `${COUNT}`]
    const scale = guidance === undefined ? [] : ['--guidance', `${guidance}`]
    const text = await oxbow(name, [
      ...[...args, ...scale, '--metrics', METRICS, '--weights', 'ema', '--no-report', '--json'],
    ])
    const { rows: found } = JSON.parse(text)
    rows.push(...found.map(row => ({ ...row, guidance: guidance ?? null })))
  }
  return rows
}

const readResult = ({ name }) =>
  existsSync(resultOf(name)) ? JSON.parse(readFileSync(resultOf(name), 'utf8')) : {}
function save(row, result) {
  const file = resultOf(row.name)
  writeFileSync(`${file}.pending`, JSON.stringify({ ...row, ...result }))
  renameSync(`${file}.pending`, file)
}

async function trainRow(row) {
  if (readResult(row).seconds !== undefined) return
  save(row, { seconds: await train(row) })
  console.error(`${row.name}: trained`)
}

async function measureRow(row) {
  const { seconds, rows } = readResult(row)
  if (rows || values.train) return
  save(row, { seconds, rows: await measure(row) })
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

mkdirSync(OUT, { recursive: true })
if (!values.report) await doAll()
if (process.exitCode !== 130) writeReport(ROOT, OUT, all)
