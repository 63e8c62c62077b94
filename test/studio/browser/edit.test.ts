import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { freshPlan } from '../../../src/studio/plan.ts'
import { decodeState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { misplaced } from './layout.ts'
import { openMore, useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 60_000, interval: 200 })
const stateOf = (page: Page) => decodeState(new URL(page.url()).hash.slice(1)).edit
const told = (page: Page, place: 0 | 1) => page.locator('.gap p').nth(place).textContent()
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
/** A number in what is told. */
async function number(page: Page, place: 0 | 1, pattern: RegExp): Promise<number> {
  return Number(pattern.exec((await told(page, place)) ?? '')?.[1] ?? Number.NaN)
}
const spread = (page: Page) => number(page, 1, /edits are ([\d.]+) from the point/)
const trip = (page: Page) => number(page, 0, /back to ([\d.e-]+) from the point/)

long(
  'a data point is dragged: its noise, the jump back, and what it may become',
  { timeout: 180_000 },
  async () => {
    const { page } = await studio.open({ state: { view: 'edit' }, height: 1000 })
    await eventually(() => trip(page)).toBeLessThan(0.3)
    await eventually(() => spread(page)).toBeGreaterThan(0.2)
    const { x, y, width } = (await page.locator('.placer').boundingBox())!
    const onPage = (a: number, b: number) => [x + ((a + 5) / 10) * width, y + ((5 - b) / 10) * width] as const
    await page.mouse.move(...onPage(2.8, 2.8))
    await page.mouse.down()
    await page.mouse.move(...onPage(0, -2), { steps: 5 })
    await page.mouse.move(...onPage(-4, 0), { steps: 5 })
    await page.mouse.up()
    await eventually(async () => Math.round(stateOf(page).point[0])).toBe(-4)
    // The flow of a ring leads inwards: its noise is on the same side.
    await eventually(() => number(page, 0, /noise is \((-[\d.]+),/)).toBeLessThan(-0.5)

    const slider = page.getByRole('slider', { name: 'Noise up to' })
    await slider.fill('0.1')
    await eventually(() => spread(page)).toBeLessThan(0.6)
    await slider.fill('1')
    // Any point of the ring: 4 sqrt 2 away in the mean square.
    await eventually(() => spread(page)).toBeGreaterThan(4.5)
    await eventually(async () => stateOf(page).tau).toBe(1)

    const moved = stateOf(page).point[0]
    await page.getByRole('button', { name: /^The data point at/ }).press('ArrowRight')
    await eventually(async () => stateOf(page).point[0]).toBeCloseTo(moved + 0.1, 5)
    await openMore(page)
    await button(page, 'Inverse jump').click()
    await eventually(() => trip(page)).toBeLessThan(1e-3)
    await button(page, 'Jump up').click()
    await page.getByText('Not inverted: cmt is trained to jump towards data only').waitFor()
    await eventually(async () => stateOf(page).method).toBe('jump')
    const held = stateOf(page)
    await page.reload()
    await page.getByText('Not inverted: cmt is trained').waitFor()
    expect(stateOf(page)).toEqual(held)
    await openMore(page)
    await button(page, 'Default method').click()
    await eventually(() => trip(page)).toBeGreaterThan(0)

    await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 740 })
      expect(serious(await page.evaluate(AUDIT)), String(width)).toEqual([])
      expect(await misplaced(page), String(width)).toEqual([])
    }
  },
)

long('a velocity is inverted along itself, and says why it is not edited', async () => {
  const stages = [{ objective: 'flow-matching', learningRate: 1e-3, steps: 1, keep: false }]
  const { page } = await studio.open({ state: { view: 'edit', runs: [{ ...freshPlan, stages }] } })
  await eventually(() => trip(page)).toBeLessThan(0.01)
  await page.getByText('Not edited: this map is a velocity, whose jump is an Euler step.').waitFor()
})
