import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { freshPlan, type Plan, stepsOf } from '../../../src/studio/plan.ts'
import { decodeState, initialState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { addressOf } from './open.ts'
import { shownView, useStudio } from './page.ts'

const studio = useStudio()

const small: Plan = { ...freshPlan, hidden: 24, batch: 64 }
const strip = async (page: Page): Promise<string> => (await page.locator('.strip .run').textContent())!
const stepsIn = (text: string): number => Number(/([\d,]+) steps/.exec(text)?.[1].replace(',', ''))

/** The picture of the samples, as grey pixels. */
async function pictureOf(page: Page): Promise<Buffer> {
  const canvas = page.locator('main canvas.points').first()
  const taken = async () =>
    sharp(await canvas.screenshot())
      .greyscale()
      .raw()
      .toBuffer()
  // What was asked for last is drawn in a later frame: until three in a row are the same.
  let [last, same] = [await taken(), 0]
  while (same < 2) {
    await page.waitForTimeout(100)
    const next = await taken()
    same = next.equals(last) ? same + 1 : 0
    last = next
  }
  return last
}

/** The share of pixels that differ by more than a shade. */
function difference(a: Buffer, b: Buffer): number {
  expect(a.length).toBe(b.length)
  let differing = 0
  for (let i = 0; i < a.length; i++) if (Math.abs(a[i] - b[i]) > 24) differing++
  return differing / a.length
}

long('a link that is copied replays the training to the same picture', { timeout: 150_000 }, async () => {
  const { page, context } = await studio.open({ state: { runs: [small] } })
  await context.grantPermissions(['clipboard-read', 'clipboard-write'])
  await expect.poll(() => strip(page)).toContain('0 steps')
  await expect
    .poll(() => page.locator('.status').textContent(), { timeout: 30_000 })
    .toBe('Engine: WebAssembly')
  const before = await pictureOf(page)

  await page.getByRole('button', { name: 'Train all' }).click()
  await expect.poll(async () => stepsIn(await strip(page)), { timeout: 30_000 }).toBeGreaterThan(150)
  await page.getByRole('button', { name: 'Pause all' }).click()
  await page.getByRole('button', { name: 'Train all' }).waitFor()
  // The steps that had begun when it was paused still come.
  await page.waitForTimeout(1000)
  const picture = await pictureOf(page)
  expect(difference(before, picture)).toBeGreaterThan(0.01)

  await page.getByRole('button', { name: 'Copy link' }).click()
  await page
    .getByText('Anyone who opens it sees the same, after training has rerun on their machine')
    .waitFor()
  await page
    .locator('.note')
    .getByText(/Link copied \([\d,]+ characters\)/)
    .waitFor()
  const link = (await page.evaluate('navigator.clipboard.readText()')) as string

  const again = await studio.open({ url: link })
  const seen: string[] = []
  const steps = stepsOf(decodeState(new URL(link).hash.slice(1)).runs[0])
  expect(stepsIn(await strip(page))).toBe(steps)
  const words = steps.toLocaleString('en')
  const finished = async (): Promise<boolean> => {
    const text = await strip(again.page)
    seen.push(text)
    return text.includes(`${words} steps`) && !text.includes('replaying')
  }
  await expect.poll(finished, { timeout: 100_000, interval: 50 }).toBe(true)
  expect(seen.join()).toMatch(new RegExp(`replaying [\\d,]+ of ${words} steps`))
  expect(difference(picture, await pictureOf(again.page))).toBeLessThan(0.002)
})

long('the address of a training that is still replayed asks for all of it', async () => {
  const plan = { ...small, stages: [{ ...small.stages[0], steps: 100_000 }] }
  const { page } = await studio.open({ state: { runs: [plan] } })
  await expect.poll(() => strip(page), { timeout: 30_000 }).toMatch(/replaying [1-9][\d,]* of 100,000/)
  // The address is written a few times a second, while the steps go on.
  await page.waitForTimeout(1000)
  expect(await strip(page)).toContain('replaying')
  const asked = decodeState(new URL(page.url()).hash.slice(1))
  expect(asked).toEqual({ ...initialState, view: 'train', runs: [plan] })
})

long('the address follows a training while it goes on', async () => {
  const { page } = await studio.open({ state: { runs: [small] } })
  await page.getByRole('button', { name: 'Train all' }).click()
  const steps = () => stepsOf(decodeState(new URL(page.url()).hash.slice(1)).runs[0])
  await expect.poll(steps, { timeout: 30_000 }).toBeGreaterThan(0)
  expect(await page.getByRole('button', { name: 'Pause all' }).count()).toBe(1)
})

long('a link that is damaged or too long says so; another in the same page is followed', async () => {
  const damaged = await studio.open({ url: `${studio.site()}#nonsense` })
  await damaged.page.getByRole('alert').waitFor()

  const points = 'A'.repeat(12_000)
  const { page } = await studio.open({
    state: { runs: [{ ...small, target: { kind: 'points', name: 'many', bytes: noise(points) } }] },
  })
  await page.getByRole('button', { name: 'Copy link' }).click()
  await page.locator('.note').getByText('some programs cut links').waitFor()

  const next = addressOf(studio.site(), { view: 'compare', runs: [{ ...small, seed: 3 }] })
  await page.evaluate(`location.href = ${JSON.stringify(next)}`)
  await page.getByRole('heading', { name: 'Samples from the same noise' }).waitFor()
})

test('a link to what is not there shows the first state, and says so', async () => {
  const { page } = await studio.open({ state: { view: 'compare', selected: 3 } })
  expect(await page.getByRole('alert').textContent()).toBe(
    'This link is damaged, or was made by another version of the page.',
  )
  await page.locator('main .said').waitFor()
  expect(decodeState(await address(page)).view).toBe('play')
})

const address = async (page: Page): Promise<string> => {
  await page.waitForTimeout(600)
  return new URL(page.url()).hash.slice(1)
}

test('an address that names a room alone opens it as it begins', async () => {
  const { page } = await studio.open({ url: `${studio.site()}#/train` })
  for (const [name, title] of [
    ['train', 'Train'],
    ['steer', 'Steer'],
    ['compare', 'Compare'],
    ['play', 'Play'],
  ]) {
    if (name !== 'train') await page.goto(`${studio.site()}#/${name}`)
    await expect.poll(() => shownView(page)).toBe(title)
    expect(await page.getByRole('alert').count(), name).toBe(0)
    expect(decodeState(await address(page))).toEqual({ ...initialState, view: name })
  }
})

test('a view that fails says so, and leads back', async () => {
  const { page } = await studio.open({ state: { view: 'compare' } })
  await page.getByRole('heading', { name: 'Samples from the same noise' }).waitFor()
  await page.evaluate(`(() => {
    window.own = Element.prototype.replaceChildren
    Element.prototype.replaceChildren = () => { throw new Error('it broke') }
  })()`)
  await page.locator('nav a[href="#train"]').click()
  expect(await page.getByRole('alert').textContent()).toBe('This view could not be shown.')
  await page.evaluate('Element.prototype.replaceChildren = window.own; undefined')
  await page.getByRole('button', { name: 'Start over' }).click()
  await page.locator('main').getByText('Draw your own').waitFor()
  expect(await page.getByRole('alert').count()).toBe(0)
})

/** Text of base64 that does not compress. */
function noise(text: string): string {
  let state = 1
  const letter = (): string => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'[state >>> 26]
  }
  return [...text].map(letter).join('')
}

long('a theme is kept for the next visit', async () => {
  const { page, context } = await studio.open()
  const background = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor')
  expect(await background()).toBe('rgb(255, 255, 255)')
  await page.getByLabel('Theme').selectOption('dark')
  expect(await background()).toBe('rgb(20, 24, 28)')
  const next = await context.newPage()
  await next.goto(studio.site())
  expect(await next.getByLabel('Theme').inputValue()).toBe('dark')
  expect(await next.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(20, 24, 28)')
})
