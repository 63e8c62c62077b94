// How many digits a second the studio's view of digits draws in the page, one jump each, by WebAssembly on one thread, and how
// soon the first are there. `npm run build`, then `node bench/studio-digits.mjs`. Chromium at /usr/bin/chromium, or where
// CHROMIUM says.
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { preview } from 'vite'

/** Digits a second that are expected of one digit at a time. */
const LEAST = 20

const site = await preview({
  configFile: fileURLToPath(new URL('../src/studio/vite.config.ts', import.meta.url)),
  preview: { port: 0, host: '127.0.0.1' },
  logLevel: 'error',
})
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu'],
})

/** Runs in the page: milliseconds from the click on the view to its first row. */
const OPEN = `new Promise(resolve => {
  const start = performance.now()
  document.querySelector('main a[href="#digits"]').click()
  const look = () => {
    if (document.querySelector('main [data-row="auto 1"][aria-busy="false"]')) resolve(performance.now() - start)
    else setTimeout(look, 5)
  }
  look()
})`
/** Runs in the page: the slowest answers are over. */
const RESTS = `!document.querySelector('main [aria-busy="true"]')`

/** Digits a second while the morph plays. */
async function rate(page, name) {
  await page.getByRole('button', { name, exact: true }).click()
  await page.waitForFunction(RESTS, undefined, { timeout: 120_000 })
  await page.getByLabel('Speed').selectOption('0.25')
  await page.getByRole('button', { name: 'Play ▶' }).click()
  await page.waitForTimeout(4000)
  const text = await page.locator('[data-number="rate"]').textContent()
  // To its end.
  await page.getByRole('button', { name: 'Play ▶' }).waitFor()
  return Number.parseInt(text.replaceAll(',', ''), 10)
}

try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } })
  await page.goto(`http://127.0.0.1:${site.httpServer.address().port}/`)
  await page.locator('.status').getByText('WebAssembly').waitFor({ state: 'attached' })
  console.log(`first digits ${Math.round(await page.evaluate(OPEN))} ms after the view is opened`)
  await page.waitForFunction(RESTS, undefined, { timeout: 120_000 })
  for (const text of await page.locator('.digit-steps .told').allTextContents()) console.log(text)
  const one = await rate(page, '3')
  console.log(`morph of one class: ${one} digits a second, at most 60`)
  console.log(`morph of ten classes: ${await rate(page, 'All')} digits a second`)
  if (!(one >= LEAST)) {
    console.error(`expected at least ${LEAST} digits a second`)
    process.exitCode = 1
  }
} finally {
  await browser.close()
  await site.close()
}
