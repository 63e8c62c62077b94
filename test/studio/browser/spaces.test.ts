import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { spaceNames } from '../../../src/studio/example/space-maps.ts'
import { TOO_WIDE } from './layout.ts'
import { openView, useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()

const said = (page: Page) => page.locator('.said strong')
/** How many of a hundred points land. */
async function landed(page: Page): Promise<number> {
  const text = await said(page).textContent({ timeout: 60_000 })
  return Number(text!.match(/[\d.]+(?= of 100)/)![0])
}

/** How much is drawn on the left half of the stage and on the right one. */
const HALVES = `(() => {
  const canvas = document.querySelector('.space-stage')
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  const halves = [0, 0]
  for (let i = 3; i < data.length; i += 4) halves[(((i - 3) / 4) % width) < width / 2 ? 0 : 1] += data[i]
  return halves
})()`
const halves = (page: Page) => page.evaluate(HALVES) as Promise<[number, number]>

describe.each(spaceNames)('the %s', name => {
  test('is in the gallery, lands most points in one jump, and more in four', async () => {
    const { page } = await studio.open({ url: studio.site() })
    await openView(page, name)
    const one = await landed(page)
    expect(one).toBeGreaterThan(70)
    await page.getByRole('button', { name: '4 jumps' }).click()
    await expect
      .poll(() => page.locator('.said').textContent(), { timeout: 60_000 })
      .toMatch(/^With four jumps, \d/)
    expect(await landed(page)).toBeGreaterThanOrEqual(one - 1)
    await page.addScriptTag({ path: 'node_modules/axe-core/axe.min.js' })
    expect(serious(await page.evaluate(AUDIT))).toEqual([])
  })

  test('flies from the left to the right, and stands still when it is paused', async () => {
    const { page } = await studio.open({ url: studio.site() })
    await openView(page, name)
    await landed(page)
    const shares: number[] = []
    for (let i = 0; i < 30; i++) {
      const [left, right] = await halves(page)
      shares.push(right / (left + right))
      await page.waitForTimeout(150)
    }
    expect(Math.max(...shares)).toBeGreaterThan(Math.min(...shares) + 0.02)
    await page.getByRole('button', { name: 'Pause' }).click()
    await page.waitForTimeout(100)
    const still = await halves(page)
    await page.waitForTimeout(300)
    expect(await halves(page)).toEqual(still)
  })

  test('fits a phone, and nothing moves where less motion is asked for', async () => {
    const { page } = await studio.open({
      url: studio.site(),
      width: 360,
      height: 740,
      reducedMotion: true,
    })
    await openView(page, name)
    await landed(page)
    expect(await page.evaluate(TOO_WIDE)).toEqual([])
    expect(await page.locator('.space-stage').count()).toBe(3)
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
  })
})

test('the globe turns where it is dragged, and by its slider', async () => {
  const { page } = await studio.open({ url: studio.site() })
  await openView(page, 'sphere')
  await landed(page)
  const slider = page.getByRole('slider', { name: 'Turn' })
  const before = Number(await slider.inputValue())
  const box = (await page.locator('.space-stage').boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width / 2 + 80, box.y + box.height / 2, { steps: 4 })
  await page.mouse.up()
  expect(Number(await slider.inputValue())).toBeLessThan(before)
  const dragged = Number(await slider.inputValue())
  await slider.press('ArrowRight')
  expect(Number(await slider.inputValue())).toBeGreaterThan(dragged)
})

test('words that are none are marked', async () => {
  const { page } = await studio.open({ url: studio.site() })
  await openView(page, 'words')
  await landed(page)
  const words = await page.locator('.typed li').allTextContents()
  expect(words).toHaveLength(24)
  const known = 'abcd acbd bdca cabd dcba eeff fade bead'.split(' ')
  for (const text of words) {
    const word = text.match(/[a-f]{4}/)![0]
    expect(text.startsWith(known.includes(word) ? '✓' : '✗')).toBe(true)
  }
})
