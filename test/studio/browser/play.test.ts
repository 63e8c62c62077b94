import { isDeepStrictEqual } from 'node:util'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { exampleTargets } from '../../../src/studio/example/trained-by.ts'
import { FLIGHT, LOOP } from '../../../src/studio/page/draw/flight.ts'
import { examplePlan, freshPlan, type Plan } from '../../../src/studio/plan.ts'
import { decodeState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { TOO_WIDE } from './layout.ts'
import { openView, useStudio } from './page.ts'

const studio = useStudio()

const patiently = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 60_000, interval: 100 })
const said = async (page: Page): Promise<string> => (await page.locator('.said').textContent())!
const handle = (page: Page) => page.getByRole('button', { name: /^A point of noise/ })
const runsOf = (page: Page): Plan[] => decodeState(new URL(page.url()).hash.slice(1)).runs
/** How many of a hundred points land. */
const landed = async (page: Page): Promise<number> =>
  Number(
    (await page.locator('.said strong').textContent({ timeout: 60_000 }))!.match(/[\d.]+(?= of 100)/)![0],
  )

/** What the stage shows, as one number for each of its 20 upright strips: how much of it is drawn over. */
const STRIPS = `(() => {
  const canvas = document.querySelector('.play .stage canvas')
  const { width, height } = canvas
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height)
  const strips = new Array(20).fill(0)
  for (let i = 3; i < data.length; i += 4) strips[Math.floor((((i - 3) / 4) % width) / width * 20)] += data[i]
  return strips
})()`

/** Pictures of the flight where nothing moves, as text. */
const FILM = `[...document.querySelectorAll('.film canvas')].map(canvas => canvas.toDataURL())`

test('the page opens with points that fly from noise to data', async () => {
  const { page } = await studio.open({ url: studio.site() })
  await page.locator('.play .stage canvas').waitFor()
  expect(await page.locator('nav [aria-current="page"]').textContent()).toBe('Play')
  // Known before there is an engine.
  expect(await said(page)).toMatch(/^With one jump, 9\d of 100 points land on the data/)
  const shown = (): Promise<number[]> => page.evaluate(STRIPS) as Promise<number[]>
  // Points leave the left side and come to the right one, again and again.
  const right = async () => (await shown()).slice(10).reduce((a, b) => a + b, 0)
  const amounts: number[] = []
  for (let i = 0; i < 40; i++) {
    amounts.push(await right())
    await page.waitForTimeout(120)
  }
  expect(Math.max(...amounts)).toBeGreaterThan(1.5 * Math.min(...amounts))
  await page.getByRole('button', { name: 'Pause' }).click()
  // Longer than landed points rest; the engine's answer may still come after the pause.
  await patiently(async () => {
    const paused = await shown()
    await page.waitForTimeout(LOOP - FLIGHT + 300)
    return isDeepStrictEqual(await shown(), paused)
  }).toBe(true)
})

test('a point is seen while it is held', async () => {
  const { page } = await studio.open({ url: studio.site() })
  const look = () =>
    page.evaluate(`getComputedStyle(document.querySelector('.play .handle')).backgroundImage`)
  await handle(page).waitFor()
  const free = await look()
  expect(free).toContain('gradient')
  await handle(page).hover()
  await page.mouse.down()
  expect(await look()).toBe(free)
})

test('a point goes where it is dragged, and is told where one jump takes it', async () => {
  const { page } = await studio.open({ url: studio.site() })
  await handle(page).waitFor()
  const box = (await handle(page).boundingBox())!
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x - 40, box.y + 60, { steps: 5 })
  await page.mouse.up()
  const name = () => handle(page).getAttribute('aria-label')
  expect(await name()).not.toContain('at 0.8, 1.1')
  // The address follows a little later than the page.
  const pointOf = async () => {
    await page.waitForTimeout(600)
    return decodeState(new URL(page.url()).hash.slice(1)).play.point
  }
  const placed = await pointOf()
  await handle(page).press('ArrowRight')
  const moved = await pointOf()
  expect(moved[0] - placed[0]).toBeCloseTo(0.1, 5)
  expect(moved[1]).toBe(placed[1])
  await patiently(name).toMatch(/One jump takes it to -?\d/)
  for (const line of ['leap', 'path']) await page.locator(`.held .${line}`).waitFor({ state: 'attached' })
  // A link shows the same.
  await page.getByRole('button', { name: '4 jumps' }).click()
  await patiently(async () => decodeState(new URL(page.url()).hash.slice(1)).play).toEqual({
    way: 2,
    point: moved,
  })
  const link = page.url()
  const other = await studio.open({ url: link })
  await patiently(() => handle(other.page).getAttribute('aria-label')).toBe(await name())
  await other.page.getByRole('button', { name: '4 jumps', pressed: true }).waitFor()
})

long('every trained map of the gallery lands in each way, and says so', { timeout: 180_000 }, async () => {
  const { page } = await studio.open({ url: studio.site() })
  for (const [i, name] of exampleTargets.entries()) {
    await page.locator('.gallery button.tile').nth(i).click()
    // Until it is known, no number of another map stands there.
    if (i > 0) expect(await said(page)).not.toContain('of 100')
    await patiently(async () => runsOf(page)[0].target).toEqual({ kind: 'built-in', name })
    for (const [way, words] of [
      ['20 Euler steps', 'With 20 Euler steps'],
      ['2 jumps', 'With two jumps'],
      ['1 jump', 'With one jump'],
    ]) {
      await page.getByRole('button', { name: way, exact: true }).click()
      await patiently(() => said(page)).toContain(words)
      await patiently(() => landed(page)).toBeGreaterThan(85)
    }
    expect(await page.getByRole('alert').count()).toBe(0)
  }
  expect(runsOf(page)).toHaveLength(1)
})

test('what is said is of the way that is chosen, however fast one chooses', async () => {
  const { page } = await studio.open({ url: studio.site() })
  await patiently(() => said(page)).toMatch(/^With one jump, 9\d of 100/)
  await page.evaluate(`{
    const words = { '1 jump': 'With one jump', '2 jumps': 'With two jumps', '4 jumps': 'With four jumps', '20 Euler steps': 'With 20 Euler steps' }
    window.wrong = []
    new MutationObserver(() => {
      const chosen = document.querySelector('.told button[aria-pressed="true"]').textContent
      const said = document.querySelector('.said').textContent
      if (!said.startsWith(words[chosen])) wrong.push(chosen + ': ' + said)
    }).observe(document.querySelector('.told'), { subtree: true, childList: true, characterData: true, attributes: true })
  }`)
  for (const way of ['20 Euler steps', '2 jumps', '4 jumps', '1 jump', '20 Euler steps', '4 jumps'])
    await page.getByRole('button', { name: way, exact: true }).click()
  await patiently(() => said(page)).toMatch(/^With four jumps, 9\d(\.\d)? of 100/)
  expect(await page.evaluate('wrong')).toEqual([])
})

test('a map of one’s own stays when another is shown', async () => {
  const own: Plan = { ...freshPlan, hidden: 16, stages: [{ ...freshPlan.stages[0], steps: 3 }] }
  const { page } = await studio.open({ state: { view: 'play', runs: [own] } })
  await page.getByText('The map after 3 steps of training.').waitFor()
  await page.getByRole('button', { name: 'two moons' }).click()
  await patiently(async () => runsOf(page).length).toBe(2)
  expect(runsOf(page)[0]).toEqual(own)
  expect(runsOf(page)[1].start).toBe(examplePlan.start)
})

test('where less motion is asked for, the flight is a row of pictures', async () => {
  const { page } = await studio.open({ url: studio.site(), reducedMotion: true })
  await page.locator('.film canvas').first().waitFor()
  expect(await page.locator('.film canvas').count()).toBe(6)
  for (const [width, height, least] of [
    [360, 740, 155],
    [1280, 800, 350],
    [1920, 1080, 600],
  ]) {
    await page.setViewportSize({ width, height })
    expect((await page.locator('.film > li').first().boundingBox())!.width).toBeGreaterThan(least)
    expect(await page.evaluate(TOO_WIDE)).toEqual([])
    const end = await page.locator('.film > li').last().boundingBox()
    expect(end!.y + end!.height).toBeLessThan(height)
  }
  expect(await page.getByRole('button', { name: 'Pause' }).count()).toBe(0)
})

test('on a phone the stage and its buttons fit one screen; in a wide window the stage grows', async () => {
  const { page } = await studio.open({ url: studio.site(), width: 360, height: 740 })
  const last = (await page.getByRole('button', { name: '20 Euler steps' }).boundingBox())!
  expect(last.y + last.height).toBeLessThan(740)
  const widthOf = async (selector: string, width: number, height: number): Promise<number> => {
    await page.setViewportSize({ width, height })
    await page.locator(selector).first().waitFor()
    return (await page.locator(selector).first().boundingBox())!.width
  }
  for (const [view, selector, small, large] of [
    ['play', '.play .stage', 800, 1250],
    ['steer', '.results .placer', 300, 600],
  ] as const) {
    await openView(page, view)
    expect(await widthOf(selector, 1280, 850), view).toBeGreaterThan(small)
    expect(await widthOf(selector, 1920, 1080), view).toBeGreaterThan(large)
  }
})

test('a link to a trained map shows the same points in another profile', { timeout: 180_000 }, async () => {
  const { page } = await studio.open({ url: studio.site(), reducedMotion: true })
  await page.getByRole('button', { name: 'spirals' }).click()
  await page.getByRole('button', { name: '4 jumps' }).click()
  await patiently(() => said(page)).toMatch(/^With four jumps, 9/)
  // The address follows a little later than the page.
  await page.waitForTimeout(700)
  const first = (await page.evaluate(FILM)) as string[]
  expect(new Set(first).size).toBe(6)
  const other = await studio.open({ url: page.url(), reducedMotion: true })
  await patiently(() => said(other.page)).toBe(await said(page))
  await patiently(() => other.page.evaluate(FILM)).toEqual(first)
})

test('from Play to a drawing, to digits, and to the article', async () => {
  const { page } = await studio.open({ url: studio.site() })
  await page.getByRole('button', { name: 'Draw your own' }).click()
  await page.getByRole('radio', { name: 'draw' }).waitFor()
  expect(await page.getByRole('radio', { name: 'draw' }).isChecked()).toBe(true)
  // Wherever Play was scrolled to.
  expect((await page.getByRole('application').boundingBox())!.y).toBeGreaterThan(-1)
  await page.locator('.bar nav a[href="#play"]').click()
  await openView(page, 'digits')
  await page.locator('.digits .digit-stage').first().waitFor()
  // The gallery is below as before, and leads back.
  await page.getByRole('button', { name: 'ring' }).click()
  await handle(page).waitFor()
  await page.getByRole('link', { name: 'How it works' }).click()
  await page.getByRole('heading', { name: '1. The path' }).waitFor()
  await page.getByRole('link', { name: 'Play', exact: true }).click()
  await page.getByRole('link', { name: 'How it works' }).waitFor()
})

/** A heart on the square from -1 to 1, upwards, as one line. */
const HEART = Array.from({ length: 60 }, (_, i): [number, number] => {
  const angle = (2 * Math.PI * i) / 59
  const y = 13 * Math.cos(angle) - 5 * Math.cos(2 * angle) - 2 * Math.cos(3 * angle) - Math.cos(4 * angle)
  return [Math.sin(angle) ** 3, y / 17]
})

long('a heart is drawn, and becomes a one-step map', { timeout: 240_000 }, async () => {
  const { page } = await studio.open({ url: studio.site() })
  await page.locator('.status', { hasText: 'WebAssembly' }).waitFor({ state: 'attached' })
  await page.getByRole('button', { name: 'Draw your own' }).click()
  const pad = page.getByRole('application', { name: /draw/i })
  const { x, y, width } = (await pad.boundingBox())!
  const begun = Date.now()
  const at = ([a, b]: readonly [number, number]) =>
    [x + width * (0.5 + 0.33 * a), y + width * (0.5 - 0.33 * b)] as const
  await page.mouse.move(...at(HEART[0]))
  await page.mouse.down()
  for (const place of HEART) await page.mouse.move(...at(place))
  await page.mouse.up()
  await page.getByRole('button', { name: 'Train on it' }).click()
  const own = () => {
    const { runs, selected } = decodeState(new URL(page.url()).hash.slice(1))
    return runs[selected]
  }
  await expect.poll(() => own().target.kind, { timeout: 60_000 }).toBe('density')
  // The example is still there.
  expect(runsOf(page)[0]).toEqual(examplePlan)
  // The velocity, then the map, with nothing more to press.
  await expect
    .poll(() => own().stages[1]?.objective === 'cmt' && own().stages[1].steps >= 3600, {
      timeout: 200_000,
      interval: 500,
    })
    .toBe(true)
  const landing = page.locator('.standing [data-number="landing"] data')
  await expect
    .poll(async () => Number(await landing.getAttribute('value')), { timeout: 30_000 })
    .toBeLessThan(0.1)
  console.log(`a drawn heart: one jump lands after ${Math.round((Date.now() - begun) / 1000)} s`)
})
