import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { emptyReward, packReward } from '../../../src/studio/reward.ts'
import { initialState, views } from '../../../src/studio/state.ts'
import { long, some } from '../../helpers/long.ts'
import { misplaced } from './layout.ts'
import { addRun, hasFocus, openView, useStudio } from './page.ts'
import { AUDIT, linksTo, SHOWN, serious } from './shown.ts'

const studio = useStudio()

async function go(page: Page, view: keyof typeof SHOWN): Promise<void> {
  await openView(page, view)
  await page.locator('main').getByText(SHOWN[view]).filter({ visible: true }).first().waitFor()
}

const audit = async (page: Page): Promise<string[]> => serious(await page.evaluate(AUDIT))

/** What axe finds in every view. */
async function auditViews(theme: 'light' | 'dark'): Promise<void> {
  const { page } = await studio.open({ theme, width: 1200 })
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  for (const view of some(views, ['train', 'compare', 'digits'])) {
    await go(page, view)
    expect(await audit(page), view).toEqual([])
  }
}

test('axe finds nothing serious in any view: light', () => auditViews('light'))
long('axe finds nothing serious in any view: dark', () => auditViews('dark'))

const menu = (page: Page) => page.getByRole('button', { name: 'Menu' })

long('on a phone the picture and Play are seen at once, and axe finds nothing serious', async () => {
  const painted = packReward(emptyReward().fill(20, 0, 200).fill(-20, 300, 400))
  const reward = { ...initialState.reward, kind: 'painted', painted } as const
  const { page } = await studio.open({ width: 360, height: 740, state: { reward } })
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  for (const part of [page.locator('main canvas.points'), page.locator('main button.main').first()]) {
    const { y, height } = (await part.boundingBox())!
    expect(y + height).toBeLessThan(640)
  }
  await addRun(page, 'Semigroup')
  // Its samples have the mark and the colour of the second run, in every view.
  const marks = page.locator('main figcaption .mark path')
  await expect.poll(() => marks.getAttribute('fill')).toBe('var(--run-1)')
  const read = (place: string, name: string) =>
    page.evaluate(`getComputedStyle(document.querySelector('${place}')).getPropertyValue('${name}')`)
  expect(await read('main > .room', '--own')).toBe(await read(':root', '--run-1'))
  await menu(page).click()
  await page.getByRole('button', { name: 'Copy link' }).click()
  // Nothing has trained, so nothing does where it is opened.
  await page.getByText(/Anyone who opens it sees the same\.$/).waitFor()
  // What was chosen closes the menu and leaves the focus where it was opened.
  expect(await menu(page).getAttribute('aria-expanded')).toBe('false')
  expect(await hasFocus(menu(page))).toBe(true)
  for (const view of views) {
    await go(page, view)
    expect(await audit(page), view).toEqual([])
    expect(await misplaced(page), view).toEqual([])
  }
})

/** Where everything of a view is, but for what it says. */
const BOXES = `[...document.querySelectorAll('main .room :is(div, section, figure, canvas, ol, ul, dl, details, fieldset)')]
  .filter(node => !node.closest('.formula'))
  .map(node => {
    const { left, width } = node.getBoundingClientRect()
    return node.tagName + '.' + node.className + ' ' + Math.round(left) + ' ' + Math.round(width)
  })`

long('a view looks the same whatever was visited before', async () => {
  const { page } = await studio.open({ width: 1400, height: 900 })
  await page.locator('.katex').first().waitFor()
  const first = await page.evaluate(BOXES)
  expect((await page.locator('main canvas.points').boundingBox())!.width).toBeGreaterThan(500)
  for (const view of [...views].reverse()) await go(page, view)
  await go(page, 'train')
  await page.locator('.katex').first().waitFor()
  expect(await page.evaluate(BOXES)).toEqual(first)
})

long('nothing is cut off or over another at other widths', async () => {
  const { page } = await studio.open({ width: 800, height: 900 })
  for (const width of [800, 1400, 1280, 1080]) {
    await page.setViewportSize({ width, height: 900 })
    // One row.
    await expect.poll(async () => (await page.getByRole('banner').boundingBox())!.height).toBeLessThan(60)
    if (width === 1280 || width === 1080) continue
    for (const view of views) {
      await go(page, view)
      expect(await misplaced(page), `${view} at ${width}`).toEqual([])
    }
  }
})

/** Marks what can have the focus, once for each group of radio buttons. */
const MARK = `(() => {
  const all = [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
  const open = all.filter(node => !node.disabled && node.tabIndex >= 0 && node.checkVisibility() && node.type !== 'radio')
  open.forEach((node, i) => { node.dataset.seat = i })
  return open.length
})()`

const FOCUSED = `(() => {
  const node = document.activeElement
  if (!node || node === document.body) return null
  const { outlineStyle, outlineWidth } = getComputedStyle(node)
  return { seat: node.dataset.seat ?? null, ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2, what: node.outerHTML.slice(0, 120) }
})()`

long('the keyboard alone reaches every control of every view, and the focus is seen', async () => {
  const { page } = await studio.open({ reducedMotion: true })
  for (const view of views) {
    const links = linksTo(view)
    for (const link of links) {
      await page.locator(link).focus()
      await page.keyboard.press('Enter')
    }
    await page.locator('main').getByText(SHOWN[view]).filter({ visible: true }).first().waitFor()
    // The focus stays where it was: on the tab that was chosen.
    if (links.length === 1) expect(await hasFocus(page.locator(links[0])), view).toBe(true)
    const count = (await page.evaluate(MARK)) as number
    await page.evaluate('document.activeElement.blur(); getSelection().removeAllRanges()')
    const seen = new Set<string>()
    const hidden: string[] = []
    for (let presses = 0; presses < count + 12; presses++) {
      await page.keyboard.press('Tab')
      const focus = (await page.evaluate(FOCUSED)) as {
        seat: string | null
        ring: boolean
        what: string
      } | null
      if (!focus) continue
      if (focus.seat !== null) seen.add(focus.seat)
      if (!focus.ring) hidden.push(focus.what)
    }
    expect(hidden, view).toEqual([])
    const missed = (await page.evaluate(
      `[...document.querySelectorAll('[data-seat]')].filter(node => !${JSON.stringify([...seen])}.includes(node.dataset.seat)).map(node => node.outerHTML.slice(0, 120))`,
    )) as string[]
    expect(missed, view).toEqual([])
    expect(seen.size, view).toBe(count)
  }
})

test('the first key leads past the bar to the view; there is one main heading, and landmarks', async () => {
  const { page } = await studio.open()
  await page.keyboard.press('Tab')
  await page.keyboard.press('Enter')
  expect(await page.evaluate('document.activeElement.tagName')).toBe('MAIN')
  expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
  for (const role of ['banner', 'navigation', 'main'] as const)
    expect(await page.getByRole(role).count()).toBe(1)
})

const MAIN = "document.querySelector('button.main')"

long.each(['light', 'dark'] as const)(
  'a main button is read under the mouse and pressed: %s',
  async theme => {
    const { page } = await studio.open({ theme })
    await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
    const button = page.locator('button.main').first()
    const colour = () => page.evaluate(`getComputedStyle(${MAIN}).backgroundColor`) as Promise<string>
    const seen = [await colour()]
    await button.hover()
    for (const act of [async () => {}, () => page.mouse.down()]) {
      await act()
      await expect.poll(colour).not.toBe(seen.at(-1))
      seen.push(await colour())
      expect(await audit(page)).toEqual([])
    }
    // Axe leaves out what is disabled.
    await page.mouse.move(0, 0)
    await page.mouse.up()
    await page.evaluate(`${MAIN}.disabled = true`)
    expect(seen).not.toContain(await colour())
  },
)

long('windows and the menu are whole on a phone, and Escape leads back', async () => {
  const { page } = await studio.open({ width: 360, height: 740 })
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  await menu(page).click()
  expect(await audit(page)).toEqual([])
  for (const [name, title] of [
    ['Open', 'Open a model'],
    ['Export', 'Export'],
  ] as const) {
    const button = page.locator('.menu').getByRole('button', { name, exact: true })
    await button.click()
    await page.getByRole('dialog', { name: title }).waitFor()
    expect(await audit(page), name).toEqual([])
    expect(await misplaced(page), name).toEqual([])
    const over = "(node => node.scrollWidth - node.clientWidth)(document.querySelector('dialog'))"
    expect(await page.evaluate(over), name).toBe(0)
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(await hasFocus(button), name).toBe(true)
  }
  await page.keyboard.press('Escape')
  expect(await menu(page).getAttribute('aria-expanded')).toBe('false')
  expect(await hasFocus(menu(page))).toBe(true)
})

/** Sizes of the letters of formulas that are too small to read. */
const SMALL_LETTERS = `[...document.querySelectorAll('.katex-html span')]
  .filter(node => node.children.length === 0 && node.textContent.replaceAll('\u200b', '').trim() !== '')
  .map(node => parseFloat(getComputedStyle(node).fontSize)).filter(size => size < 12)`

test('letters of formulas are at least 12 px', async () => {
  const { page } = await studio.open({ width: 360 })
  for (const view of ['train', 'steer'] as const) {
    await go(page, view)
    // They are behind a word.
    await page.getByText(view === 'steer' ? 'How it works' : 'What it learns').click()
    await page.locator('main .katex-html:visible').first().waitFor()
    expect(await page.evaluate(SMALL_LETTERS), view).toEqual([])
  }
})
