// How soon the studio's page is there (Train, with the distance of the example), and what it downloads for that: the static site, and the same by `oxbow studio`.
// `npm run build`, then `node bench/studio-load.mjs [--loads 5]`. Chromium at /usr/bin/chromium, or where CHROMIUM says.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { gzipSync } from 'node:zlib'
import { preview } from 'vite'
import { median } from '../dist/cli/bench/own.js'
import { serveStudio } from '../dist/studio/server/serve.js'
import { launchChromium } from './chromium.mjs'

const { values } = parseArgs({ options: { loads: { type: 'string', default: '5' } } })
const here = path => fileURLToPath(new URL(path, import.meta.url))
/** Milliseconds that a warm load may take until the example stands there with its number. */
const MOST = 1500

/** Runs in the page: milliseconds to the first paint, to the example's points, and to their distance. */
const SEEN = `new Promise(resolve => {
  let example
  const look = () => {
    if (document.querySelector('.picture[data-samples]')) example ??= performance.now()
    const value = document.querySelector('.standing > div:last-child dd')?.textContent ?? ''
    const [paint] = performance.getEntriesByName('first-contentful-paint')
    if (paint && /^\\d/.test(value)) resolve([paint.startTime, example, performance.now()])
    else setTimeout(look, 5)
  }
  look()
})`

/** Each file with its bytes, as they are and by gzip. */
async function filesOf(page, url) {
  const files = new Map()
  const take = async response => {
    const name = new URL(response.url()).pathname
    if (response.status() !== 200 || name.startsWith('/api/')) return
    const body = await response.body().catch(() => null)
    if (body) files.set(name, { bytes: body.length, gzip: gzipSync(body, { level: 9 }).length })
  }
  const taken = []
  page.on('response', response => taken.push(take(response)))
  await page.goto(url)
  await page.evaluate('window.seen')
  await Promise.all(taken)
  return files
}

async function measure(browser, name, url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  // From the page's beginning: asking it for the first time takes a while by itself.
  await context.addInitScript(`window.seen = ${SEEN}`)
  const page = await context.newPage()
  const files = await filesOf(page, url)
  await page
    .locator('.status')
    .getByText(/WebAssembly|thread/)
    .waitFor({ state: 'attached' })
  const rows = []
  for (let i = 0; i < Number(values.loads); i++) {
    // What trains is there: its start is not to be in the way of the next load.
    await page
      .locator('.status')
      .getByText(/WebAssembly|thread/)
      .waitFor({ state: 'attached' })
    await page.goto('about:blank')
    await page.goto(url)
    rows.push(await page.evaluate('window.seen'))
  }
  await context.close()
  const [paint, example, number] = [0, 1, 2].map(i => rows.map(row => row[i]))
  const words = [
    ['first paint', paint],
    ['example', example],
    ['its distance', number],
  ].map(([what, times]) => `${what} ${median(times).toFixed(0)} (best ${Math.min(...times).toFixed(0)})`)
  console.log(`${name}: ${words.join(', ')} ms; median of ${rows.length} warm loads`)
  return { files, best: Math.min(...number) }
}

function table(files) {
  const kilo = bytes => (bytes / 1000).toFixed(1).padStart(9)
  console.log('\nFirst view, kB       plain     gzip')
  let [plain, small, before] = [0, 0, 0]
  for (const [name, { bytes, gzip }] of [...files].sort(([, a], [, b]) => b.gzip - a.gzip)) {
    console.log(`${name.split('/').at(-1).slice(0, 16).padEnd(17)}${kilo(bytes)}${kilo(gzip)}`)
    plain += bytes
    small += gzip
    if (!name.includes('ort-')) before += gzip
  }
  console.log(
    `${'all'.padEnd(17)}${kilo(plain)}${kilo(small)}, ${kilo(before).trim()} of them without the runtime`,
  )
}

const runs = mkdtempSync(join(tmpdir(), 'oxbow-load-'))
const site = await preview({
  configFile: here('../src/studio/vite.config.ts'),
  preview: { port: 0, host: '127.0.0.1' },
  logLevel: 'error',
})
const studio = await serveStudio({
  host: '127.0.0.1',
  port: 0,
  runs,
  site: here('../dist/studio/site'),
})
const browser = await launchChromium()
try {
  const { files, best } = await measure(
    browser,
    'static site',
    `http://127.0.0.1:${site.httpServer.address().port}/#train`,
  )
  const other = await measure(
    browser,
    'oxbow studio',
    `http://127.0.0.1:${studio.port}/?token=${studio.token}#train`,
  )
  table(files)
  if (Math.max(best, other.best) > MOST) {
    console.error(`expected at most ${MOST} ms at best`)
    process.exitCode = 1
  }
} finally {
  await browser.close()
  await site.close()
  await studio.close()
  rmSync(runs, { recursive: true })
}
