import { resolve } from 'node:path'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { emptyReward, packReward } from '../../../src/studio/reward.ts'
import { initialState, views } from '../../../src/studio/state.ts'
import { hasFocus, useStudio } from './page.ts'

const studio = useStudio()

/** A word of each view that is only there when it is. */
const SHOWN = {
  train: 'Objective',
  jump: 's, where the jump begins',
  steps: 'Euler',
  why: 'velocity',
  compare: 'Samples from the same noise',
  reward: 'What is wanted',
} as const

async function go(page: Page, view: keyof typeof SHOWN): Promise<void> {
  await page.locator(`nav a[href="#${view}"]`).click()
  await page.locator('main').getByText(SHOWN[view]).first().waitFor()
}

interface Finding {
  readonly id: string
  readonly impact: string
  readonly help: string
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[]
}

/** What axe finds that keeps people out. */
async function audit(page: Page): Promise<string[]> {
  const found = (await page.evaluate('axe.run().then(({ violations }) => violations)')) as Finding[]
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(
      ({ id, help, nodes }) =>
        `${id}: ${help}: ${nodes.map(({ target, failureSummary }) => `${target} ${failureSummary}`).join('; ')}`,
    )
}

test.each(['light', 'dark'] as const)('axe finds nothing serious in any view: %s', async theme => {
  const { page } = await studio.open({ theme, width: 1200, state: { tour: 3 } })
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  for (const view of views) {
    await go(page, view)
    expect(await audit(page), view).toEqual([])
  }
})

/** What makes the page wider than its window. */
const TOO_WIDE = `document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
    .map(node => node.tagName + '.' + node.className).slice(0, 8)`

test('axe finds nothing serious on a phone, with runs, a copied link and a painted reward', async () => {
  const painted = packReward(emptyReward().fill(20, 0, 200).fill(-20, 300, 400))
  const reward = { ...initialState.reward, kind: 'painted', painted } as const
  const { page } = await studio.open({ width: 360, state: { reward } })
  await page.addScriptTag({ path: resolve('node_modules/axe-core/axe.min.js') })
  await page.getByRole('button', { name: 'Add run' }).click()
  await page.getByRole('button', { name: 'Copy link' }).click()
  for (const view of views) {
    await go(page, view)
    expect(await audit(page), view).toEqual([])
    expect(await page.evaluate(TOO_WIDE), view).toEqual([])
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

test('the keyboard alone reaches every control of every view, and the focus is seen', async () => {
  const { page } = await studio.open({ reducedMotion: true })
  for (const view of views) {
    const tab = page.locator(`nav a[href="#${view}"]`)
    await tab.focus()
    await page.keyboard.press('Enter')
    await page.locator('main').getByText(SHOWN[view]).first().waitFor()
    // The focus stays where it was: on the tab that was chosen.
    expect(await hasFocus(tab), view).toBe(true)
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

test.each(['light', 'dark'] as const)(
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

test('the text of a window stays in it on a phone', async () => {
  const { page } = await studio.open({ width: 360 })
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await page.getByRole('dialog').waitFor()
  const over = "(node => node.scrollWidth - node.clientWidth)(document.querySelector('dialog'))"
  expect(await page.evaluate(over)).toBe(0)
})

/** Sizes of the letters of formulas that are too small to read. */
const SMALL_LETTERS = `[...document.querySelectorAll('.katex-html span')]
  .filter(node => node.children.length === 0 && node.textContent.replaceAll('\u200b', '').trim() !== '')
  .map(node => parseFloat(getComputedStyle(node).fontSize)).filter(size => size < 12)`

test('letters of formulas are at least 12 px', async () => {
  const { page } = await studio.open({ width: 360 })
  for (const view of ['train', 'reward'] as const) {
    await go(page, view)
    await page.locator('main .katex-html').first().waitFor()
    expect(await page.evaluate(SMALL_LETTERS), view).toEqual([])
  }
})
