import type { Page } from 'playwright-core'

/** What makes the page wider than its window. */
export const TOO_WIDE = `document.documentElement.scrollWidth <= innerWidth ? [] :
  [...document.querySelectorAll('body *')]
    .filter(node => node.getBoundingClientRect().right > innerWidth + 1)
    .map(node => 'too wide: ' + node.tagName + '.' + node.className).slice(0, 8)`

/**
 * Texts that are cut off by what they are in, without a sign of it, and texts or controls over each other. Formulas set
 * their letters over each other, and those who only listen are given texts that are not seen.
 */
const COVERED = `(() => {
  const SLACK = 2
  const found = []
  const clips = value => value === 'hidden' || value === 'clip'
  const seen = node => node.checkVisibility({ visibilityProperty: true, opacityProperty: true })
    && !node.closest('.hidden-but-read, .katex, option, .skip, .strip > h2')
  const part = node => node.closest('dialog, .menu, .bar, .strip, main')
  const texts = []
  const scrolls = value => value === 'auto' || value === 'scroll'
  // What is scrolled out of its place, or cut with a sign of it, covers nothing.
  const inScrollers = ({ left, right, top, bottom }, node) => {
    for (let place = node; place && place !== document.body; place = place.parentElement) {
      const { overflowY, textOverflow } = getComputedStyle(place)
      if (!scrolls(overflowY) && textOverflow !== 'ellipsis') continue
      const around = place.getBoundingClientRect()
      left = Math.max(left, around.left)
      right = Math.min(right, around.right)
      top = Math.max(top, around.top)
      bottom = Math.min(bottom, around.bottom)
    }
    return { left, right, top, bottom }
  }
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let text = walker.nextNode(); text; text = walker.nextNode()) {
    const node = text.parentElement
    if (!text.data.trim() || !node || !part(node) || !seen(node)) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    const name = text.data.trim().slice(0, 40)
    for (const whole of range.getClientRects()) {
      const box = inScrollers(whole, node)
      if (box.right > box.left && box.bottom > box.top) texts.push({ name, box, part: part(node), node })
    }
  }
  for (const { name, box, node } of texts) {
    for (let place = node; place && place !== document.body; place = place.parentElement) {
      const style = getComputedStyle(place)
      if (scrolls(style.overflowX) || style.textOverflow === 'ellipsis') break
      const around = place.getBoundingClientRect()
      const out = (clips(style.overflowX) && (box.right > around.right + SLACK || box.left < around.left - SLACK))
        || (clips(style.overflowY) && (box.bottom > around.bottom + SLACK || box.top < around.top - SLACK))
      if (out) found.push('cut off: ' + name)
    }
  }
  const controls = [...document.querySelectorAll('button, select, input:not([type=radio]), summary')]
    .filter(node => part(node) && seen(node))
    .map(node => ({ name: node.getAttribute('aria-label') ?? node.textContent.slice(0, 40), box: node.getBoundingClientRect(), part: part(node) }))
  // A text that is cut with a sign of it has the box of its whole too.
  const over = (a, b) => a.part === b.part && (a.node === undefined || a.node !== b.node)
    && Math.min(a.box.right, b.box.right) - Math.max(a.box.left, b.box.left) > SLACK
    && Math.min(a.box.bottom, b.box.bottom) - Math.max(a.box.top, b.box.top) > SLACK
  for (const list of [texts, controls]) {
    list.forEach((a, i) => list.slice(i + 1).forEach(b => {
      if (over(a, b)) found.push('over each other: ' + a.name + ' | ' + b.name)
    }))
  }
  return found
})()`

/** Pictures whose points are not as wide as they are high, by more than their size is rounded. */
const STRETCHED = `[...document.querySelectorAll('main canvas')]
  .filter(({ width, height, clientWidth, clientHeight }) =>
    clientWidth > 0 && Math.abs(clientHeight - clientWidth * height / width) > Math.max(1, 0.02 * clientHeight))
  .map(({ width, height, clientWidth }) => 'stretched: ' + width + ' x ' + height + ' on ' + clientWidth)`

/** The same once all are painted: a new canvas is twice as wide as high. */
async function stretched(page: Page): Promise<string[]> {
  await page.waitForFunction(`${STRETCHED}.length === 0`, undefined, { timeout: 5000 }).catch(() => {})
  return (await page.evaluate(STRETCHED)) as string[]
}

/** What of the page cannot be read where it is: too wide, cut off, or under something else. */
export const misplaced = async (page: Page): Promise<string[]> => [
  ...(await stretched(page)),
  ...((await page.evaluate(TOO_WIDE)) as string[]),
  ...((await page.evaluate(COVERED)) as string[]),
]

/** Adds up how far what stood on the page has moved by itself. */
export const WATCH_SHIFTS = `
  window.shift = 0
  new PerformanceObserver(list => {
    for (const entry of list.getEntries()) window.shift += entry.value
  }).observe({ type: 'layout-shift', buffered: true })`
