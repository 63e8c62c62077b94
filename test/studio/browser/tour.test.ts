import { expect, test } from 'vitest'
import { decodeState } from '../../../src/studio/state.ts'
import { hasFocus, useStudio } from './page.ts'
import { TOUR } from './shown.ts'

const studio = useStudio()

test('the tour turns by keyboard through seven live views and gives the focus back', async () => {
  const { page } = await studio.open()
  const panel = page.getByRole('complementary')
  const learn = page.getByRole('button', { name: 'Learn' })
  await learn.focus()
  await page.keyboard.press('Enter')
  for (const [i, [title, view]] of TOUR.entries()) {
    const heading = panel.getByRole('heading', { name: `${i + 1}. ${title}` })
    await heading.waitFor()
    expect(await hasFocus(heading)).toBe(true)
    expect(await page.locator('nav [aria-current="page"]').textContent()).toBe(view)
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

test('a step can be chosen, is in the address, and leaves the page to the reader', async () => {
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
  expect(await page.locator('nav [aria-current="page"]').textContent()).toBe('Compare')
  await panel.getByRole('button', { name: 'Leave' }).click()
  await panel.waitFor({ state: 'detached' })
})
