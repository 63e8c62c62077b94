// Whether memory grows in an hour of training, of sampling, and of the studio under 200 clients.
//
//   npm run build && node bench/soak.mjs [--minutes 60] [--clients 200] [--out FILE]
//
// Three processes and what they start are watched: `oxbow train` on one long run, a program that samples a map again and again, and
// `oxbow studio`. Each collects its garbage twice a minute and writes what it holds. The first third is the warm-up; growth is the median
// of the last third over that of the second. Every client opens the page, and is let in, refused or left out as the limits have it; some
// train, ask for samples, and leave without a word. All of it is on loopback.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { median } from '../dist/cli/bench/own.js'
import { random } from '../dist/random/random.js'
import { decodeMessage, encodeMessage, unframer } from '../dist/studio/engine/wire.js'
import { freshPlan } from '../dist/studio/plan.js'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '60' },
    clients: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
})
const [minutes, clients] = [Number(values.minutes), Number(values.clients)]
const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
const INDEX = new URL('../dist/index.js', import.meta.url).href
const work = mkdtempSync(join(tmpdir(), 'oxbow-soak-'))
const logs = join(work, 'memory')
mkdirSync(logs)

/** Milliseconds between two looks at a process's memory. */
const LOOK = 30_000
/** Trainings in the studio that go on at once: its limits allow more, one machine's processors do not. */
const TRAINED = 2

// In every process: what is left after garbage is collected, in bytes.
const probe = join(work, 'probe.mjs')
writeFileSync(
  probe,
  `import { appendFileSync } from 'node:fs'
const look = () => {
  globalThis.gc()
  const { rss, heapUsed, external } = process.memoryUsage()
  appendFileSync(${JSON.stringify(logs)} + '/' + process.pid, JSON.stringify({ time: Date.now(), rss, held: heapUsed + external }) + '\\n')
}
setInterval(look, ${LOOK}).unref()
`,
)
const env = { ...process.env, NODE_OPTIONS: `--expose-gc --import ${probe}` }

const children = []
function start(name, args, errors = 'inherit') {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', errors] })
  children.push({ name, child })
  child.once('exit', code => {
    if (!ended) {
      console.error(`soak: ${name} ended with ${code}`)
      process.exitCode = 1
      finish()
    }
  })
  return child
}

let ended = false
function finish() {
  ended = true
  for (const { child } of children) child.kill('SIGTERM')
}
process.once('SIGINT', finish)

const wait = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds))
const source = random(0, 'soak')
const between = (low, high) => low + (high - low) * source.uniform()

const runs = join(work, 'runs')
const firstLine = async (stream, pattern) => {
  for await (const line of createInterface({ input: stream })) {
    const found = pattern.exec(line)
    if (found) return found[0]
  }
}

/** What was seen of all clients. */
const seen = { requests: 0, refused: 0, failed: 0, reports: 0, answers: 0, trained: 0, left: 0, reset: 0 }
let training = 0

/** One visit of a client: the page, its stream, perhaps a training, and away. */
async function visit(base, token, page) {
  const ask = async (path, { method = 'GET', body, signal } = {}) => {
    seen.requests++
    const response = await fetch(`${base}api/${path}`, {
      method,
      body,
      signal,
      headers: { authorization: `Bearer ${token}`, 'x-oxbow-page': page },
    })
    if (!response.ok) {
      if (response.status === 429) seen.refused++
      else {
        seen.failed++
        console.error(`soak: ${method} ${path} is answered by ${response.status}`)
      }
      await response.arrayBuffer()
      return null
    }
    return response
  }
  const readAll = async response => response?.arrayBuffer()
  seen.requests++
  await readAll(await fetch(base))
  await readAll(await ask('hello'))
  await readAll(await ask('saved'))
  const stop = new AbortController()
  const stream = await ask('reports', { signal: stop.signal })
  if (!stream) return wait(between(2000, 10_000))
  const take = unframer(message => {
    const { type } = decodeMessage(message)
    if (type === 'progress') seen.reports++
    if (type === 'answer') seen.answers++
  })
  const listening = (async () => {
    try {
      for await (const piece of stream.body) take(piece)
    } catch {
      // The stream ends where the client goes.
    }
  })()
  const send = async (path, command) =>
    readAll(await ask(path, { method: 'POST', body: encodeMessage(command) }))
  const trains = training < TRAINED
  if (trains) training++
  try {
    const run = 'a'
    if (trains && (await send('runs', { type: 'open', run, plan: freshPlan }))) {
      seen.trained++
      await send('commands', { type: 'play', run })
      for (let id = 1; id <= 5 && !ended; id++) {
        await wait(between(1000, 4000))
        const question = { steps: 1 + (id % 4), method: 'jump', weights: 'ema', count: 500, seed: id }
        await send('commands', { type: 'ask', run, id, name: 'samples', ask: question })
      }
    }
    for (const until = Date.now() + between(5000, 60_000); Date.now() < until && !ended; await wait(5000))
      await readAll(await ask('alive', { method: 'POST' }))
    // One in three closes its window without a word.
    if (source.uniform() < 2 / 3) {
      seen.left++
      await readAll(await ask('leave', { method: 'POST' }))
    }
  } finally {
    if (trains) training--
    stop.abort()
    await listening
  }
}

async function client(base, token, number) {
  await wait(between(0, 20_000))
  for (let turn = 0; !ended; turn++) {
    try {
      await visit(base, token, `page-${number}-${turn}`)
    } catch (error) {
      // A kept connection that the server ends while it is taken up again: a browser asks once more.
      if (error.cause?.code === 'ECONNRESET') seen.reset++
      else if (!ended) {
        seen.failed++
        console.error(`soak: client ${number}: ${error.cause?.message ?? error.message}`)
      }
    }
    await wait(between(500, 3000))
  }
}

const quick = ['--data', 'ring', '--objective', 'psd', '--batch', '128']
await new Promise((resolve, reject) => {
  spawn(process.execPath, [MAIN, 'train', ...quick, '--steps', '200', '--out', join(runs, 'map')], {
    stdio: 'ignore',
  }).once('exit', code => (code === 0 ? resolve() : reject(new Error(`the map was not trained: ${code}`))))
})
const started = Date.now()
// Its progress goes to standard error.
start(
  'training',
  [MAIN, 'train', ...quick, '--steps', '50000000', '--checkpointEvery', '2000', '--out', join(runs, 'long')],
  'ignore',
).stdout.resume()
start('sampling', [
  '--input-type=module',
  '--eval',
  `import { drawNoise, load, sample, uniformGrid } from ${JSON.stringify(INDEX)}
const map = await load(${JSON.stringify(join(runs, 'map'))})
for (let seed = 0; ; seed++) {
  await sample(map, drawNoise(2000, 2, seed), { grid: uniformGrid(1 + seed % 4) })
  await new Promise(resolve => setTimeout(resolve, 20))
}`,
]).stdout.resume()
const studio = start('studio', [MAIN, 'studio', '--port', '0', '--no-open', '--runs', runs])
const url = new URL(await firstLine(studio.stdout, /http:\S+/))
studio.stdout.resume()
const token = url.searchParams.get('token')
url.search = ''
const visitors = Array.from({ length: clients }, (_, number) => client(url.href, token, number))

while (!ended && Date.now() - started < 60_000 * minutes) await wait(1000)
finish()
await Promise.allSettled(visitors)

const third = (20_000 * minutes) | 0
const megabytes = bytes => `${(bytes / 2 ** 20).toFixed(1)} MiB`
function report({ name, child }) {
  const lines = readFileSync(join(logs, String(child.pid)), 'utf8')
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  const within = (from, key) =>
    median(
      lines
        .filter(({ time }) => time - started >= from && time - started < from + third)
        .map(each => each[key]),
    )
  const cells = ['held', 'rss'].flatMap(key => {
    const [before, after] = [within(third, key), within(2 * third, key)]
    return [megabytes(before), megabytes(after), `${(100 * (after / before - 1)).toFixed(2)} %`]
  })
  return `| ${name} | ${cells.join(' | ')} |`
}
const text = [
  `${minutes} minutes, ${clients} clients: ${JSON.stringify(seen)}; ${readdirSync(logs).length} processes in all`,
  '',
  '| process | held, second third | last third | growth | resident, second third | last third | growth |',
  '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
  ...children.map(report),
].join('\n')
console.log(text)
if (values.out) writeFileSync(values.out, `${text}\n`)
rmSync(work, { recursive: true, force: true })
