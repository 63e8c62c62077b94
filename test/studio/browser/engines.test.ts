import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, test as baseTest, beforeAll, describe, expect } from 'vitest'
import { freshPlan } from '../../../src/studio/plan.ts'
import { decodeState, type StudioState, views } from '../../../src/studio/state.ts'
import { cellsOf, SIDE } from '../../../src/studio/target/raster.ts'
import { launchChromium, withoutFirefox, withoutWebKit } from '../../helpers/browsers.ts'
import { type Display, startDisplay } from '../../helpers/display.ts'
import { launchFirefox } from '../../helpers/firefox.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { isWhole, some } from '../../helpers/long.ts'
import { type Site, serveSite } from '../../helpers/site.ts'
import { openTab, type Place, type Tab } from '../../helpers/tab.ts'
import { openWebKit } from '../../helpers/webkit.ts'
import { TOO_WIDE } from './layout.ts'
import { addressOf, openPage } from './open.ts'
import { AUDIT, linksTo, SHOWN, serious } from './shown.ts'

const SIZE = { width: 1280, height: 1000 }
const PHONE = { width: 360, height: 740 }

const ENGINES = [
  {
    name: 'Firefox',
    without: withoutFirefox(),
    open: async (display: string) => openTab(await launchFirefox(display), SIZE),
  },
  { name: 'WebKit', without: withoutWebKit(), open: (display: string) => openWebKit(display, SIZE) },
]

/** Keeps in the page what goes wrong there: a driver that tells of it is not in every browser. */
const WATCH = `<script>
  window.problems = []
  addEventListener('error', ({ message, target }) => problems.push(message ?? 'not loaded: ' + (target.src ?? target.href)), true)
  addEventListener('unhandledrejection', ({ reason }) => problems.push(String(reason)))
  const own = console.error
  console.error = (...words) => {
    problems.push(words.join(' '))
    own(...words)
  }
</script>`

let site: Site
let display: Display
beforeAll(async () => {
  if (ENGINES.every(({ without }) => without)) return
  site = await serveSite({ head: WATCH })
  display = await startDisplay()
}, 180_000)
afterAll(async () => {
  await display?.close()
  await site?.close()
})

/** Reads until it is so, as long as a busy machine may need. */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 45_000, interval: 100 })

const named = (kind: string, name: string): string =>
  `[...document.querySelectorAll('${kind}')].find(node => node.textContent.trim() === ${JSON.stringify(name)})`

/** A place on what an expression finds, in parts of its width and height. */
async function placeOn(tab: Tab, node: string, across = 0.5, down = 0.5): Promise<Place> {
  return tab.read<Place>(`(() => {
    const node = ${node}
    node.scrollIntoView({ block: 'center', behavior: 'instant' })
    const { left, top, width, height } = node.getBoundingClientRect()
    return [left + ${across} * width, top + ${down} * height]
  })()`)
}

/** Clicks on what an expression finds, once it is there and can be clicked on. */
async function click(tab: Tab, node: string): Promise<void> {
  await eventually(() => tab.read(`Boolean(${node}) && !${node}.disabled`)).toBe(true)
  await tab.drag(await placeOn(tab, node))
}

const show = (tab: Tab, state: Partial<StudioState>): Promise<void> => tab.go(addressOf(site.url, state))

const stateOf = async (tab: Tab): Promise<StudioState> =>
  decodeState((await tab.read<string>('location.hash')).slice(1))

/** The number under a word of the training's standing. */
const standing = (tab: Tab, word: string): Promise<number> =>
  tab.read(`(() => {
    const part = [...document.querySelectorAll('.standing > div')].find(node => node.textContent.startsWith('${word}'))
    const text = part?.querySelector('dd').textContent ?? ''
    return text.includes('pretrained') ? 0 : Number.parseFloat(text.replaceAll(',', ''))
  })()`)
const stepsOf = (tab: Tab): Promise<number> => standing(tab, 'Steps')
const distanceOf = (tab: Tab): Promise<number> => standing(tab, 'Distance')

/** Share of the first picture that is painted. */
const painted = (tab: Tab): Promise<number> =>
  tab.read(`(() => {
    const canvas = document.querySelector('main canvas.points')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4)
  })()`)

/** Where a jump leads that is chosen by keys, and its distance from the exact path. */
async function jumpByKeys(tab: Tab): Promise<number[]> {
  await show(tab, { view: 'jump', jump: { s: 1, t: 0, point: 5 } })
  await eventually(() => tab.read('Boolean(document.querySelector("[role=slider]"))')).toBe(true)
  await tab.read('document.querySelector("[role=slider]").focus()')
  await tab.press('Shift+ArrowLeft', 'ArrowLeft', 'Shift+ArrowUp')
  const settled = '.numbers[data-times="0.89 0.1"][aria-busy="false"]'
  await eventually(() => tab.read(`Boolean(document.querySelector('${settled}'))`)).toBe(true)
  return tab.read(`['from', 'jump', 'path', 'point', 'cloud']
    .flatMap(name => document.querySelector('[data-number="' + name + '"] data').value.split(' ').map(Number))`)
}

const STEPS = 60
const small = { ...freshPlan, hidden: 32, batch: 128 }
const shared: Partial<StudioState> = {
  weights: 'raw',
  runs: [{ ...small, stages: [{ ...freshPlan.stages[0], steps: STEPS }] }],
}

/** The distance of a training that a link has replayed. */
async function replay(tab: Tab): Promise<number> {
  await show(tab, shared)
  const text = () => tab.read<string>('document.querySelector(".strip .run")?.textContent ?? ""')
  // And not "0 of 60 steps".
  await eventually(text).toMatch(new RegExp(`ring${STEPS} steps$`))
  return distanceOf(tab)
}

/** What every browser should show the same. */
const numbersOf = async (tab: Tab) => ({ jump: await jumpByKeys(tab), replayed: await replay(tab) })

let wanted: Awaited<ReturnType<typeof numbersOf>> | undefined

/** What Chromium shows; it is looked at once. */
async function inChromium(): Promise<NonNullable<typeof wanted>> {
  if (wanted) return wanted
  const tab = await openTab(await launchChromium(), SIZE)
  try {
    return (wanted = await numbersOf(tab))
  } finally {
    await tab.close()
  }
}

const folder = temporaryFolder('engines')

let taken: Promise<string> | undefined

/** The address of the example as a page in one file, which Chromium takes home once. */
async function takeHome(): Promise<string> {
  const browser = await launchChromium()
  try {
    const { page } = await openPage(browser, site.url, { url: site.url })
    await page.getByRole('button', { name: 'Export' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'HTML', exact: true }).click(),
    ])
    const path = join(folder, 'map.html')
    const text = readFileSync(await download.path(), 'utf8')
    writeFileSync(
      path,
      text.replace('<head>', start => start + WATCH),
    )
    return pathToFileURL(path).href
  } finally {
    await browser.close()
  }
}

/** Scrolls the article until a section begins near the top of the window. */
const readOn = (tab: Tab, name: string): Promise<void> =>
  tab.read(`(() => {
    const { top } = document.querySelector('section[data-figure="${name}"]').getBoundingClientRect()
    scrollBy({ top: top - 0.15 * innerHeight, behavior: 'instant' })
  })()`)

/** What a part of the page says. */
const textOf = (tab: Tab, selector: string): Promise<string> =>
  tab.read(`document.querySelector('${selector}')?.textContent ?? ''`)
const nameOf = (tab: Tab, selector: string): Promise<string> =>
  tab.read(`document.querySelector('${selector}')?.getAttribute('aria-label') ?? ''`)

/** A picture as it is painted, as text. */
const pictureOf = (tab: Tab, selector: string): Promise<string> =>
  tab.read(`document.querySelector('${selector}').toDataURL()`)

/** Drops a file of points on the page. */
const drop = (rows: string): string => `(() => {
  const dataTransfer = new DataTransfer()
  dataTransfer.items.add(new File([${JSON.stringify(rows)}], 'rows.csv'))
  const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })
  document.querySelector('.train').dispatchEvent(event)
})()`

describe.each(some(ENGINES, ENGINES.slice(0, 1)))('in $name', { timeout: 120_000 }, ({ without, open }) => {
  // What cannot run here is skipped, and vitest.config.ts says why.
  const test = baseTest.skipIf(without)
  const long = baseTest.skipIf(without || !isWhole)

  let tab: Tab
  beforeAll(async () => {
    tab = await open(display.name)
    console.log(tab.browser)
  }, 60_000)
  afterEach(async () => {
    expect(await tab.read('problems')).toEqual([])
  })
  afterAll(() => tab?.close())

  test('the pretrained example is there, and the runtime comes', async () => {
    await show(tab, {})
    await eventually(() => distanceOf(tab)).toBeLessThan(0.5)
    await eventually(() => painted(tab)).toBeGreaterThan(0.005)
    await eventually(() => tab.read('document.querySelector(".status").textContent')).toBe(
      'Engine: WebAssembly',
    )
    expect(await tab.read('document.querySelector("[role=alert]")?.textContent')).toBeFalsy()
  })

  long('a jump by keys and a shared link have the numbers of Chromium', async () => {
    const wanted = await inChromium()
    const { jump, replayed } = await numbersOf(tab)
    expect(jump).toHaveLength(wanted.jump.length)
    jump.forEach((value, i) => {
      expect(Math.abs(value - wanted.jump[i])).toBeLessThan(1e-3)
    })
    expect(Math.abs(replayed - wanted.replayed)).toBeLessThan(1.5e-3)
  })

  long('trains lsd on the ring', async () => {
    const plan = { ...small, stages: [{ ...freshPlan.stages[0], learningRate: 5e-3 }] }
    await show(tab, { runs: [plan], weights: 'raw' })
    await eventually(() => distanceOf(tab)).toBeGreaterThan(1)
    const before = await distanceOf(tab)
    await click(tab, named('button', 'Train'))
    await eventually(() => stepsOf(tab)).toBeGreaterThan(200)
    await eventually(() => distanceOf(tab)).toBeLessThan(0.75 * before)
    await click(tab, named('button', 'Pause'))
  })

  long('a target is drawn with the mouse, or dropped as a file', async () => {
    await show(tab, {})
    await click(tab, named('label', 'draw'))
    await tab.read('void (document.querySelector("details.more").open = true)')
    await eventually(() => tab.read('Boolean(document.querySelector(".painting"))')).toBe(true)
    const square = 'document.querySelector(".painting")'
    await tab.drag(await placeOn(tab, square, 0.2), await placeOn(tab, square, 0.8))
    await click(tab, named('button', 'Use this target'))
    const target = async () => {
      const { runs, selected } = await stateOf(tab)
      return runs[selected].target
    }
    await eventually(async () => (await target()).kind).toBe('density')
    const cells = cellsOf(await target())!
    expect([cells[32 * SIDE + 32] > 100, cells[12 * SIDE + 32]]).toEqual([true, 0])

    const rows = Array.from({ length: 60 }, (_, i) => `${Math.cos(i)},${Math.sin(i)}`)
    await tab.read(drop(rows.join('\n')))
    await click(tab, named('button', 'Use this target'))
    await eventually(async () => (await target()).kind).toBe('points')
    await click(tab, named('button', '1 step'))
    await eventually(() => stepsOf(tab)).toBe(1)
  })

  long('the figures of the article are live', async () => {
    await tab.resize(SIZE)
    await tab.go(`${site.url}learn.html`)
    const words = () => textOf(tab, '.words')
    const picture = () => pictureOf(tab, '.square canvas')
    await eventually(words).toMatch(/^Each line joins a point of noise/)
    const first = await picture()

    await readOn(tab, 'tangent')
    await eventually(words).toContain('Velocity at time 0.95')
    await eventually(picture).not.toBe(first)
    await tab.read(`document.querySelector('section[data-figure="tangent"] input').focus()`)
    await tab.press('ArrowLeft')
    await eventually(words).toContain('Velocity at time 0.94')

    await readOn(tab, 'integral')
    await eventually(words).toMatch(/^The jump ends \d/)
    const at = await nameOf(tab, '.handle')
    await tab.read("document.querySelector('.handle').focus()")
    await tab.press('ArrowRight')
    await eventually(() => nameOf(tab, '.handle')).not.toBe(at)

    await readOn(tab, 'fails')
    await eventually(words).toMatch(/^1 jump: 9\d of 100 points land on the data/)
    expect(await tab.read("document.querySelectorAll('.square .missed').length")).toBeGreaterThan(10)

    await readOn(tab, 'training')
    await click(tab, named('button', 'Train it'))
    const steps = async () =>
      Number((await words()).match(/^After ([\d,]+) steps/)?.[1].replaceAll(',', '') ?? 0)
    await eventually(steps).toBeGreaterThan(20)
    await readOn(tab, 'steps')
    await eventually(words).toMatch(/^1 Euler step: [01] of 100 points land/)
  })

  long('a page in one file shows the flight, and its point is moved', async () => {
    await tab.resize(SIZE)
    await tab.go(await (taken ??= takeHome()))
    await eventually(() => textOf(tab, '[role=status]')).toMatch(
      /^With one jump, 9\d of 100 points land on the data/,
    )
    const picture = () => pictureOf(tab, 'canvas')
    const before = await picture()
    await eventually(picture).not.toBe(before)
    await eventually(() => nameOf(tab, '.handle')).toContain('One jump takes it to')
    const at = await nameOf(tab, '.handle')
    await tab.read("document.querySelector('.handle').focus()")
    await tab.press('ArrowLeft')
    await eventually(() => nameOf(tab, '.handle')).not.toBe(at)
    await click(tab, named('button', '20 Euler steps'))
    await eventually(() => textOf(tab, '[role=status]')).toMatch(/^With 20 Euler steps, 9[\d.]+ of 100/)
  })

  long('every view fits a phone, and axe finds nothing serious', async () => {
    await tab.resize(PHONE)
    await show(tab, {})
    const axe = JSON.stringify(readFileSync('node_modules/axe-core/axe.min.js', 'utf8'))
    await tab.read(
      `void document.head.append(Object.assign(document.createElement('script'), { text: ${axe} }))`,
    )
    for (const view of views) {
      for (const link of linksTo(view)) await click(tab, `document.querySelector('${link}')`)
      await eventually(() => tab.read<string>('document.querySelector("main").textContent')).toContain(
        SHOWN[view],
      )
      // What scrolls by itself is reached by keyboard as soon as its size is known.
      await expect.poll(async () => serious(await tab.read(AUDIT)), { message: view }).toEqual([])
      expect(await tab.read(TOO_WIDE), view).toEqual([])
    }
  })
})
