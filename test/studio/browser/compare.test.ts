import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import * as engine from '../../../src/runtime/node.ts'
import { answers } from '../../../src/studio/engine/answers.ts'
import { Session } from '../../../src/studio/engine/session.ts'
import { strays } from '../../../src/studio/example/first-look.ts'
import { firstLook } from '../../../src/studio/page/state/first-look.ts'
import { examplePlan, freshPlan, type Plan } from '../../../src/studio/plan.ts'
import { long } from '../../helpers/long.ts'
import { misplaced } from './layout.ts'
import { addRun, openView, shownView, useStudio } from './page.ts'

const studio = useStudio()

const STEPS = 60
const small: Plan = { ...freshPlan, hidden: 24, batch: 64 }
const planOf = (objective: string, target = 'ring'): Plan => ({
  ...small,
  target: { kind: 'built-in', name: target },
  stages: [{ objective, learningRate: 3e-3, steps: STEPS, keep: false }],
})

/** The distances and strays of a plan that is trained here, in 1, 2, 4 and 8 jumps. */
async function measuresOf(plan: Plan): Promise<readonly Readonly<Record<string, number>>[]> {
  const session = await Session.open(engine, plan)
  try {
    while (session.step < STEPS) await session.advance(STEPS)
    const question = { steps: [1, 2, 4, 8], method: 'jump', weights: 'raw', count: 2000, seed: 0 } as const
    const { values } = await answers.metrics(question, session, engine)
    return values
  } finally {
    await session.close()
  }
}

const cells = (page: Page, row: number): Promise<string[]> =>
  page.locator('tbody tr').nth(row).locator('th, td').allInnerTexts()

/** The interval below a cell's number. */
const rangeOf = (text: string): number[] => (text.match(/([\d.]+) to ([\d.]+)/) ?? []).slice(1).map(Number)

async function settle(page: Page, runs: number): Promise<void> {
  const trained = page.locator('.strip .run').filter({ hasText: `${STEPS} steps`, hasNotText: 'replaying' })
  await expect.poll(() => trained.count(), { timeout: 15_000 * runs }).toBe(runs)
  await expect.poll(() => page.locator('main [aria-busy="true"]').count(), { timeout: 30_000 }).toBe(0)
}

long(
  'two runs side by side: the same noise, linked points, and the distances that the command line would give',
  async () => {
    const plans = [planOf('lsd'), planOf('psd')]
    const { page } = await studio.open({ state: { view: 'compare', runs: plans, weights: 'raw' } })
    await settle(page, 2)
    for (const [row, plan] of plans.entries()) {
      const texts = (await cells(page, row)).slice(1)
      const shown = texts.map(Number.parseFloat)
      const ranges = texts.map(rangeOf)
      for (const [i, { strays, slicedWasserstein }] of (await measuresOf(plan)).entries()) {
        // Strays come first.
        for (const [at, value, most] of [
          [i, 100 * (1 - strays), 1],
          [5 + i, slicedWasserstein, 0.02 * slicedWasserstein],
        ]) {
          expect(Math.abs(shown[at] - value)).toBeLessThan(most)
          const [low, high] = ranges[at]
          expect(low).toBeLessThanOrEqual(shown[at] + 0.5)
          expect(high).toBeGreaterThanOrEqual(shown[at] - 0.5)
          expect(high).toBeGreaterThan(low)
        }
      }
    }

    await page.getByRole('group', { name: 'Steps per sample' }).getByRole('button', { name: '4' }).click()
    await page.getByRole('group', { name: 'Follow a point' }).getByRole('button', { name: 'Next' }).click()
    const lines = page.locator('.linked polyline')
    await expect.poll(() => lines.count()).toBe(2)
    const ways = async () => {
      const texts = [await lines.first().getAttribute('points'), await lines.last().getAttribute('points')]
      return texts.map(text => text!.split(' '))
    }
    await expect.poll(async () => (await ways()).map(way => way.length)).toEqual([5, 5])
    await expect.poll(() => page.locator('main [aria-busy="true"]').count()).toBe(0)
    const [first, second] = await ways()
    expect(first[0]).toBe(second[0])
    expect(first[4]).not.toBe(second[4])
  },
  120_000,
)

long('a head sorts the table, runs come and go, and other targets are not compared', async () => {
  const { page } = await studio.open({
    state: { view: 'compare', runs: [planOf('lsd'), planOf('flow-matching', 'two-moons')] },
  })
  await settle(page, 2)
  await page.getByText('Not comparable with run 1, which is on ring: run 2 (two moons)').waitFor()
  const column = page.getByRole('columnheader', { name: /^Distance, 1 jump/ })
  await column.getByRole('button').click()
  expect(await column.getAttribute('aria-sort')).toBe('ascending')
  const order = async () => [await cells(page, 0), await cells(page, 1)].map(row => Number.parseFloat(row[6]))
  expect((await order())[0]).toBeLessThanOrEqual((await order())[1])
  await column.getByRole('button').click()
  expect(await column.getAttribute('aria-sort')).toBe('descending')
  expect((await order())[0]).toBeGreaterThanOrEqual((await order())[1])

  await addRun(page, 'Eulerian')
  await page.getByRole('button', { name: '3 meanflow on ring' }).waitFor()
  await page.getByRole('button', { name: 'Remove run 1' }).click()
  // The run that moved up is still the one that it was.
  const moved = page.getByRole('button', { name: '2 meanflow on ring' })
  expect(await moved.getAttribute('aria-pressed')).toBe('true')
  await page.getByRole('button', { name: 'Train all' }).click()
  await expect.poll(() => moved.textContent(), { timeout: 30_000 }).toMatch(/[1-9]\d* steps, training/)
  await page.getByRole('button', { name: 'Pause all' }).click()
  await page.getByRole('button', { name: 'Train all' }).waitFor()
})

test('a run that has not trained has a box in place of its curves', async () => {
  const { page } = await studio.open({ state: { view: 'compare', runs: [small] } })
  await page.getByRole('heading', { name: 'Loss' }).waitFor()
  await expect.poll(() => page.locator('.strip .run').textContent()).toContain('0 steps')
  expect(await page.locator('.curve.none').count()).toBe(2)
  expect(await page.locator('.curve svg').count()).toBe(0)
})

long('runs of different lengths are trained to equal steps', async () => {
  const shorter = planOf('psd')
  const plans = [planOf('lsd'), { ...shorter, stages: [{ ...shorter.stages[0], steps: 20 }] }]
  const { page } = await studio.open({ state: { view: 'compare', runs: plans, weights: 'raw' } })
  await page.getByText('Trained for different numbers of steps: run 1 60 steps, run 2 20 steps.').waitFor()
  await page.getByRole('button', { name: 'Train to equal steps' }).click()
  await page.getByText('All runs are trained for 60 steps.').waitFor()
  await settle(page, 2)
  expect(await page.getByRole('button', { name: 'Train to equal steps' }).isDisabled()).toBe(true)
})

long(
  'on a phone four runs stand two by two, with a card each, on three screens',
  {
    timeout: 150_000,
  },
  async () => {
    const runs = ['lsd', 'psd', 'meanflow', 'flow-matching'].map(objective => planOf(objective))
    const { page } = await studio.open({ state: { view: 'compare', runs }, width: 360, height: 740 })
    await settle(page, 4)
    const [first, second] = await Promise.all(
      [0, 1].map(at => page.locator('.pictures .scene').nth(at).boundingBox()),
    )
    expect(second!.y).toBe(first!.y)
    const curves = page.getByRole('region', { name: 'Curves' })
    expect(
      await curves.evaluate(
        '(node => node.scrollWidth > node.clientWidth)(document.querySelector(".curves"))',
      ),
    ).toBe(true)
    expect(await curves.getAttribute('tabindex')).toBe('0')
    expect(await page.locator('.card').count()).toBe(4)
    expect(await page.locator('.card small').allInnerTexts()).not.toContain('')
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(3 * 800)
    expect(await misplaced(page)).toEqual([])
  },
)

const misses = (page: Page) => page.getByRole('heading', { name: /^Why does it fail\? Sample / })

test('a stray that is clicked opens residual maps, with the mouse and with the keyboard', async () => {
  const { page } = await studio.open({ state: { view: 'compare' } })
  const why = page.getByRole('button', { name: 'Why? Run 1' })
  await why.focus()
  await page.keyboard.press('Enter')
  expect(await misses(page).textContent()).toBe(`Why does it fail? Sample ${strays.at[0] + 1} of run 1`)
  await page.locator('.why-it-misses .heat svg').first().waitFor()
  // The button is still there, and leads on.
  await page.keyboard.press('Enter')
  expect(await misses(page).textContent()).toBe(`Why does it fail? Sample ${strays.at[1] + 1} of run 1`)
  await page.getByRole('button', { name: 'Close' }).click()
  expect(await misses(page).count()).toBe(0)

  await clickSample(page, strays.at[0], place => page.mouse.click(...place))
  await misses(page).waitFor()
  await page.getByRole('button', { name: 'Show its velocity and losses' }).click()
  await expect.poll(() => shownView(page)).toBe('Why does it fail?')
  await page.getByRole('heading', { name: /Residuals over/ }).waitFor()
})

test('a stray is hit with a finger, whatever is nearer', async () => {
  const { page } = await studio.open({
    state: { view: 'compare' },
    width: 360,
    height: 740,
    touch: true,
  })
  await clickSample(page, strays.at[0], ([x, y]) => page.touchscreen.tap(x + 8, y))
  await misses(page).waitFor()
  expect(await misses(page).textContent()).toContain('of run 1')
})

/** Clicks where the example's sample is in the first picture. */
async function clickSample(
  page: Page,
  sample: number,
  click: (place: [number, number]) => Promise<void>,
): Promise<void> {
  const scene = page.locator('.pictures .scene').first()
  await page.locator('.pictures .of-strays').first().waitFor()
  await scene.scrollIntoViewIfNeeded()
  const { x, y, width } = (await scene.boundingBox())!
  const { samples } = firstLook(examplePlan, 'ema')!
  const [right, up] = samples.subarray(2 * sample)
  await click([x + (width * (right + 5)) / 10, y + (width * (5 - up)) / 10])
}

long('one jump of a run lands as often on the data, and has the same distance, in every view', async () => {
  const { page } = await studio.open()
  const numbers = async (place: string): Promise<string | undefined> => {
    const text = (await page.locator(place).first().textContent()) ?? ''
    const [landed, distance] = [/\d+ of 100/.exec(text), /0\.\d{3}/.exec(text)]
    return landed && distance ? `${landed[0]}, ${distance[0]}` : undefined
  }
  const seen: (string | undefined)[] = []
  for (const [view, place] of [
    ['train', '.standing'],
    ['steps', '[data-steps="1"] figcaption'],
    ['compare', 'main figure'],
  ] as const) {
    await openView(page, view)
    await expect.poll(() => numbers(place), { timeout: 30_000 }).toBeDefined()
    seen.push(await numbers(place))
  }
  expect(new Set(seen).size, seen.join()).toBe(1)
})
