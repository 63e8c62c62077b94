import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { decodeState, initialState } from '../../../src/studio/state.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { long } from '../../helpers/long.ts'
import { trainTold } from '../../helpers/pictures.ts'
import { misplaced } from './layout.ts'
import { openView, useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()
const folder = temporaryFolder('digits')

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 100 })

const digits = (change: object = {}) => ({ ...initialState.digits, ...change })
const stateOf = (page: Page) => decodeState(new URL(page.url()).hash.slice(1)).digits

/** The pictures of a section, as text. */
const pictures = (page: Page, section: string): Promise<string[]> =>
  page.evaluate(
    `[...document.querySelectorAll('section[aria-label="${section}"] canvas')].map(canvas => canvas.toDataURL())`,
  )
/** The same once none of them waits. */
async function drawn(page: Page, section: string): Promise<string[]> {
  await page.waitForFunction(
    `(section => section && !section.querySelector('[aria-busy="true"]'))(document.querySelector('section[aria-label="${section}"]'))`,
    undefined,
    { timeout: 60_000 },
  )
  return pictures(page, section)
}
/** How dark a picture is, 0 to 1. */
const INK = `(canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
  return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? value : 0), 0) / data.length / 64
})(document.querySelector('section[aria-label="One step"] canvas'))`

/** Width and height of the sheet. */
const SHEET = `(({ width, height }) => [width, height])(document.querySelector('.digit-sheet .rows').getBoundingClientRect())`

long('digits are drawn by the model that comes with the page, once the view is opened', async () => {
  const { page } = await studio.open()
  const asked: URL[] = []
  page.on('request', request => asked.push(new URL(request.url())))
  const models = () => asked.filter(({ pathname }) => pathname.endsWith('.safetensors')).length
  await page.locator('.status').getByText('WebAssembly').waitFor()
  expect(models()).toBe(0)
  await openView(page, 'digits')
  expect(await drawn(page, 'One step')).toHaveLength(4)
  const [width, height] = (await page.evaluate(SHEET)) as number[]
  // Four by four pictures of the same size.
  expect(Math.abs(width / height - 1)).toBeLessThan(0.1)
  await page.getByRole('button', { name: '10 × 8, a row per class' }).click()
  await eventually(async () => (await drawn(page, 'One step')).length).toBe(10)
  const all = await drawn(page, 'One step')
  expect(models()).toBe(1)
  expect(asked.filter(({ origin }) => origin !== new URL(studio.site()).origin)).toEqual([])
  const ink = (await page.evaluate(INK)) as number
  expect(ink).toBeGreaterThan(0.05)
  expect(ink).toBeLessThan(0.5)
  expect(await page.getByRole('slider', { name: 'Guidance' }).inputValue()).toBe('2')

  await page.getByRole('button', { name: '3', exact: true }).click()
  await eventually(async () => stateOf(page).class).toBe(3)
  const threes = await drawn(page, 'One step')
  // The first noise of the class, in both.
  expect(threes[0]).toBe(all[3])
  expect(threes[1]).not.toBe(all[1])

  const morph = async () => (await pictures(page, 'Morph'))[0]
  await page.getByRole('img', { name: 'The second noise' }).waitFor()
  const start = await morph()
  await page.getByLabel('Shown').fill('0.5')
  await eventually(morph).not.toBe(start)
  await eventually(async () => stateOf(page).at).toBe(0.5)
  await page.getByText('npx oxbow studio').waitFor()

  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 740 })
    expect(serious(await page.evaluate(AUDIT)), String(width)).toEqual([])
    expect(await misplaced(page), String(width)).toEqual([])
  }
})

long(
  'a link has the class, the noise and the place of the morph; nothing moves where less motion is asked for',
  async () => {
    const state = { view: 'digits', digits: digits({ class: 7, seed: 5, to: 6, at: 1 }) } as const
    const { page } = await studio.open({ state, reducedMotion: true })
    const [first] = await drawn(page, 'One step')
    expect(await page.getByRole('button', { name: '7', exact: true }).getAttribute('aria-pressed')).toBe(
      'true',
    )
    expect(await page.getByRole('button', { name: 'Play ▶' }).count()).toBe(0)
    await page.getByText('100 % of the way').waitFor()
    const end = (await pictures(page, 'Morph'))[0]
    for (let step = 0; step < 10; step++) await page.getByRole('button', { name: 'Step back' }).click()
    await eventually(async () => stateOf(page).at).toBe(0)
    await eventually(async () => (await pictures(page, 'Morph'))[0]).not.toBe(end)
    await page.getByRole('button', { name: 'New noise' }).click()
    await eventually(async () => stateOf(page).seed).not.toBe(5)
    await eventually(async () => (await drawn(page, 'One step'))[0]).not.toBe(first)
  },
)

long(
  'a map that is told scales has guidance to drag; more steps and Euler draw from the same noise',
  async () => {
    const bytes = readFileSync(join(await trainTold(folder), 'model.safetensors'))
    const { page, context } = await studio.open()
    await context.route('**/*.safetensors', route => route.fulfill({ body: bytes }))
    await openView(page, 'digits')
    const usual = await drawn(page, 'One step')
    const slider = page.getByRole('slider', { name: 'Guidance' })
    expect([await slider.getAttribute('min'), await slider.getAttribute('max')]).toEqual(['1', '4'])
    expect(await slider.inputValue()).toBe('2')
    await slider.fill('3.5')
    await eventually(async () => stateOf(page).scale).toBe(3.5)
    await eventually(async () => (await drawn(page, 'One step'))[0]).not.toBe(usual[0])
    const rows = await drawn(page, 'Steps')
    expect(new Set(rows).size).toBe(5)
    expect(await page.locator('[data-row="euler 50"]').getByText('ms a digit').count()).toBe(1)
  },
)

long('a model that does not come is said in a line', async () => {
  const opened = await studio.open()
  await opened.context.route('**/*.safetensors', route => route.abort())
  await openView(opened.page, 'digits')
  await opened.page.getByText('The digit model could not be loaded').waitFor()
  expect(opened.errors.splice(0).join()).toContain('ERR_FAILED')
})
