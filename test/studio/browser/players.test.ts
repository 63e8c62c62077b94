import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { freshPlan, type Plan } from '../../../src/studio/plan.ts'
import { long } from '../../helpers/long.ts'
import { misplaced } from './layout.ts'
import { catalogue, standing, useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()

/** Reads until it is so, as long as a busy machine may need. */
const patiently = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 90_000, interval: 100 })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const players = (page: Page) => page.getByRole('region', { name: 'Players' })
const steps = (page: Page) => standing(page, 'Steps')

const planOf = (objective: string, taken = 0): Plan => ({
  ...freshPlan,
  // The exact velocity of the ring can be a teacher.
  target: { kind: 'built-in', name: objective === 'dmd' ? 'ring' : 'two-moons' },
  hidden: 32,
  batch: 64,
  stages: [{ objective, learningRate: 1e-3, steps: taken, keep: false }],
})

/** A training that has taken so many steps and stands still. */
async function trained(objective: string, taken: number, options: { width?: number; theme?: 'dark' } = {}) {
  const { page } = await studio.open({ state: { runs: [planOf(objective, taken)] }, ...options })
  await patiently(() => steps(page)).toBe(taken)
  await button(page, 'Train').waitFor()
  return page
}

/** The picture of the stage, pixel by pixel. */
const pictureOf = (page: Page) =>
  page.evaluate(`document.querySelector('.train .stage canvas').toDataURL()`) as Promise<string>
const labelOf = (page: Page) => page.locator('.train .stage canvas').getAttribute('aria-label')

/** The last loss of a player, once it is there. */
async function lossOf(page: Page, player: string): Promise<string> {
  const text = await page.locator(`[data-player="${player}"] dd`).first().textContent()
  return text!
}

test('the players of gan are listed, and the critic is paused by itself', async () => {
  const { page } = await studio.open({ state: { runs: [planOf('lsd')] } })
  await (await catalogue(page)).waitFor()
  expect(await players(page).count()).toBe(0)
  await (await catalogue(page)).selectOption('gan')
  await players(page).getByText("Learns to tell data from the map's samples. 1 turn per round.").waitFor()
  expect(await players(page).locator('dd').count()).toBe(0)
  await button(page, 'Train').click()
  await patiently(() => players(page).locator('[data-number="criticAccuracy"]').textContent()).toMatch(
    /^0\.\d/,
  )
  await button(page, 'Pause the critic').click()
  await button(page, 'Continue the critic').waitFor()
  await players(page).getByText('Paused.').waitFor()
  expect(await button(page, 'Pause the map').isDisabled()).toBe(true)
  // The report that was on its way has come.
  const begun = await steps(page)
  await patiently(() => steps(page)).toBeGreaterThan(begun + 20)
  const [critic, map, before] = [await lossOf(page, 'critic'), await lossOf(page, 'map'), await steps(page)]
  await patiently(() => lossOf(page, 'map')).not.toBe(map)
  await patiently(() => steps(page)).toBeGreaterThan(before + 50)
  expect(await lossOf(page, 'critic')).toBe(critic)
  await button(page, 'Continue the critic').click()
  await patiently(() => lossOf(page, 'critic')).not.toBe(critic)
  expect(await button(page, 'Pause the map').isEnabled()).toBe(true)
  await button(page, 'Pause').click()
  await button(page, 'Export').first().click()
  await page.getByText(/A player was paused for [\d,]+ steps, which no command can say/).waitFor()
})

describe('what the critic says', () => {
  test('is over the stage at a noise level, and goes on with the training', async () => {
    const page = await trained('gan', 60)
    const plain = await pictureOf(page)
    await page.getByRole('checkbox', { name: 'Show what the critic says' }).check()
    await page.getByText('looks like data').waitFor()
    await patiently(() => pictureOf(page)).not.toBe(plain)
    expect(await labelOf(page)).toMatch(/behind them the critic at noise level 0\.10: green looks like data/)
    const low = await pictureOf(page)
    const slider = page.getByRole('slider', { name: 'Noise level r' })
    await slider.fill('0.9')
    await page.getByText(/the critic at noise level 0\.90;/).waitFor()
    await patiently(() => pictureOf(page)).not.toBe(low)
    await slider.press('ArrowLeft')
    await page.getByText(/the critic at noise level 0\.85;/).waitFor()
    await slider.fill('0.1')
    await patiently(() => pictureOf(page)).toBe(low)
    // By the words of the scale: the samples move too.
    const scale = () => page.locator('.signed-key .of').textContent()
    const early = await scale()
    await button(page, 'Train').click()
    await patiently(scale).not.toBe(early)
    await button(page, 'Pause').click()
    await page.getByRole('checkbox', { name: 'Show what the critic says' }).uncheck()
    await page.locator('.signed-key').waitFor({ state: 'detached' })
    expect(await labelOf(page)).not.toContain('critic')
  })

  test('goes with its objective', async () => {
    const page = await trained('gan', 10)
    await page.getByRole('checkbox', { name: 'Show what the critic says' }).check()
    await page.locator('.signed-key').waitFor()
    await page.getByRole('radio', { name: 'Semigroup' }).check()
    await page.locator('.signed-key').waitFor({ state: 'detached' })
    expect(await players(page).count()).toBe(0)
  })
})

test('the drift is shown as arrows, which move with the training', async () => {
  const page = await trained('drifting', 20)
  expect(await players(page).count()).toBe(0)
  const arrows = page.locator('.scene path.drift')
  expect(await arrows.count()).toBe(0)
  await page.getByRole('checkbox', { name: 'Show the drift as arrows' }).check()
  await page.getByText('drift of 400 samples').waitFor()
  const early = await arrows.getAttribute('d')
  // A line and a head for each.
  expect(early!.match(/M/g)!.length).toBeGreaterThan(700)
  expect(await labelOf(page)).toContain('400 arrows, where training moves samples')
  await button(page, 'Train').click()
  await patiently(() => arrows.getAttribute('d')).not.toBe(early)
})

test('a fake score is listed with its turns, beside where the samples are moved', async () => {
  const page = await trained('dmd', 5)
  await players(page).getByText('5 turns per round').waitFor()
  await button(page, 'Pause the fake score').waitFor()
  await page.getByRole('checkbox', { name: 'Show the drift as arrows' }).check()
  await page.getByText('drift of 400 samples').waitFor()
  // The arrows of one objective are not shown for another.
  await page.getByRole('radio', { name: 'Lagrangian' }).check()
  await page.locator('.scene path.drift').waitFor({ state: 'detached' })
})

/** Controls of the inspector and the stage, but for More, and those of the players; the choices of a group are one. */
const controlsOf = (places: string) =>
  `new Set([...document.querySelectorAll('.train :is(${places}) :is(button, input, select, summary)')]
    .filter(node => node.checkVisibility() && !node.closest('.more')).map(node => node.name || node)).size`

describe.each([
  [1280, undefined],
  [360, undefined],
  [800, 'dark'],
] as const)('at %i pixels, %s', (width, theme) => {
  const look = width === 1280 ? test : long

  look('players and what they say can be read and reached', async () => {
    const page = await trained('gan', 10, { width, theme })
    await page.getByRole('checkbox', { name: 'Show what the critic says' }).check()
    await page.locator('.signed-key').waitFor()
    await button(page, 'Pause the critic').click()
    await button(page, 'Continue the critic').waitFor()
    await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
    expect(serious(await page.evaluate(AUDIT))).toEqual([])
    expect(await misplaced(page)).toEqual([])
    expect(await page.evaluate(controlsOf('.setup, .middle'))).toBeLessThanOrEqual(7)
    expect(await page.evaluate(controlsOf('.players'))).toBe(4)
  })
})
