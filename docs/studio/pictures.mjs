// Takes the pictures of this folder: every view of the studio at four widths, and the article. Run by `npm run pictures`,
// with names of pictures to take only those. With `--to FOLDER` they go elsewhere, dark ones of every width too, to be looked at.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { runnerImport } from 'vite'
import { launchChromium } from '../../bench/chromium.mjs'

const { positionals: wanted, values } = parseArgs({
  options: { to: { type: 'string' } },
  allowPositionals: true,
})
const FOLDER = values.to ? `${values.to}/` : fileURLToPath(new URL('.', import.meta.url))
mkdirSync(FOLDER, { recursive: true })
const WIDTHS = [360, 800, 1400, 1920]
const DARK_WIDTHS = values.to ? WIDTHS : [1400]
/** Most bytes of a picture. */
const MOST = 150_000
/** Milliseconds that a view may need until all of it is there. */
const PATIENCE = 60_000

const load = async path => (await runnerImport(path, { configFile: false, logLevel: 'error' })).module
const { serveSite } = await load('./test/helpers/site.ts')
const { openPage } = await load('./test/studio/browser/open.ts')
const { examplePlan, freshPlan } = await load('./src/studio/plan.ts')
const { initialState } = await load('./src/studio/state.ts')
const { emptyReward, packReward } = await load('./src/studio/reward.ts')

const psd = { ...freshPlan, stages: [{ ...freshPlan.stages[0], objective: 'psd', steps: 300 }] }
const follow = { s: 1, t: 0, point: 12 }

/** The ring's modes above right are good, that on the left is bad. */
const painted = packReward(
  emptyReward().map((_, i) => {
    const [x, y] = [0.4 * ((i % 25) - 12), 0.4 * (12 - Math.floor(i / 25))]
    if (Math.abs(Math.hypot(x, y) - 4) > 0.9) return 0
    const angle = Math.atan2(y, x) / Math.PI
    return angle > -0.05 && angle < 0.55 ? 20 : Math.abs(angle) > 0.9 ? -20 : 0
  }),
)
const shots = [
  ...['play', 'train', 'jump', 'steps', 'why', 'compare', 'steer', 'fill', 'edit', 'digits'].map(view => ({
    name: view,
    state: {
      view,
      runs: view === 'compare' ? [examplePlan, psd] : [examplePlan],
      jump: view === 'jump' ? { s: 1, t: 0.4, point: 12 } : follow,
      ...(view === 'steer' && { reward: { ...initialState.reward, kind: 'painted', painted } }),
    },
  })),
  { name: 'learn', article: true },
]

/** All of the page's questions are answered: nothing in it says that it waits. */
const settled = `(() => {
  const text = document.body.innerText
  const waits = [...document.querySelectorAll('main dd')].some(({ textContent }) => textContent === '–')
  const busy = document.querySelector('main [aria-busy="true"]')
  return !waits && !busy && !/Loading|replaying|[Mm]easuring|…|working|waits for/.test(text)
})()`

/** A picture with few enough colours to be small. */
async function small(png) {
  for (const colours of [256, 128, 64, 32, 16]) {
    const bytes = await sharp(png).png({ palette: true, colours, effort: 10 }).toBuffer()
    if (bytes.length < MOST || colours === 16) return bytes
  }
}

/** The picture of preview cards: Play where all have landed. */
const PREVIEW = fileURLToPath(new URL('../../src/studio/page/public/preview.png', import.meta.url))
const site = await serveSite()
const browser = await launchChromium()
let failed = false
for (const theme of ['light', 'dark']) {
  for (const { name, state, article } of shots) {
    for (const width of theme === 'dark' ? DARK_WIDTHS : WIDTHS) {
      const file = `${name}-${width}${theme === 'dark' ? '-dark' : ''}.png`
      if (wanted.length > 0 && !wanted.some(part => file.startsWith(part))) continue
      const { page, context, errors } = await openPage(browser, site.url, {
        ...(article ? { url: `${site.url}learn.html` } : { state }),
        width,
        height: width === 1920 ? 1080 : 900,
        theme,
      })
      await page.waitForFunction(settled, undefined, { timeout: PATIENCE, polling: 500 }).catch(() => {
        failed = true
        process.stderr.write(`${file}: not all of it came\n`)
      })
      await page.waitForTimeout(1000)
      const wide = await page.evaluate('document.documentElement.scrollWidth')
      if (wide > width) {
        failed = true
        process.stderr.write(`${file}: ${wide} pixels wide\n`)
      }
      // The article's stage stays where it is in the window, so it is seen as the window shows it.
      const bytes = await small(await page.screenshot({ fullPage: !article }))
      writeFileSync(`${FOLDER}${file}`, bytes)
      process.stdout.write(`${file} ${bytes.length} bytes${errors.length > 0 ? ` ${errors}` : ''}\n`)
      await context.close()
    }
  }
}
if (wanted.length === 0 || wanted.includes('preview')) {
  const { page, context } = await openPage(browser, site.url, {
    state: { view: 'play' },
    width: 1200,
    height: 640,
  })
  await page.locator('.held .leap').waitFor({ state: 'attached' })
  await page.addStyleTag({ content: '.play .pause { display: none }' })
  // Until all have landed.
  await page.waitForTimeout(4500)
  const clip = await page.locator('.play .stage').boundingBox()
  const shot = await page.screenshot({ clip })
  const card = sharp(shot).resize(1200, 630, { fit: 'contain', background: '#f4f6f8' })
  writeFileSync(PREVIEW, await small(await card.png().toBuffer()))
  process.stdout.write('preview.png\n')
  await context.close()
}
await browser.close()
await site.close()
process.exitCode = failed ? 1 : 0
