// Training steps in a browser, on the engine of the page with one thread and with two, beside ONNX Runtime Web with one: milliseconds
// of a step.
//
//   npm run build:cli && node bench/page-engine.mjs        Chromium at /usr/bin/chromium, or where CHROMIUM says
//
// Engines take turns in one worker; the median of rounds counts.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const ONNX = dirname(createRequire(import.meta.url).resolve('onnxruntime-web'))
const ROWS = [
  ['psd', { objective: 'psd', batch: 256 }],
  ['psd', { objective: 'psd', batch: 512 }],
  ['lsd', { objective: 'lsd', batch: 512 }],
  ['meanflow', { objective: 'meanflow', batch: 512 }],
]
const ROUNDS = 5

const worker = `
import { pointOf, resolveConfig } from '${ROOT}dist/config/index.js'
import { datasets } from '${ROOT}dist/data/built-in.js'
import { pageRuntime } from '${ROOT}dist/runtime/in-page.js'
import * as onnx from '${ROOT}dist/runtime/web.js'
import { takePart, wasmEngine } from '${ROOT}dist/runtime/cpu/wasm.js'
import { batchSource } from '${ROOT}dist/training/batches.js'
import { buildStep } from '${ROOT}dist/training/step.js'

const CHUNK = 10
const start = part =>
  new Promise(done => {
    const worker = new Worker(self.location.href, { type: 'module' })
    worker.onmessage = () => done(worker)
    worker.postMessage({ part })
  })
async function measure(user) {
  const config = resolveConfig({ network: { frequencies: 8 }, ...user })
  const dataset = datasets.ring.create()
  const { graph, state, players, turns } = buildStep(config, pointOf(config, dataset))
  const inputs = batchSource(config, dataset, turns).draw(1, CHUNK)
  const begin = state.map(name => new Float32Array(players[0].size).fill(name.endsWith('first') ? 0 : 0.01))
  const none = () => Promise.reject(new Error('not needed'))
  const engines = [pageRuntime(none), pageRuntime(none, { threads: 2, start }), onnx]
  const programs = engines.map(runtime => runtime.compileScan(graph, state.length))
  const times = engines.map(() => [])
  for (let round = 0; round < ${ROUNDS}; round++) {
    for (let i = 0; i < engines.length; i++) {
      const program = await programs[i]
      await program.run([...begin, ...inputs])
      const from = performance.now()
      for (let k = 0; k < 5; k++) await program.run([...begin, ...inputs])
      times[i].push((performance.now() - from) / (5 * CHUNK))
    }
  }
  return times.map(all => all.sort((a, b) => a - b)[all.length >> 1])
}
self.onmessage = async ({ data }) => {
  if (data.part) return takePart(data.part, () => self.postMessage('ready'))
  onnx.setRuntimeFiles({ wasm: data.origin + '/ort-wasm-simd-threaded.wasm' })
  try {
    self.postMessage({ times: await measure(data.user), instructions: wasmEngine().instructions() })
  } catch (error) {
    self.postMessage({ error: String(error.stack ?? error) })
  }
}
`
const { outputFiles } = await build({
  stdin: { contents: worker, resolveDir: ROOT, loader: 'js' },
  bundle: true,
  format: 'esm',
  platform: 'browser',
  write: false,
  logLevel: 'error',
})
const files = {
  '/': ['text/html', '<!doctype html><title>bench</title>'],
  '/favicon.ico': ['image/x-icon', ''],
  '/worker.js': ['text/javascript', outputFiles[0].text],
}
const server = createServer(({ url }, response) => {
  const [type, body] = files[url] ?? [
    url.endsWith('.wasm') ? 'application/wasm' : 'text/javascript',
    readFileSync(join(ONNX, url.slice(1))),
  ]
  response
    .writeHead(200, {
      'content-type': type,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    })
    .end(body)
}).listen(0, '127.0.0.1')
await new Promise(resolve => server.once('listening', resolve))
const origin = `http://127.0.0.1:${server.address().port}`
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
const page = await browser.newPage()
await page.goto(origin)
console.log('| step | batch | page, ms | two threads | ONNX Runtime Web | ratio | with two threads |')
console.log('| --- | ---: | ---: | ---: | ---: | ---: | ---: |')
let instructions
for (const [name, user] of ROWS) {
  const found = await page.evaluate(
    ([origin, user]) =>
      new Promise(resolve => {
        const worker = new Worker(`${origin}/worker.js`, { type: 'module' })
        worker.onmessage = ({ data }) => {
          worker.terminate()
          resolve(data)
        }
        worker.onerror = event => resolve({ error: event.message })
        worker.postMessage({ origin, user })
      }),
    [origin, user],
  )
  if (found.error) throw new Error(found.error)
  instructions = found.instructions
  const [own, two, onnx] = found.times
  const cells = [own, two, onnx, onnx / own, onnx / two].map(value => value.toFixed(2))
  console.log(`| ${name} | ${user.batch} | ${cells.join(' | ')} |`)
}
console.log(`\nChromium ${browser.version()}, ${instructions}`)
await browser.close()
server.close()
