import type { Page } from 'playwright-core'
import { describe, expect } from 'vitest'
import { freshPlan } from '../../../src/studio/plan.ts'
import { readReward, rewardCanvas } from '../../../src/studio/reward.ts'
import { decodeState, initialState, type StudioState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { openMore, useStudio } from './page.ts'

const studio = useStudio()

/** What a busy machine comes to in the end. */
const patiently = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 120_000, interval: 200 })

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const painting = (page: Page) => page.getByRole('application', { name: 'Painting of a reward' })
const stateOf = (page: Page): StudioState => decodeState(new URL(page.url()).hash.slice(1))

/** The number painted at a place of the data, by the page's address. */
function paintedAt(page: Page, x: number, y: number): number {
  const { side } = rewardCanvas
  const cell = (value: number) => Math.floor(((value + 5) / 10) * side)
  return readReward(stateOf(page).reward.painted)[cell(-y) * side + cell(x)]
}

/** Paints with the mouse from one place of the data to another. */
async function stroke(page: Page, ...places: readonly (readonly [number, number])[]): Promise<void> {
  const { x, y, width } = (await painting(page).boundingBox())!
  const onPage = ([a, b]: readonly [number, number]) =>
    [x + ((a + 5) / 10) * width, y + ((5 - b) / 10) * width] as const
  await page.mouse.move(...onPage(places[0]))
  await page.mouse.down()
  for (const place of places) await page.mouse.move(...onPage(place), { steps: 4 })
  await page.mouse.up()
}

/** Numbers of a row of a table: its mean reward and its distance to the goal. NaN while they are awaited. */
async function rowOf(page: Page, within: string, name: string): Promise<readonly [number, number]> {
  const row = page.locator(`${within} tbody tr`)
  const cells = row.filter({ has: page.getByRole('rowheader', { name, exact: true }) }).locator('td')
  const [reward, distance] = await cells.allInnerTexts()
  return [Number.parseFloat(reward), Number.parseFloat(distance)]
}
const steered = '[aria-labelledby="steer-heading"]'
const learnt = '.tilted'
const lines = (page: Page) => page.locator('.contours').first().locator('path').count()

long(
  'a reward is painted, steered to, learnt, and the same again by its link',
  {
    timeout: 400_000,
  },
  async () => {
    const { page } = await studio.open({ state: { view: 'steer' }, height: 1000 })
    await button(page, 'Paint').click()
    await page.getByText('Learn it instead').click()
    await page.getByText('Nothing is painted yet, so there is nothing to learn.').waitFor()
    expect(await button(page, 'Train a tilted velocity').isDisabled()).toBe(true)
    expect(await lines(page)).toBe(1)

    // Of the ring's modes, the one on the right is good, and that on the left bad.
    await stroke(page, [4, 0.4], [4, -0.4])
    await button(page, 'Bad −').click()
    await stroke(page, [-4, 0])
    await patiently(async () => [
      paintedAt(page, 4, 0),
      paintedAt(page, -4, 0),
      paintedAt(page, 0, 0),
    ]).toEqual([20, -20, 0])
    expect(await lines(page)).toBeGreaterThan(7)

    await page.getByText('Results', { exact: true }).first().click()
    const rewardOf = async (name: string) => (await rowOf(page, steered, name))[0]
    // Less than an eighth is on the right at first. The goal has e^3 times as much of it.
    await patiently(() => rewardOf('Steered')).toBeGreaterThan(0.4)
    const goal = await rewardOf('Exact law')
    expect(await rewardOf('Unsteered')).toBeLessThan(0.125)
    // Four jumps with eight moves between them lead most of the way.
    expect(await rewardOf('Steered')).toBeGreaterThan(0.6 * goal)
    expect(await rewardOf('Steered')).toBeLessThan(goal + 0.1)
    const [before, after] = [await rowOf(page, steered, 'Unsteered'), await rowOf(page, steered, 'Steered')]
    expect(after[1]).toBeLessThan(0.5 * before[1])

    await button(page, 'Train a tilted velocity').click()
    const stands = async () => (await page.locator(learnt).textContent())!
    const steps = async () => Number(/([\d,]+) steps/.exec(await stands())?.[1].replace(',', '') ?? 0)
    await patiently(steps).toBeGreaterThan(300)
    await button(page, 'Pause run 2').click()
    await button(page, 'Train run 2').waitFor()
    const standing = async () => (/working|…/.test(await stands()) ? '' : stands())
    await patiently(standing).not.toBe('')
    const last = await stands()
    const [reward] = await rowOf(page, learnt, 'Learnt')
    expect(reward).toBeGreaterThan(0.35)
    const held = stateOf(page)
    expect(held.runs[1].stages).toMatchObject([
      { objective: 'itm', tilt: { painted: held.reward.painted, beta: 3 } },
    ])

    await page.reload()
    await page.locator(learnt).waitFor()
    await patiently(standing).toBe(last)
    expect(stateOf(page)).toEqual(held)
  },
)

long(
  'the way of steering is chosen under More, is kept in the link, and says what it cannot do',
  { timeout: 180_000 },
  async () => {
    const { page } = await studio.open({ state: { view: 'steer' }, height: 1000 })
    const facts = () => page.locator('.facts dd').allTextContents()
    const inputs = page.locator(`${steered} .panel :is(input, fieldset)`)
    // What is wanted, its width and strength, and the steps; the rest waits under More.
    await patiently(() => inputs.filter({ visible: true }).count()).toBe(4)
    await patiently(async () => (await facts())[3]).toBe('8')
    const [logZ, effective, distinct] = await facts()
    const [estimate, error, exact] = (logZ.match(/[\d.]+/g) ?? []).map(Number)
    expect(Math.abs(estimate - exact)).toBeLessThan(4 * error + 0.02)
    expect([effective, distinct].every(share => /^\d+ %$/.test(share))).toBe(true)

    await openMore(page)
    expect(await button(page, 'Renoise').getAttribute('aria-pressed')).toBe('true')
    expect(await button(page, 'Default method').isDisabled()).toBe(true)
    await button(page, 'Filter').click()
    // Nothing is looked at on the way.
    expect(await page.getByRole('group', { name: 'Look-ahead' }).count()).toBe(0)
    await patiently(async () => (await facts())[3]).toBe('4')
    await button(page, 'Guided flow').click()
    await page.getByText('This method does not sample the exact law').waitFor()
    await patiently(async () => (await facts())[3]).toMatch(/ \+ 3 backward$/)
    expect((await facts())[0]).toMatch(/^none, /)
    await button(page, 'Denoiser').click()
    await patiently(async () => [stateOf(page).reward.method, stateOf(page).reward.lookAhead]).toEqual([
      'guided',
      'denoiser',
    ])
    await page.reload()
    await patiently(async () => (await facts())[3]).toMatch(/ \+ 3 backward$/)
    await openMore(page)
    expect(await button(page, 'Denoiser').getAttribute('aria-pressed')).toBe('true')
    await button(page, 'Default method').click()
    await patiently(async () => (await facts())[3]).toBe('8')
  },
)

long('a velocity is steered along it, and not by jumps', async () => {
  const stages = [{ objective: 'flow-matching', learningRate: 1e-3, steps: 1, keep: false }]
  const { page } = await studio.open({ state: { view: 'steer', runs: [{ ...freshPlan, stages }] } })
  await openMore(page)
  const pressed = (name: string) => button(page, name).getAttribute('aria-pressed')
  await patiently(async () => [await pressed('Euler–Maruyama'), await pressed('Denoiser')]).toEqual([
    'true',
    'true',
  ])
  await button(page, 'Renoise').click()
  await page.getByText('Not steered: this map is a velocity').waitFor()
  expect(await page.locator('.facts dd').allTextContents()).toEqual(['…', '…', '…', '…'])
  await button(page, 'Default method').click()
  await patiently(() => page.locator('.facts dd').first().textContent()).toMatch(/ ± /)
})

/** The sentence below the pictures. */
const gap = async (page: Page): Promise<string> => (await page.locator('.gap').textContent())!
/** How many of a hundred samples have what is wanted, of the exact law and unsteered. */
const SHARES = /Of 100 samples (\d+) .* \(exact law (\d+), unsteered (\d+)\)/
const shares = async (page: Page): Promise<number[]> =>
  (SHARES.exec(await gap(page)) ?? []).slice(1).map(Number)

long('a class of points is chosen by its chip or on the picture, and a link has it', async () => {
  const { page } = await studio.open({ state: { view: 'steer' }, height: 1000 })
  await button(page, 'Class').click()
  await patiently(async () => (await gap(page)).includes('are of class 1')).toBe(true)
  const [steered, exact, before] = await shares(page)
  expect([steered > 95, exact > 98, before < 25]).toEqual([true, true, true])
  // The component on the left.
  const { x, y, width, height } = (await page.locator('.placer').boundingBox())!
  await page.mouse.click(x + 0.1 * width, y + height / 2)
  await patiently(() => gap(page)).toContain('are of class 4')
  await patiently(async () => stateOf(page).reward.class).toBe(4)
  await page.reload()
  await patiently(() => gap(page)).toContain('are of class 4')
  expect(await button(page, '4').getAttribute('aria-pressed')).toBe('true')
})

long('one coordinate is known and the other masked; the band is dragged and moved by keys', async () => {
  const { page } = await studio.open({ state: { view: 'steer' }, height: 1000 })
  await button(page, 'Mask').click()
  await patiently(() => gap(page)).toContain('have x within 0.4 of 2.8')
  const [steered, exact, before] = await shares(page)
  expect([steered > 85, exact > 85, before < 40]).toEqual([true, true, true])
  const band = page.getByRole('button', { name: /^Known x, 2.8/ })
  await band.press('ArrowLeft')
  await patiently(() => gap(page)).toContain('have x within 0.4 of 2.7')
  await button(page, 'Up (y)').click()
  const { x, y, width, height } = (await page.locator('.placer').boundingBox())!
  await page.mouse.move(x + width / 2, y + 0.3 * height)
  await page.mouse.down()
  await page.mouse.move(x + width / 2, y + 0.9 * height, { steps: 3 })
  await page.mouse.up()
  await patiently(() => gap(page)).toMatch(/have y within 0.4 of -4/)
  await patiently(async () => stateOf(page).reward.known).toMatchObject({ axis: 'y', value: -4 })
})

long('what is wanted stays the same from points to digits and back', async () => {
  const { page } = await studio.open({ state: { view: 'steer' } })
  await button(page, 'Class').click()
  await button(page, 'Digits').click()
  await page.getByText('Given the class: 8 samples of the map').waitFor()
  expect(await button(page, 'Class').getAttribute('aria-pressed')).toBe('true')
  await button(page, 'Mask').click()
  await page.getByText('The digit, with its hole').waitFor()
  await button(page, 'Points').click()
  await page.getByRole('button', { name: /^Known x/ }).waitFor()
  await button(page, 'Digits').click()
  // Digits have no bump.
  await button(page, 'Bump').click()
  await page.getByRole('button', { name: /^Reward at/ }).waitFor()
  expect(await page.getByRole('group', { name: 'Of what?' }).count()).toBe(0)
})

long('a target without classes says so', async () => {
  const target = { kind: 'built-in', name: 'heart' } as const
  const reward = { ...initialState.reward, kind: 'class' } as const
  const { page } = await studio.open({ state: { view: 'steer', runs: [{ ...freshPlan, target }], reward } })
  await page.getByText('This target has no classes to steer to.').waitFor()
})

describe('by keyboard alone', () => {
  long('good and bad are painted, erased, taken back and cleared', async () => {
    const reward = { ...initialState.reward, kind: 'painted' } as const
    const { page } = await studio.open({ state: { view: 'steer', reward }, height: 1000 })
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key)
    }
    const painted = (...numbers: number[]) =>
      patiently(async () => [paintedAt(page, 0, 0), paintedAt(page, 2.4, 0)]).toEqual(numbers)
    await painting(page).focus()
    await press('Shift+ArrowRight', 'Shift+ArrowRight', 'Shift+ArrowLeft', 'Shift+ArrowLeft')
    expect(await page.locator('.painting .brush circle').count()).toBe(1)
    await page.getByText('0.0 across, 0.0 up, painted 0').waitFor()
    await press(' ')
    await painted(20, 0)
    await page.getByText('0.0 across, 0.0 up, painted 1').waitFor()
    await button(page, 'Bad −').press('Enter')
    await painting(page).focus()
    await press('Shift+ArrowRight', 'Shift+ArrowRight', ' ')
    await painted(20, -20)
    await button(page, 'Eraser').press('Enter')
    await painting(page).focus()
    await press(' ')
    await painted(20, 0)
    await press('Control+z')
    await painted(20, -20)
    await button(page, 'Clear').press('Enter')
    await patiently(async () => stateOf(page).reward.painted).toBe('')
    expect(await button(page, 'Clear').isDisabled()).toBe(true)
    await button(page, 'Undo').press('Enter')
    await painted(20, -20)
    // The bump is still where it was.
    await button(page, 'Bump').press('Enter')
    await page.getByRole('button', { name: /^Reward at 2 across, 2 up/ }).waitFor()
    await button(page, 'Paint').press('Enter')
    await painted(20, -20)
  })
})
