import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { decodeState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { hasFocus, shownView, useStudio } from './page.ts'
import { TOUR } from './shown.ts'

const studio = useStudio()

long('the tour turns by keyboard through seven live views and gives the focus back', async () => {
  const { page } = await studio.open()
  const panel = page.getByRole('complementary')
  const learn = page.getByRole('button', { name: 'Learn' })
  await learn.focus()
  await page.keyboard.press('Enter')
  for (const [i, [title, view]] of TOUR.entries()) {
    const heading = panel.getByRole('heading', { name: `${i + 1}. ${title}` })
    await heading.waitFor()
    expect(await hasFocus(heading)).toBe(true)
    expect(await shownView(page)).toBe(view)
    expect(await panel.getByRole('listitem').locator('[aria-current="step"]').textContent()).toBe(
      String(i + 1),
    )
    if (i < 6) expect(await panel.locator('math').count()).toBeGreaterThan(0)
    await page.keyboard.press('ArrowRight')
  }
  await page.keyboard.press('ArrowLeft')
  await panel.getByRole('heading', { name: '6. Few steps' }).waitFor()
  await page.keyboard.press('Escape')
  await panel.waitFor({ state: 'detached' })
  expect(await hasFocus(learn)).toBe(true)
})

/** Where the residuals begin in the window. */
const maps = (page: Page) =>
  page.evaluate<number>(
    `document.querySelector('[data-section="residuals"]')?.getBoundingClientRect().top ?? 1e9`,
  )

long('a step shows the section that it speaks of, however late the view comes', async () => {
  const { page } = await studio.open({ state: { tour: 2, view: 'jump' }, width: 1400, height: 800 })
  const panel = page.getByRole('complementary')
  const heading = panel.getByRole('heading', { name: '4. Three consistencies' })
  await panel.getByRole('button', { name: 'Next' }).click()
  await page.getByRole('heading', { name: 'Semigroup error' }).waitFor()
  await expect.poll(async () => Math.abs(await maps(page))).toBeLessThan(16)
  expect(await hasFocus(heading)).toBe(true)
  // Three in a row beside the tour.
  const tops = await page
    .locator('[data-section="residuals"] .heat')
    .evaluateAll(all => all.map(node => node.getBoundingClientRect().top))
  expect(new Set(tops).size).toBe(1)
  // Once the reader has gone elsewhere, nothing takes the page back.
  await page.mouse.move(300, 300)
  await page.mouse.wheel(0, -400)
  await expect.poll(() => maps(page)).toBeGreaterThan(100)
  const there = await maps(page)
  await page.evaluate(`new Promise(done => {
    document.querySelector('main').style.paddingBottom = '400px'
    setTimeout(done, 100)
  })`)
  expect(await maps(page)).toBe(there)
})

long('the path is that of pairs, and no map is asked', async () => {
  const { page } = await studio.open({ state: { tour: null } })
  await page.getByRole('button', { name: 'Learn' }).click()
  await page.getByRole('img', { name: 'The path at time 1.00, 50000 points' }).waitFor()
  const spread = () =>
    page.evaluate<number>(`[...document.querySelectorAll('.mixed')].reduce((sum, node) =>
      sum + Math.hypot(node.cx.baseVal.value, node.cy.baseVal.value) / 40, 0)`)
  await expect.poll(() => page.locator('.mixed').count(), { timeout: 15_000 }).toBe(40)
  expect(await spread()).toBeLessThan(2)
  await page.getByRole('slider', { name: 's, where' }).fill('0')
  await page.getByRole('img', { name: 'The path at time 0.00' }).waitFor()
  // On the ring.
  expect(await spread()).toBeGreaterThan(3.5)
})

long('a training ends with its step, and the trained example can be had back', async () => {
  const { page } = await studio.open({ state: { tour: 4, view: 'train' } })
  const panel = page.getByRole('complementary')
  await page.getByRole('combobox', { name: 'Objective of your training' }).selectOption('lsd')
  await page.getByRole('button', { name: 'Train it yourself' }).click()
  await page
    .locator('.strip')
    .getByText(/[1-9]\d* steps/)
    .waitFor()
  await panel.getByRole('button', { name: 'Next' }).click()
  await panel.getByText(/your own map, after [1-9]/).waitFor()
  await page.getByText(/The map after [\d,]+ steps? of training\.$/).waitFor()
  await panel.getByRole('button', { name: 'Show the trained example' }).click()
  await page.getByText('The map is the trained example.').waitFor()
  expect(await panel.getByText('your own map').count()).toBe(0)
})

long('a step can be chosen, is in the address, and leaves the page to the reader', async () => {
  const { page } = await studio.open({ state: { tour: 2, view: 'jump' } })
  const panel = page.getByRole('complementary')
  await panel.getByRole('heading', { name: '3. The integral' }).waitFor()
  await panel.getByRole('button', { name: '6 of 7: Few steps' }).click()
  await page.getByRole('link', { name: 'Compare' }).click()
  await page.getByRole('heading', { name: 'Samples from the same noise' }).waitFor()
  await panel.getByRole('heading', { name: '6. Few steps' }).waitFor()
  const written = async () => decodeState(new URL(page.url()).hash.slice(1)).view
  await expect.poll(written).toBe('compare')
  await page.reload()
  await panel.getByRole('heading', { name: '6. Few steps' }).waitFor()
  expect(await shownView(page)).toBe('Compare')
  await panel.getByRole('button', { name: 'Leave' }).click()
  await panel.waitFor({ state: 'detached' })
})
