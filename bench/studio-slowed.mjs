// How the studio's page keeps up on a slow device: Chromium with its processor slowed, as its tools for developers do it.
// `npm run build`, then `node bench/studio-slowed.mjs [--loads 5] [--slowed 1,4]`: for each factor the first picture of Play and the first in which
// points have moved, of warm loads; frames while a network trains in the page; and how soon a slider answers.
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { preview } from 'vite'
import { median } from '../dist/cli/bench/own.js'
import { launchChromium } from './chromium.mjs'

const { values } = parseArgs({
  options: { loads: { type: 'string', default: '5' }, slowed: { type: 'string', default: '1,4' } },
})
const here = path => fileURLToPath(new URL(path, import.meta.url))
/** Milliseconds that frames are counted for. */
const WATCHED = 8000
const PRESSES = 40

const share = (sorted, part) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]
const ascending = list => [...list].sort((a, b) => a - b)

/** Runs in the page: milliseconds to the first picture of the stage, and to the first that is another one. */
const MOVED = `new Promise(resolve => {
  let first
  let when
  const look = () => {
    const canvas = document.querySelector('.play .stage canvas')
    if (canvas && canvas.width > 1) {
      const { width, height } = canvas
      const { data } = canvas.getContext('2d').getImageData(0, height / 4, width, height / 2)
      let sum = 0
      for (let i = 3; i < data.length; i += 64) sum += data[i]
      if (sum > 0 && first === undefined) { first = sum; when = performance.now() }
      else if (first !== undefined && sum !== first) return resolve([when, performance.now()])
    }
    requestAnimationFrame(look)
  }
  requestAnimationFrame(look)
})`

/** Runs in the page: milliseconds between frames. */
const FRAMES = `new Promise(resolve => {
  const times = []
  const turn = now => {
    times.push(now)
    if (now - times[0] < ${WATCHED}) requestAnimationFrame(turn)
    else resolve(times.slice(1).map((time, i) => time - times[i]))
  }
  requestAnimationFrame(turn)
})`

/** Runs in the page: milliseconds from a key on the slider to the frame after what it changed. */
const ANSWERS = `(async () => {
  const slider = document.querySelector('main input[type=range]')
  const times = []
  for (let i = 0; i < ${PRESSES}; i++) {
    await new Promise(resolve => setTimeout(resolve, 60))
    const from = performance.now()
    slider.value = String(0.2 + 0.01 * (i % 40))
    slider.dispatchEvent(new Event('input', { bubbles: true }))
    await new Promise(resolve => requestAnimationFrame(() => setTimeout(resolve)))
    times.push(performance.now() - from)
  }
  return times
})()`

const site = await preview({
  configFile: here('../src/studio/vite.config.ts'),
  preview: { port: 0, host: '127.0.0.1' },
  logLevel: 'error',
})
const url = `http://127.0.0.1:${site.httpServer.address().port}/`
const browser = await launchChromium()

/** A page whose processor is slowed so many times. */
async function slowed(factor) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 } })
  const page = await context.newPage()
  const tools = await context.newCDPSession(page)
  await tools.send('Emulation.setCPUThrottlingRate', { rate: factor })
  return page
}

const ready = page =>
  page
    .locator('.status')
    .getByText(/WebAssembly|thread/)
    .waitFor({ state: 'attached', timeout: 120_000 })

async function firstPicture(factor) {
  const page = await slowed(factor)
  await page.context().addInitScript(`window.moved = ${MOVED}`)
  await page.goto(url)
  const seen = []
  for (let i = 0; i < Number(values.loads); i++) {
    await ready(page)
    await page.goto('about:blank')
    await page.goto(url)
    seen.push(await page.evaluate('window.moved'))
  }
  await page.context().close()
  return [0, 1].map(at => median(seen.map(each => each[at])))
}

async function frames(factor) {
  const page = await slowed(factor)
  await page.goto(`${url}#train`)
  await ready(page)
  await page.getByRole('radio', { name: 'Lagrangian' }).check()
  await page.getByRole('button', { name: 'Train from scratch' }).click()
  await page.locator('.standing small', { hasText: 'steps/s' }).waitFor({ timeout: 120_000 })
  const between = ascending(await page.evaluate(FRAMES))
  await page.context().close()
  return [share(between, 0.5), share(between, 0.95)]
}

async function answers(factor) {
  const page = await slowed(factor)
  await page.goto(`${url}#jump`)
  await ready(page)
  await page.locator('[data-number="cloud"] data').waitFor({ timeout: 120_000 })
  const times = ascending(await page.evaluate(ANSWERS))
  await page.context().close()
  return [share(times, 0.5), share(times, 0.95)]
}

try {
  console.log(
    '| processor slowed | first picture, ms | points move, ms | frame while training, ms | 95 % of them | slider, ms | 95 % |',
  )
  console.log('| ---: | ---: | ---: | ---: | ---: | ---: | ---: |')
  for (const factor of values.slowed.split(',').map(Number)) {
    const cells = [await firstPicture(factor), await frames(factor), await answers(factor)].flat()
    console.log(`| ${factor} | ${cells.map(value => value.toFixed(0)).join(' | ')} |`)
  }
} finally {
  await browser.close()
  await site.close()
}
