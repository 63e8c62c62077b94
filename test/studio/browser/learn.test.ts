import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { long } from '../../helpers/long.ts'
import { TOO_WIDE, WATCH_SHIFTS } from './layout.ts'
import { useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()
const open = (width = 1280) => studio.open({ url: `${studio.site()}learn.html`, width })

const words = async (page: Page): Promise<string> => (await page.locator('.words').textContent())!
const section = (page: Page, name: string) => page.locator(`section[data-figure="${name}"]`)
/** Scrolls until a section begins near the top of the window. */
const read = (page: Page, name: string) =>
  page.evaluate(`(() => {
    const { top } = document.querySelector('section[data-figure="${name}"]').getBoundingClientRect()
    scrollBy({ top: top - 0.15 * innerHeight, behavior: 'instant' })
  })()`)
const patiently = (page: Page) => expect.poll(() => words(page), { timeout: 30_000 })
/** The distance that a figure tells. */
const numberIn = (text: string): number => Number(text.match(/\d+\.\d+(?=( away from| apart| off))/)![0])

test('without a script the article is there to be read, formulas included', async () => {
  const text = await (await fetch(`${studio.site()}learn.html`)).text()
  for (const part of [
    'Semigroup: two jumps make one.',
    'Lagrangian',
    'Eulerian',
    'Where it fails',
    'MeanFlow',
  ])
    expect(text).toContain(part)
  expect(text.match(/<math /g)!.length).toBeGreaterThan(5)
  expect(text).not.toContain('\\[')
})

test('on a phone its text stays where it is when the stage comes', async () => {
  const { page } = await studio.open({ url: 'about:blank', width: 360, height: 640 })
  await page.addInitScript(WATCH_SHIFTS)
  await page.goto(`${studio.site()}learn.html`)
  await patiently(page).toMatch(/^Each line joins a point of noise/)
  await page.waitForTimeout(500)
  expect(await page.evaluate('window.shift')).toBeLessThan(0.02)
})

test('its figures follow the reader, and answer', { timeout: 120_000 }, async () => {
  const { page } = await open()
  await patiently(page).toMatch(/^Each line joins a point of noise/)

  await read(page, 'tangent')
  await patiently(page).toContain('Velocity at time 0.95')
  await section(page, 'tangent').getByRole('slider').press('ArrowLeft')
  await patiently(page).toContain('Velocity at time 0.94')
  expect(await page.locator('.square .arrows').getAttribute('d')).toMatch(/^M/)

  await read(page, 'integral')
  await patiently(page).toMatch(/^The jump ends \d/)
  const handle = page.locator('.handle')
  const before = await handle.getAttribute('aria-label')
  await handle.press('ArrowRight')
  await expect.poll(() => handle.getAttribute('aria-label')).not.toBe(before)
  // The map is trained, so a jump ends where the exact path does.
  expect(numberIn(await words(page))).toBeLessThan(0.5)

  await read(page, 'rules')
  for (const [rule, said] of [
    ['Lagrangian', /should follow the arrow/],
    ['Eulerian', /^Jumps from two points of the same path/],
    ['Semigroup', /^One jump, and two jumps stopping at/],
  ] as const) {
    await section(page, 'rules').getByRole('button', { name: rule }).click()
    await patiently(page).toMatch(said)
    expect(numberIn(await words(page)), rule).toBeLessThan(0.3)
  }

  await read(page, 'steps')
  await patiently(page).toMatch(/^1 Euler step: [01] of 100 points land/)
  await section(page, 'steps').getByRole('button', { name: '1 jump' }).click()
  await patiently(page).toMatch(/^1 jump: 9\d of 100 points land/)

  await read(page, 'fails')
  await patiently(page).toMatch(/^1 jump: 9\d of 100 points land on the data. The rest are red/)
  // A line from its noise to its end for each of some forty in two thousand.
  const missed = await page.locator('.square .missed').count()
  expect(missed).toBeGreaterThan(10)
  expect(missed).toBeLessThan(100)

  await read(page, 'variations')
  await section(page, 'variations').getByRole('button', { name: 'Shortcut' }).click()
  await patiently(page).toMatch(/^One jump, and two jumps stopping at/)
})

test('the network of the article trains in the page, and stops when the reader goes on', {
  timeout: 120_000,
}, async () => {
  const { page } = await open()
  await read(page, 'training')
  await section(page, 'training').getByRole('button', { name: 'Train it' }).click()
  const steps = async () =>
    Number((await words(page)).match(/^After ([\d,]+) steps/)?.[1].replaceAll(',', '') ?? 0)
  await expect.poll(steps, { timeout: 60_000 }).toBeGreaterThan(20)
  await read(page, 'steps')
  await section(page, 'training').getByRole('button', { name: 'Keep training' }).waitFor()
})

long.each([360, 800, 1280])('it fits a window of %i pixels, and axe finds nothing serious', async width => {
  const { page } = await open(width)
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  for (const name of ['path', 'rules', 'fails']) {
    await read(page, name)
    await page.waitForTimeout(500)
    expect(serious(await page.evaluate(AUDIT)), name).toEqual([])
    expect(await page.evaluate(TOO_WIDE), name).toEqual([])
  }
})
