// How many digits a second the studio draws in the page while their noise is dragged, one jump each, by WebAssembly on one thread,
// how soon the first are there, and how long a digit takes in more steps. `npm run build`, then `node bench/studio-digits.mjs`. Chromium at /usr/bin/chromium, or where
// CHROMIUM says.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { preview } from 'vite'

/** Digits a second that are expected while the noise is dragged. */
const LEAST = 100

const site = await preview({
  configFile: fileURLToPath(new URL('../src/studio/vite.config.ts', import.meta.url)),
  preview: { port: 0, host: '127.0.0.1' },
  logLevel: 'error',
})
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})

/** Runs in the page before all else: counts the digits that are asked for, each once the one before is there. */
const COUNT = `{
  window.drawn = 0
  const own = Worker.prototype.postMessage
  Worker.prototype.postMessage = function (message, ...rest) {
    if (message?.type === 'draw') drawn += message.ask.points.length / 256
    return own.call(this, message, ...rest)
  }
}`
/** Runs in the page: milliseconds from the click on the view until its digits were read. */
const OPEN = `new Promise(resolve => {
  const start = performance.now()
  document.querySelector('main a[href="#digits"]').click()
  const look = () => {
    if (document.querySelector('.digits .said strong')) resolve(performance.now() - start)
    else setTimeout(look, 5)
  }
  look()
})`
/** Runs in the page: drags the noise for four seconds. @returns digits a second */
const DRAG = `new Promise(resolve => {
  const slider = document.querySelector('.morph-bar input')
  const [start, before] = [performance.now(), drawn]
  const turn = now => {
    slider.value = Math.abs(Math.sin((now - start) / 1000))
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    if (now - start < 4000) requestAnimationFrame(turn)
    else resolve((1000 * (drawn - before)) / (now - start))
  }
  requestAnimationFrame(turn)
})`
/** Runs in the page: the slowest answers are over. */
const RESTS = `!document.querySelector('main [aria-busy="true"]')`

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.addInitScript(COUNT)
  await page.goto(`http://127.0.0.1:${site.httpServer.address().port}/`)
  await page.locator('.status').getByText('WebAssembly').waitFor({ state: 'attached' })
  console.log(`first digits ${Math.round(await page.evaluate(OPEN))} ms after the view is opened`)
  const rate = await page.evaluate(DRAG)
  console.log(`while the noise is dragged: ${Math.round(rate)} digits a second, 16 at a time`)
  await page.getByText('More', { exact: true }).click()
  await page.locator('.digit-steps .row').last().waitFor()
  await page.waitForFunction(RESTS, undefined, { timeout: 120_000 })
  for (const text of await page.locator('.digit-steps .told').allTextContents()) console.log(text)
  if (!(rate >= LEAST)) {
    console.error(`expected at least ${LEAST} digits a second`)
    process.exitCode = 1
  }
} finally {
  await browser.close()
  await site.close()
}
