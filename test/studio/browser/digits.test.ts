import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { decodeState, initialState } from '../../../src/studio/state.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { long } from '../../helpers/long.ts'
import { trainTold } from '../../helpers/pictures.ts'
import { misplaced } from './layout.ts'
import { openMore, openView, useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()
const folder = temporaryFolder('digits')

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 100 })

const digits = (change: object = {}) => ({ ...initialState.digits, ...change })
const stateOf = (page: Page) => decodeState(new URL(page.url()).hash.slice(1)).digits

/** The pictures of a section, as text, once none of them waits. */
async function drawn(page: Page, section: string): Promise<string[]> {
  const of = `document.querySelector('section[aria-label="${section}"]')`
  await page.waitForFunction(`${of} && !${of}.querySelector('[aria-busy="true"]')`, undefined, {
    timeout: 60_000,
  })
  return page.evaluate(`[...${of}.querySelectorAll('canvas')].map(canvas => canvas.toDataURL())`)
}

const said = async (page: Page): Promise<string> => (await page.locator('.said').textContent())!
/** The stage once its digits were read, at rest where all of them have landed. */
const READ = /(\d+) of 16 are read as the digit asked for/
async function right(page: Page): Promise<number> {
  await eventually(() => said(page)).toMatch(READ)
  return Number(READ.exec(await said(page))![1])
}
/** How dark the stage is, by its left and right half: what is drawn on it over its ground. */
const HALVES = `(() => {
  const canvas = [...document.querySelectorAll('.digit-stage')].at(-1)
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  const ink = [0, 0]
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 0 && data[i] < 120) ink[((i / 4) % width) < width / 2 ? 0 : 1]++
  }
  return ink.map(count => count / width / height)
})()`
const halves = (page: Page) => page.evaluate(HALVES) as Promise<[number, number]>
/** The stage as it is painted, as text. */
const stage = (page: Page): Promise<string> =>
  page.evaluate('[...document.querySelectorAll(".digit-stage")].at(-1).toDataURL()')

long('noise flies to digits on the stage, by the model that comes with the page', async () => {
  const { page } = await studio.open()
  const asked: URL[] = []
  page.on('request', request => asked.push(new URL(request.url())))
  const files = (end: string) => asked.filter(({ pathname }) => pathname.endsWith(end)).length
  await page.locator('.status').getByText('WebAssembly').waitFor({ state: 'attached' })
  expect([files('.safetensors'), files('.onnx')]).toEqual([0, 0])
  await openView(page, 'digits')
  expect(await right(page)).toBeGreaterThan(13)
  expect([files('.safetensors'), files('.onnx')]).toEqual([1, 1])
  expect(asked.filter(({ origin }) => origin !== new URL(studio.site()).origin)).toEqual([])
  // Digits are dark, and come to the right again and again.
  const amounts: number[] = []
  for (let i = 0; i < 40; i++) {
    amounts.push((await halves(page))[1])
    await page.waitForTimeout(150)
  }
  expect(Math.max(...amounts)).toBeGreaterThan(0.02)
  expect(Math.min(...amounts)).toBeLessThan(0.2 * Math.max(...amounts))
  // In each of the ways.
  for (const [way, words] of [
    ['20 Euler steps', 'With 20 Euler steps'],
    ['2 jumps', 'With two jumps'],
    ['4 jumps', 'With four jumps'],
  ]) {
    await page.getByRole('button', { name: way, exact: true }).click()
    await eventually(() => said(page)).toMatch(new RegExp(`^${words}, \\d+ of 16 are read`))
    expect(await right(page)).toBeGreaterThan(13)
  }
  // Not all that can be done is in sight: what flies, its morph, a class, guidance and new noise.
  const controls = page.locator('.digits .told :is(fieldset, input, :not(fieldset > .buttons) > button)')
  expect(await controls.count()).toBe(5)
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 })
    expect(serious(await page.evaluate(AUDIT)), String(width)).toEqual([])
    expect(await misplaced(page), String(width)).toEqual([])
  }
  // On a phone the stage and its buttons fit one screen.
  const { y, height } = (await page.getByRole('button', { name: '20 Euler steps' }).boundingBox())!
  expect(y + height).toBeLessThan(740)
})

long('the noise is dragged to another one across the stage, and by a slider', async () => {
  const { page } = await studio.open({ state: { view: 'digits' } })
  await right(page)
  const slider = page.getByRole('slider', { name: 'From noise to noise' })
  expect(await slider.inputValue()).toBe('0')
  const box = (await page.locator('.digit-stage').boundingBox())!
  await page.mouse.move(box.x + 0.3 * box.width, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + 0.8 * box.width, box.y + box.height / 2, { steps: 8 })
  // The digits are held in sight meanwhile.
  await eventually(async () => (await halves(page))[1]).toBeGreaterThan(0.02)
  const half = await stage(page)
  await page.mouse.up()
  await eventually(async () => stateOf(page).at).toBeCloseTo(0.5, 1)
  await slider.press('End')
  await eventually(async () => stateOf(page).at).toBe(1)
  await eventually(async () => (await halves(page))[1]).toBeGreaterThan(0.02)
  await eventually(() => stage(page)).not.toBe(half)
  expect(await right(page)).toBeGreaterThan(13)
})

long(
  'a link has the class, the noise and the place of the morph; nothing moves where less motion is asked for',
  async () => {
    const state = { view: 'digits', digits: digits({ class: 7, seed: 5, to: 6, at: 1 }) } as const
    const { page } = await studio.open({ state, reducedMotion: true })
    expect(await right(page)).toBeGreaterThan(13)
    expect(await page.locator('.digit-stage').last().getAttribute('aria-label')).toContain(': 7 7 7 7')
    expect(await page.getByRole('button', { name: '7', exact: true }).getAttribute('aria-pressed')).toBe(
      'true',
    )
    expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
    expect(await page.locator('.digit-stage').count()).toBe(4)
    await page.getByText('100 %', { exact: true }).first().waitFor()
    const last = await stage(page)
    // The same by another link, in a clean profile.
    const other = await studio.open({ url: page.url(), reducedMotion: true })
    await right(other.page)
    await eventually(() => stage(other.page)).toBe(last)
    await page.getByRole('button', { name: 'New noise' }).click()
    await eventually(async () => stateOf(page).seed).not.toBe(5)
    await eventually(() => stage(page)).not.toBe(last)
  },
)

long('under More every class is drawn from the same noise, and rows in more steps', async () => {
  const bytes = readFileSync(join(await trainTold(folder), 'model.safetensors'))
  const { page, context } = await studio.open()
  await context.route('**/*.safetensors', route => route.fulfill({ body: bytes }))
  await openView(page, 'digits')
  const slider = page.getByRole('slider', { name: 'Guidance' })
  await slider.waitFor()
  expect([await slider.getAttribute('min'), await slider.getAttribute('max')]).toEqual(['1', '4'])
  expect(await slider.inputValue()).toBe('2')
  await openMore(page)
  const usual = await drawn(page, 'Classes')
  expect(usual).toHaveLength(10)
  expect(new Set(usual).size).toBe(10)
  await slider.fill('3.5')
  await eventually(async () => stateOf(page).scale).toBe(3.5)
  await eventually(async () => (await drawn(page, 'Classes'))[0]).not.toBe(usual[0])
  const rows = await drawn(page, 'Steps')
  expect(new Set(rows).size).toBe(5)
  expect(await page.locator('[data-row="euler 50"]').getByText('ms per digit').count()).toBe(1)
  await page.getByText('npx oxbow studio').waitFor()
})

long('a classifier that does not come leaves the digits there', async () => {
  const opened = await studio.open()
  await opened.context.route('**/*.onnx', route => route.abort())
  await openView(opened.page, 'digits')
  await eventually(async () => opened.errors.join()).toContain('ERR_FAILED')
  opened.errors.splice(0)
  await opened.page.waitForTimeout(500)
  expect(await said(opened.page)).toContain('16 noise images become 16 digits')
})

long('a model that does not come is said in a line', async () => {
  const opened = await studio.open()
  await opened.context.route('**/*.safetensors', route => route.abort())
  await openView(opened.page, 'digits')
  await opened.page.getByText('The digit model could not be loaded').waitFor()
  expect(opened.errors.splice(0).join()).toContain('ERR_FAILED')
})
