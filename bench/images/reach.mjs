// After how many steps one jump of a map is recognised in 90 % of samples, with mid-training before it and without (X8 of docs/images.md):
//
//   npm run build:cli && node bench/images/reach.mjs
//
// It begins with runs/images/glyphs-velocity and runs/images/glyphs-cmt, which `npm run images -- glyphs-cmt` trains. Of the raw weights, as
// an average still holds the beginning; the rate of learning stays the same after its warm-up.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rowsOf } from './plan.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const MAIN = join(ROOT, 'dist', 'cli', 'main.js')
const RUNS = join(ROOT, 'runs', 'images')
const WANTED = 0.9
const EVERY = 25
const MOST = 1000
const COUNT = 2000

const missing = ['glyphs-velocity', 'glyphs-cmt'].filter(name => !existsSync(join(RUNS, name)))
if (missing.length > 0) {
  console.error(`reach: ${missing.join(' and ')} not trained; npm run images -- glyphs-cmt`)
  process.exit(2)
}
const folder = mkdtempSync(join(tmpdir(), 'oxbow-reach-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
const oxbow = args =>
  execFileSync(process.execPath, [MAIN, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

function accuracyOf(run) {
  const features = join(ROOT, 'features', 'glyphs-16.onnx')
  const own = [
    '--steps',
    '1',
    '--count',
    `${COUNT}`,
    '--weights',
    'raw',
    '--metrics',
    'classAccuracy',
    '--features',
    features,
  ]
  const { rows } = JSON.parse(oxbow(['evaluate', run, ...own, '--no-report', '--json']))
  return rows[0].metrics.classAccuracy.value
}

console.log(
  `| row | begins with | steps to ${100 * WANTED} % in one jump | accuracy there, % |\n| --- | --- | ---: | ---: |`,
)
for (const name of ['glyphs-meanflow', 'glyphs-cmt-meanflow']) {
  const { config } = rowsOf('glyphs').find(row => row.name === name)
  const begun = config.initFrom.run
  const file = join(folder, `${name}.json`)
  const run = join(folder, name)
  const schedule = { kind: 'constant', warmup: EVERY }
  const plan = { ...config, initFrom: join(RUNS, begun), schedule, steps: EVERY, checkpointEvery: EVERY }
  writeFileSync(file, JSON.stringify(plan))
  let steps = EVERY
  oxbow(['train', '--config', file, '--out', run])
  let accuracy = accuracyOf(run)
  while (accuracy < WANTED && steps < MOST) {
    steps += EVERY
    oxbow(['train', '--resume', '--out', run, '--steps', `${steps}`])
    accuracy = accuracyOf(run)
  }
  const reached = accuracy < WANTED ? `not in ${MOST}` : steps
  console.log(
    `| \`${name.slice(7)}\` | \`${begun.slice(7)}\` | ${reached} | ${(100 * accuracy).toFixed(1)} |`,
  )
}
