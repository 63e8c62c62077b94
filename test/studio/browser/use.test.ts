import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { examplePlan, freshPlan, type Plan, stepsOf } from '../../../src/studio/plan.ts'
import { decodeState } from '../../../src/studio/state.ts'
import { long } from '../../helpers/long.ts'
import { addressOf } from './open.ts'
import { openMore, openView, shownView, useStudio } from './page.ts'

const studio = useStudio()

const small: Plan = { ...freshPlan, hidden: 24, batch: 64 }
const endless: Plan = { ...small, stages: [{ ...small.stages[0], steps: 500_000 }] }

const patiently = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 60_000, interval: 100 })
const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const strip = (page: Page): Promise<string[]> => page.locator('.strip .run').allInnerTexts()
const alerts = (page: Page): Promise<string[]> => page.getByRole('alert').allInnerTexts()
const addressed = (page: Page) => decodeState(new URL(page.url()).hash.slice(1))

/** Drops a file on the middle of the page; tells whether the browser was kept from opening it. */
const drop = async (page: Page, name: string, content: string | number): Promise<boolean> =>
  page.evaluate(`{
    const content = ${JSON.stringify(content)}
    const dataTransfer = new DataTransfer()
    const bytes = typeof content === 'number' ? new Uint8Array(content) : content
    dataTransfer.items.add(new File([bytes], ${JSON.stringify(name)}))
    const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })
    document.querySelector('main').dispatchEvent(event)
    event.defaultPrevented
  }`)

long('a link that trains for long says so and waits', { timeout: 120_000 }, async () => {
  const { page } = await studio.open({ state: { view: 'jump', runs: [endless, { ...small, seed: 4 }] } })
  const note = page.locator('[data-note="link"]')
  await note.getByText('Ready to train: 1 run, about 500,000 steps').waitFor()
  await page.locator('.bar .status', { hasText: 'WebAssembly' }).waitFor()
  await patiently(async () => (await strip(page))[0]).toContain('0 of 500,000 steps')
  // Time enough for a step that nobody asked for.
  await page.waitForTimeout(1500)
  expect(await strip(page)).toMatchObject([
    expect.stringContaining('\n0 of 500,000 steps'),
    expect.stringContaining('\n0 steps'),
  ])
  expect(await shownView(page)).toBe('One jump')
  expect(stepsOf(addressed(page).runs[0])).toBe(500_000)
  await button(page, 'Train it').click()
  await note.waitFor({ state: 'detached' })
  await patiently(async () => (await strip(page))[0]).toMatch(/replaying [1-9]\d* of 500,000/)
})

long(
  'Back and Forward walk over views, and leave the trainings as they are',
  {
    timeout: 120_000,
  },
  async () => {
    const { page } = await studio.open({ state: { runs: [small] } })
    await page.locator('.bar .status', { hasText: 'WebAssembly' }).waitFor()
    await openMore(page)
    await button(page, '100 steps').click()
    await patiently(async () => (await strip(page))[0]).toContain('100 steps')
    await openView(page, 'jump')
    const time = page.getByLabel(/^t\b/).first()
    for (let i = 0; i < 5; i++) await time.press('ArrowRight')
    const { jump } = addressed(page)
    await patiently(async () => addressed(page).jump).not.toEqual(jump)
    await page.locator('main a[href="#steps"]').click()
    await patiently(() => shownView(page)).toBe('More steps')
    await page.goBack()
    await patiently(() => shownView(page)).toBe('One jump')
    await page.goBack()
    await patiently(() => shownView(page)).toBe('Play')
    await page.goBack()
    await patiently(() => shownView(page)).toBe('Train')
    expect((await strip(page))[0]).toContain('100 steps')
    await page.goForward()
    await patiently(() => shownView(page)).toBe('Play')
    await page.goForward()
    await patiently(() => shownView(page)).toBe('One jump')
    expect(stepsOf(addressed(page).runs[0])).toBe(100)
    await page.reload()
    await patiently(() => shownView(page)).toBe('One jump')
    await page.goBack()
    await patiently(() => shownView(page)).toBe('Play')
    await page.goBack()
    await patiently(() => shownView(page)).toBe('Train')
  },
)

long('a training that diverges says so until it is begun anew', { timeout: 180_000 }, async () => {
  // Wide enough to reach infinity within a hundred steps; a narrow one may die on the way.
  const { page } = await studio.open({ state: { runs: [{ ...small, hidden: 128 }] } })
  await page.locator('.bar .status', { hasText: 'WebAssembly' }).waitFor()
  await openMore(page)
  const rate = page.getByRole('slider', { name: 'Learning rate' })
  await rate.focus()
  await page.keyboard.press('End')
  await patiently(async () => addressed(page).runs[0].stages[0].learningRate).toBe(10)
  await button(page, 'Train').click()
  await patiently(async () => (await alerts(page)).join()).toMatch(
    /^Run 1: the training diverge.* Lower the learning rate.*, then Reset and Train\.$/,
  )
  await rate.focus()
  await page.keyboard.press('Home')
  await button(page, 'Reset').click()
  await patiently(() => alerts(page)).toEqual([])
  await button(page, 'Train').click()
  await patiently(async () => (await strip(page))[0]).toMatch(/[1-9]\d* steps, training/)
  expect(await alerts(page)).toEqual([])
})

long(
  'files are taken wherever they are dropped, and what is none of ours gets one line',
  {
    timeout: 120_000,
  },
  async () => {
    const { page } = await studio.open({ state: { view: 'jump', runs: [small] } })
    await page.locator('.bar .status', { hasText: 'WebAssembly' }).waitFor()
    const { origin } = new URL(page.url())
    const lines: Record<string, [string | number, RegExp]> = {
      'notes.pdf': [
        '%PDF',
        /^notes\.pdf: expected a model \(\.safetensors, \.onnx\), a table .* or an image /,
      ],
      'empty.onnx': ['', /^empty\.onnx: the file is empty$/],
      'photo.safetensors': ['\x89PNG\r\n\x1a\n12345678', /^photo\.safetensors: not a safetensors file/],
      'large.onnx': [60 << 20, /^large\.onnx: expected at most 48 MB, found 60 MB$/],
      'words.onnx': ['name,word\n', /^words\.onnx: not an ONNX model/],
    }
    for (const [name, [content, line]] of Object.entries(lines)) {
      expect(await drop(page, name, content)).toBe(true)
      await patiently(async () => (await alerts(page)).join()).toMatch(line)
      expect(await strip(page)).toHaveLength(1)
    }
    const rows = Array.from({ length: 50 }, (_, i) => `${Math.sin(i)},${Math.cos(2 * i)}`)
    expect(await drop(page, 'rows.csv', rows.join('\n'))).toBe(true)
    await button(page, 'Use this target').waitFor()
    expect([await shownView(page), await alerts(page)]).toEqual(['Train', []])
    expect(await drop(page, 'words.csv', 'name,word\nred,blue')).toBe(true)
    await page.getByText('words.csv: expected two columns of numbers').waitFor()
    expect(new URL(page.url()).origin).toBe(origin)
  },
)

long('once it is there, the page goes on without its host', async () => {
  const { page, context, errors } = await studio.open({ width: 1400 })
  await page.locator('.status', { hasText: 'Engine: ' }).waitFor()
  // Until nothing more has come for a while.
  await page.waitForFunction(
    `(() => {
      const count = performance.getEntriesByType('resource').length
      if (count !== window.seen) Object.assign(window, { seen: count, since: performance.now() })
      return performance.now() - window.since > 1500
    })()`,
  )
  await context.setOffline(true)
  for (const view of ['jump', 'steps', 'why', 'compare', 'steer', 'train'] as const) {
    await openView(page, view)
    await page.locator('main canvas').first().waitFor()
  }
  await page.locator('.bar').getByRole('button', { name: 'Export' }).click()
  await page.getByRole('dialog', { name: 'Export' }).waitFor()
  expect(errors).toEqual([])
})

test('an engine that cannot be loaded is said', async () => {
  const { page, errors } = await studio.open({ url: 'about:blank' })
  await page.context().route('**/in-page-*.js', route => route.abort())
  await page.goto(addressOf(studio.site(), {}))
  await page.getByRole('alert').getByText('could not be loaded. Check the connection').waitFor()
  errors.length = 0
})

long.each([
  ['the engine', '**/in-page-*.js', 'could not be loaded. Check the connection'],
  ['what trains', '**/training-in-worker-*.js', 'could not be loaded; reload the page'],
  ['the worker', '**/worker-*.js', 'could not be loaded; reload the page'],
])('a server that calls %s something else than a script is said', async (_, file, words) => {
  const { page, errors } = await studio.open({ url: 'about:blank' })
  const context = page.context()
  await context.route(file, async route => {
    const response = await route.fetch()
    await route.fulfill({
      response,
      headers: { ...response.headers(), 'content-type': 'application/octet-stream' },
    })
  })
  await page.goto(addressOf(studio.site(), {}))
  await page.getByRole('alert').getByText(words).waitFor()
  errors.length = 0
})

test('the example stays beside a training of one’s own, and what is given up comes back', {
  timeout: 120_000,
}, async () => {
  const { page } = await studio.open({ state: { runs: [examplePlan] } })
  await page.getByRole('radio', { name: 'Lagrangian' }).check()
  await button(page, 'Train from scratch').click()
  await patiently(async () => (await strip(page)).length).toBe(2)
  expect((await strip(page))[0]).toContain('pretrained example')
  await button(page, 'Pause').click()
  const trained = async () => stepsOf(addressed(page).runs[1])
  await patiently(trained).toBeGreaterThan(0)
  await page.getByText('Pause all').waitFor({ state: 'detached' })
  // The address follows a little later than the page.
  await page.waitForTimeout(1000)
  const steps = await trained()

  await openMore(page)
  await button(page, 'Reset').click()
  await patiently(trained).toBe(0)
  await page.getByText('was replaced.').waitFor()
  await button(page, 'Undo').click()
  await patiently(trained).toBe(steps)

  await page.getByRole('button', { name: /^Remove run 2/ }).click()
  await page.getByText('was removed.').waitFor()
  await button(page, 'Undo').click()
  await patiently(async () => (await strip(page)).length).toBe(2)
  await patiently(trained).toBe(steps)
  expect(await page.getByText('was removed.').count()).toBe(0)
})

/** The averaged weights of the selected run, as its file has them. */
async function weightsOf(page: Page): Promise<Buffer> {
  await page.locator('.middle').getByRole('button', { name: 'Export' }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), button(page, 'safetensors').click()])
  const bytes = readFileSync(await download.path())
  await page.keyboard.press('Escape')
  return bytes
}

async function trainOn(page: Page, steps: number, until: number): Promise<void> {
  await openMore(page)
  await page.getByLabel('Number of steps').fill(String(steps))
  await page.getByLabel('Number of steps').press('Enter')
  await button(page, `${steps} steps`).click()
  await patiently(async () => (await strip(page))[0]).toContain(`${until} steps`)
}

test('Undo brings weights back bit for bit, and training goes on as if nothing had been', {
  timeout: 180_000,
}, async () => {
  const runs = [small, { ...small, seed: 3 }]
  const [one, other] = [await studio.open({ state: { runs } }), await studio.open({ state: { runs } })]
  for (const { page } of [one, other]) await trainOn(page, 150, 150)
  const { page } = one
  await page.evaluate(`{
    window.seen = ''
    new MutationObserver(() => { seen += document.querySelector('.strip ol').textContent + '; ' })
      .observe(document.querySelector('.strip'), { subtree: true, childList: true, characterData: true })
  }`)
  const before = await weightsOf(page)
  await button(page, 'Remove run 1').click()
  await button(page, 'Undo').click()
  await patiently(async () => (await strip(page))[0]).toContain('150 steps')
  expect(await weightsOf(page)).toEqual(before)
  await button(page, 'Reset').click()
  await patiently(async () => (await strip(page))[0]).toContain('0 steps')
  await button(page, 'Undo').click()
  await patiently(async () => (await strip(page))[0]).toContain('150 steps')
  expect(await weightsOf(page)).toEqual(before)
  // No step was taken again.
  expect(await page.evaluate('seen')).not.toMatch(/replaying| of /)

  for (const { page } of [one, other]) await trainOn(page, 40, 190)
  const after = await weightsOf(page)
  expect(after).not.toEqual(before)
  expect(after).toEqual(await weightsOf(other.page))
})
