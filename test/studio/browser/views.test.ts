import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as engine from '../../../src/runtime/node.ts'
import { drawNoise } from '../../../src/sampler/sampler.ts'
import { answers } from '../../../src/studio/engine/answers.ts'
import type { PlanePoints, QuestionName, Questions } from '../../../src/studio/engine/protocol.ts'
import { Session } from '../../../src/studio/engine/session.ts'
import { examplePlan } from '../../../src/studio/plan.ts'
import { long } from '../../helpers/long.ts'
import { useStudio } from './page.ts'

const studio = useStudio()
/** The same training in Node. */
let session: Session
beforeAll(async () => {
  session = await Session.open(engine, examplePlan)
})
afterAll(() => session.close())

const ask = <N extends QuestionName>(name: N, question: Questions[N]['ask']) =>
  answers[name](question as never, session, engine) as Promise<Questions[N]['answer']>

/** Reads until it is so, as long as a busy machine may need. */
const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 30_000, interval: 100 })

const POINT = 5
const open = (view: 'jump' | 'steps' | 'why', options: { reducedMotion?: boolean } = {}) =>
  studio.open({
    state: { view, runs: [examplePlan], jump: { s: 1, t: 0, point: POINT } },
    ...options,
  })

/** Numbers that the page shows, with all their digits. */
async function shown(page: Page, name: string): Promise<number[]> {
  const value = await page.locator(`[data-number="${name}"] data`).getAttribute('value')
  return value!.split(' ').map(Number)
}

const settled = (page: Page, times: string) =>
  page.locator(`.numbers[data-times="${times}"][aria-busy="false"]`).waitFor()

const pair = (points: PlanePoints, i: number): number[] => [points[2 * i], points[2 * i + 1]]

/** The point that is farthest from all others of two lists: a click finds it, to the pixel. */
function lonely(points: PlanePoints, others: PlanePoints): { at: number; place: number[] } {
  const gap = (at: number): number => {
    const [x, y] = pair(points, at)
    const to = (list: PlanePoints, i: number): number => Math.hypot(list[2 * i] - x, list[2 * i + 1] - y)
    return Math.min(
      ...Array.from({ length: points.length / 2 }, (_, i) =>
        i === at ? Infinity : Math.min(to(points, i), to(others, i)),
      ),
    )
  }
  const gaps = Array.from({ length: points.length / 2 }, (_, i) => gap(i))
  const at = gaps.indexOf(Math.max(...gaps))
  return { at, place: pair(points, at) }
}

function expectClose(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length)
  found.forEach((value, i) => {
    expect(Math.abs(value - wanted[i])).toBeLessThan(1e-4)
  })
}

/** What the view should say of one jump. */
async function expectJump(page: Page, s: number, t: number): Promise<void> {
  const noise = drawNoise(1000, 2, examplePlan.seed)
  const times = Array.from({ length: 101 }, (_, i) => Math.round(100 - i) / 100)
  const { points } = await ask('path', { points: noise, times })
  const at = (time: number) => points[Math.round(100 * (1 - time))]
  const end = await ask('jump', { points: at(s), s, t, weights: 'ema' })
  const [from, jump, truth] = [at(s), end, at(t)].map(list => pair(list, POINT))
  expectClose(await shown(page, 'from'), from)
  expectClose(await shown(page, 'jump'), jump)
  expectClose(await shown(page, 'path'), truth)
  expectClose(await shown(page, 'point'), [Math.hypot(jump[0] - truth[0], jump[1] - truth[1])])
  const squares = end.reduce((sum, value, i) => sum + (value - at(t)[i]) ** 2, 0)
  expectClose(await shown(page, 'cloud'), [Math.sqrt(squares / 1000)])
  const off = Array.from({ length: 1000 }, (_, i) => {
    const [[x, y], [u, v]] = [pair(end, i), pair(at(t), i)]
    return Math.hypot(x - u, y - v)
  }).sort((a, b) => a - b)
  expectClose(await shown(page, 'half'), [(off[499] + off[500]) / 2])
}

const picture = (page: Page): Promise<string> =>
  page.evaluate(`document.querySelector('.picture canvas').toDataURL()`)

/** Share of the picture's pixels that are painted. */
const painted = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    const canvas = document.querySelector('.picture canvas')
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.filter((value, i) => i % 4 === 3 && value > 0).length / (data.length / 4)
  })()`)

/** Has every request for WebGL after the next load answered by a function's text. */
async function withWebGL(page: Page, answer: string): Promise<void> {
  await page.addInitScript(`
    const get = HTMLCanvasElement.prototype.getContext
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
      const ask = () => get.call(this, kind, ...rest)
      return kind === 'webgl' ? (${answer})(ask) : ask()
    }`)
  await page.reload()
}

describe('a jump', () => {
  test('is dragged, and its numbers are those of the session', async () => {
    const { page } = await open('jump')
    await settled(page, '1 0')
    await expectJump(page, 1, 0)
    const box = (await page.locator('.triangle .area').boundingBox())!
    const to = (s: number, t: number) => [box.x + s * box.width, box.y + (1 - t) * box.height] as const
    await page.mouse.move(...to(1, 0))
    await page.mouse.down()
    await page.mouse.move(...to(0.9, 0.5), { steps: 5 })
    await page.mouse.move(...to(0.8, 0.25))
    await page.mouse.up()
    // The pointer's place is rounded to the pixel, and the times to hundredths.
    const slider = page.getByRole('slider', { name: 'Jump:' })
    await eventually(() => slider.getAttribute('aria-valuetext')).toMatch(/s = 0\.(79|8.) to t = 0\.2/)
    const words = (await slider.getAttribute('aria-valuetext'))!
    const [s, t] = words.match(/\d\.\d+/g)!.map(Number)
    await settled(page, `${s} ${t}`)
    await expectJump(page, s, t)
  })

  long('is moved by keys', async () => {
    const { page } = await open('jump')
    await settled(page, '1 0')
    const triangle = page.getByRole('slider', { name: 'Jump:' })
    await triangle.focus()
    for (const key of ['Shift+ArrowLeft', 'ArrowLeft', 'Shift+ArrowUp']) await page.keyboard.press(key)
    await settled(page, '0.89 0.1')
    expect(await triangle.getAttribute('aria-valuetext')).toBe('from s = 0.89 to t = 0.10')
    await page.getByRole('button', { name: 'Next' }).click()
    await page.getByText(`Point ${POINT + 2} ends`).waitFor()
    await page.getByRole('button', { name: 'None' }).click()
    await page.getByText('No point is followed').waitFor()
  })

  long('is followed by a click on its point', async () => {
    const { page } = await open('jump')
    await settled(page, '1 0')
    const scene = page.locator('.scene')
    const { width } = (await scene.boundingBox())!
    const noise = drawNoise(1000, 2, examplePlan.seed)
    const loneliest = lonely(await ask('jump', { points: noise, s: 1, t: 0, weights: 'ema' }), noise)
    const [x, y] = loneliest.place
    await page.getByRole('button', { name: 'None' }).click()
    await scene.click({ position: { x: (width * (x + 5)) / 10, y: (width * (5 - y)) / 10 } })
    await page.getByText(`Point ${loneliest.at + 1} ends`).waitFor()
  })

  long('is played: frames are drawn from one cloud to the other', async () => {
    const { page } = await open('jump')
    await settled(page, '1 0')
    const end = await picture(page)
    await page.getByLabel('Speed').selectOption('0.5')
    await page.getByRole('button', { name: 'Play ▶' }).click()
    await eventually(() => picture(page)).not.toBe(end)
    const scrubber = page.locator('.transport input[type=range]')
    await eventually(async () => Number(await scrubber.inputValue())).toBe(1)
    await eventually(() => picture(page)).toBe(end)
  })

  long('does not move by itself where less motion is asked for', async () => {
    const { page } = await open('jump', { reducedMotion: true })
    await settled(page, '1 0')
    expect(await page.getByRole('button', { name: 'Play ▶' }).count()).toBe(0)
    const end = await picture(page)
    await page.getByRole('button', { name: 'Step back' }).click()
    await page.getByText('time = 0.10').waitFor()
    await eventually(() => picture(page)).not.toBe(end)
  })

  long('of 50,000 points is shown, and one of their paths is solved', async () => {
    const { page } = await open('jump')
    await settled(page, '1 0')
    await page.getByRole('button', { name: 'Noisy data' }).click()
    await page.getByRole('img', { name: /50000 points/ }).waitFor()
    await eventually(async () => (await shown(page, 'path')).length).toBe(2)
    const { points } = await ask('path', {
      points: Float32Array.from(await shown(page, 'from')),
      times: [1, 0],
    })
    expectClose(await shown(page, 'path'), pair(points[1], 0))
  })
})

describe('points', () => {
  long('are drawn without WebGL, much like with it', async () => {
    const { page } = await open('jump')
    await settled(page, '1 0')
    await eventually(() => painted(page)).toBeGreaterThan(0.005)
    const share = await painted(page)
    await withWebGL(page, '() => null')
    await settled(page, '1 0')
    await eventually(async () => Math.abs((await painted(page)) / share - 1)).toBeLessThan(0.5)
  })

  long('outlive the loss of the graphics card', async () => {
    const { page } = await open('jump')
    const keepLoss = `ask => {
      const gl = ask()
      window.loss = gl.getExtension('WEBGL_lose_context')
      return gl
    }`
    await withWebGL(page, keepLoss)
    await settled(page, '1 0')
    await eventually(() => painted(page)).toBeGreaterThan(0.005)
    const before = await picture(page)
    await page.evaluate('loss.loseContext()')
    await page.getByText('The graphics card was taken away').waitFor()
    await eventually(() => picture(page)).not.toBe(before)
    expect(await painted(page)).toBeGreaterThan(0.005)
    await page.evaluate('loss.restoreContext()')
    await eventually(() => picture(page)).toBe(before)
    expect(await page.getByText('The graphics card was taken away').count()).toBe(0)
  })
})

long('steps have the metrics of the session, and one point is followed through all', async () => {
  const { page } = await open('steps')
  for (const [method, steps] of [
    ['jump', 1],
    ['euler', 2],
  ] as const) {
    await eventually(() => page.locator(`[data-number="${method} ${steps}"] data`).count()).toBe(1)
    const { values } = await ask('samples', {
      steps,
      method,
      weights: 'ema',
      count: 2000,
      seed: examplePlan.seed,
    })
    expectClose(await shown(page, `${method} ${steps}`), [values.slicedWasserstein])
  }
  await page.locator('figure.euler[data-steps="16"][aria-busy="false"]').waitFor({ timeout: 90_000 })
  await page.getByLabel('Solver').selectOption('dpm++2m')
  await page.locator('figure.dpm\\+\\+2m[data-steps="16"][aria-busy="false"]').waitFor({ timeout: 90_000 })
  await page.getByRole('heading', { name: 'DPM-Solver++ (2M) on its velocity' }).waitFor()
  // Its start and one more mark for each step.
  for (const steps of [1, 2, 4, 8, 16]) {
    expect(
      await page.locator(`figure.jump[data-steps="${steps}"] .followed :is(circle, .landed)`).count(),
    ).toBe(steps + 1)
  }
})

/** How far the exact arrows where points are lead away from the middle, together. */
const OUTWARD = `(() => {
  const path = document.querySelector('.arrows.exact:not(.far)').getAttribute('d')
  const numbers = [...path.matchAll(/M([^,M]+),([^L]+)L([^,]+),([^M]+)M[^M]*/g)].map(match => match.slice(1, 5).map(Number))
  return numbers.reduce((sum, [x, y, ex, ey]) => sum + x * (ex - x) + y * (ey - y), 0)
})()`

long('the reasons are measured: velocity, residuals, losses and both kinds of weights', async () => {
  const { page } = await open('why')
  const said = page.locator('[data-number="field"]')
  await said.getByText('off by').waitFor({ timeout: 60_000 })
  // Samples leave the middle for the ring: so do the arrows.
  expect(await page.evaluate(OUTWARD)).toBeGreaterThan(0)
  const first = await said.textContent()
  await page.getByLabel('t (1 is noise').fill('0.2')
  await eventually(() => said.textContent()).not.toBe(first)

  const residuals = page.getByRole('region', { name: 'Residuals' })
  const map = residuals.getByRole('application').first()
  await map.waitFor({ timeout: 60_000 })
  const { semigroup } = await ask('residuals', { levels: 8, weights: 'ema' })
  await map.focus()
  const cell = residuals.locator('output').first()
  const words = (i: number, j: number) =>
    `s = ${(i + 1) / 8}, t = ${j / 8}: ${semigroup.values[i][j]!.toFixed(3)}`
  await eventually(() => cell.textContent()).toContain(words(7, 0))
  await page.keyboard.press('ArrowLeft')
  await page.keyboard.press('ArrowUp')
  await eventually(() => cell.textContent()).toContain(words(6, 1))
  // The same colours for every run.
  await residuals.getByText('Darker is smaller; logarithmic scale.').first().waitFor()
  expect(await residuals.locator('.heat-bar').allTextContents()).toEqual([
    '0.0101.00 ',
    '0.10010.0 per unit of time',
    '0.10010.0 per unit of time',
  ])

  const losses = page.getByRole('region', { name: 'Loss by times' })
  await losses.getByRole('heading', { name: 'Consistency', exact: true }).waitFor({ timeout: 60_000 })
  const weights = page.getByRole('region', { name: 'Averaged and raw weights' })
  const group = weights.getByRole('rowgroup').filter({ hasText: 'Sliced Wasserstein' })
  await group.getByRole('row', { name: /^4 \d/ }).waitFor({ timeout: 60_000 })
})
