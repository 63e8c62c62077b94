import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { decodeState, initialState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { misplaced } from './layout.ts'
import { useStudio } from './page.ts'
import { AUDIT, serious } from './shown.ts'

const studio = useStudio()

const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 120_000, interval: 200 })
const stateOf = (page: Page) => decodeState(new URL(page.url()).hash.slice(1)).fill
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const told = (page: Page) => page.locator('.gap').textContent()
/** The last picture of a view, the steered samples, as text. */
const samples = (page: Page): Promise<string> =>
  page.evaluate('[...document.querySelectorAll(".steered-digits canvas")].at(-1).toDataURL()')
/** Ink of the digit with a hole in a row of its pixels, from the top. */
const INK_OF = (row: number) => `(canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, ${row}, canvas.width, 1)
  return data.reduce((sum, value, i) => sum + (i % 4 === 3 ? value : 0), 0)
})(document.querySelector('.hole canvas'))`
const ink = (page: Page, row: number) => page.evaluate(INK_OF(row)) as Promise<number>

/** Few particles, so that samples come soon. */
const quick = { ...initialState.fill, steps: 4, particles: 8 }
const open = (fill: object = {}) => studio.open({ state: { view: 'fill', fill: { ...quick, ...fill } } })

long(
  'a hole is painted in a digit, samples of what may be in it come, and the link has it',
  { timeout: 240_000 },
  async () => {
    const { page } = await open()
    await eventually(() => told(page)).toMatch(
      /the samples are off by \d+ of 255 .* Each sample cost 64 evaluations/,
    )
    // The lower half is hidden, and not drawn below its cover.
    expect(await ink(page, 6)).toBeGreaterThan(100)
    expect(await ink(page, 10)).toBe(0)
    expect(stateOf(page).hidden).toBe(null)
    const first = await samples(page)

    await button(page, 'Clear').click()
    await eventually(() => ink(page, 10)).toBeGreaterThan(100)
    await eventually(async () => stateOf(page).hidden).toBe('')
    await eventually(() => told(page)).toContain('off by')
    expect(await samples(page)).not.toBe(first)
    const area = page.getByRole('application', { name: 'What is hidden of the digit' })
    await area.focus()
    await page.keyboard.press('ArrowUp')
    await page.getByText('column 9, row 8, seen').waitFor()
    await page.keyboard.press(' ')
    await page.getByText('column 9, row 8, hidden').waitFor()
    await eventually(async () => stateOf(page).hidden).not.toBe('')
    await button(page, 'Undo').click()
    await eventually(async () => stateOf(page).hidden).toBe('')
    await button(page, 'Undo').click()
    await eventually(async () => stateOf(page).hidden).not.toBe('')
    await eventually(() => told(page)).toContain('off by')
    // The same question has the same answer.
    expect(await samples(page)).toBe(first)
    await page.reload()
    await eventually(async () => (await page.locator('.gap').count()) > 0 && (await told(page))).toContain(
      'off by',
    )
    expect(await samples(page)).toBe(first)

    await button(page, 'The map').click()
    await eventually(async () => stateOf(page).from).toBe('sample')
    await eventually(() => told(page)).toContain('off by')
    await eventually(() => samples(page)).not.toBe(first)
    await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 740 })
      expect(serious(await page.evaluate(AUDIT)), String(width)).toEqual([])
      expect(await misplaced(page), String(width)).toEqual([])
    }
  },
)

long(
  'digits are steered to a class by a classifier that is fetched then, beside the map that is told it',
  { timeout: 240_000 },
  async () => {
    const { page } = await open()
    const asked: string[] = []
    page.on('request', request => asked.push(new URL(request.url()).pathname))
    const classifiers = () => asked.filter(path => path.endsWith('.onnx')).length
    await eventually(() => told(page)).toContain('off by')
    expect(classifiers()).toBe(0)
    await button(page, 'Class').click()
    await button(page, '0').click()
    await eventually(() => told(page)).toMatch(
      /digits as a 0 with a probability of \d+\s%.* class with \d+\s%\./,
    )
    expect(classifiers()).toBe(1)
    const [, steered, known] = /of (\d+)\s%.* class with (\d+)\s%/.exec((await told(page))!)!.map(Number)
    expect(known).toBeGreaterThan(90)
    await page.getByRole('slider', { name: 'Strength β' }).fill('0')
    await eventually(async () => stateOf(page).beta).toBe(0)
    await eventually(() => told(page)).toMatch(/of \d+\s%.* class with \d+\s%/)
    const [, without] = /of (\d+)\s%/.exec((await told(page))!)!.map(Number)
    expect(steered).toBeGreaterThan(without + 15)
    expect(stateOf(page)).toMatchObject({ goal: 'class', class: 0 })
  },
)

long('a classifier that does not come is said in a line', async () => {
  const opened = await open({ goal: 'class' })
  await opened.context.route('**/*.onnx', route => route.abort())
  await opened.page.reload()
  await opened.page.getByText('The classifier could not be loaded').waitFor()
  expect(opened.errors.splice(0).join()).toContain('ERR_FAILED')
})
