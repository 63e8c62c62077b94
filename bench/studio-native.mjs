// Training from the studio's page on the machine beside `oxbow train` on the same configuration. Alternates, so that a
// busy moment hits both. The page's part is played by a client that reads the reports as the page does.
// npm run build && node bench/studio-native.mjs [steps] [rounds]
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../dist/cli/bench/own.js'
import { decodeMessage, encodeMessage, unframer } from '../dist/studio/engine/wire.js'
import { freshPlan } from '../dist/studio/plan.js'
import { commandOf, recipeOf } from '../dist/studio/recipe.js'
import { serveStudio } from '../dist/studio/server/serve.js'

const STEPS = Number(process.argv[2] ?? 3000)
const ROUNDS = Number(process.argv[3] ?? 7)
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))

const folder = mkdtempSync(join(tmpdir(), 'oxbow-native-'))

writeFileSync(join(folder, 'index.html'), '')
const plan = { ...freshPlan, stages: [{ ...freshPlan.stages[0], steps: STEPS }] }
const studio = await serveStudio({ host: '127.0.0.1', port: 0, runs: folder, site: folder })

const ask = (path, { body, method = 'GET' } = {}) =>
  fetch(`http://127.0.0.1:${studio.port}/api/${path}`, {
    method,
    body,
    // The command line's turn is longer than a line without a request stays open.
    headers: { authorization: `Bearer ${studio.token}`, 'x-oxbow-page': 'bench', connection: 'close' },
  })

let onReport = () => {}
let bytes = 0
const { body } = await ask('reports')
const take = unframer(message => onReport(decodeMessage(message)))
const reading = (async () => {
  for await (const piece of body) {
    bytes += piece.length
    take(piece)
  }
})().catch(() => {})

/** Milliseconds of a step from the report that a training is open and its target measured to the last. */
async function fromPage(run) {
  let begun
  let reports = 0
  const done = new Promise((resolve, reject) => {
    onReport = report => {
      if (report.type === 'refused') reject(new Error(report.message))
      if (report.type !== 'progress') return
      if (report.distance) begun ??= performance.now()
      reports++
      if (report.goal === null) resolve(performance.now())
    }
  })
  await ask('runs', { method: 'POST', body: encodeMessage({ type: 'open', run, plan }) })
  const ms = ((await done) - begun) / STEPS
  await ask('commands', { method: 'POST', body: encodeMessage({ type: 'close', run }) })
  return { ms, perSecond: (1000 * reports) / (ms * STEPS) }
}

/** The same by the command line. */
function fromCommand(out) {
  const [run] = recipeOf(plan).runs
  const words = commandOf({ ...run, directory: out })
    .split(' ')
    .slice(2)
  return JSON.parse(execFileSync('node', [MAIN, ...words, '--json'], { encoding: 'utf8', stdio: 'pipe' }))
    .msPerStep
}

const [page, command, rates] = [[], [], []]
for (let round = 0; round < ROUNDS; round++) {
  const { ms, perSecond } = await fromPage(`run-${round}`)
  page.push(ms)
  rates.push(perSecond)
  command.push(fromCommand(join(folder, `run-${round}`)))
}
await studio.close()
await reading
rmSync(folder, { recursive: true })
/** Of a step's time from the page to that of the command line. */
const MOST = 1.1
const ratio = median(page.map((ms, i) => ms / command[i]))
console.log(
  `${plan.stages[0].objective}, ${STEPS} steps: from the page ${median(page).toFixed(3)} ms a step ` +
    `(${median(rates).toFixed(1)} reports a second, ${Math.round(bytes / ROUNDS / 1024)} KiB a training), ` +
    `oxbow train ${median(command).toFixed(3)} ms; ratio ${ratio.toFixed(3)} (median of ${ROUNDS} pairs)`,
)
if (ratio > MOST) {
  console.error(`expected at most ${MOST}`)
  process.exitCode = 1
}
