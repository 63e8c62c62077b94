import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import sharp from 'sharp'
import { afterEach, beforeAll, expect } from 'vitest'
import { readPoints } from '../../../src/data/points.ts'
import { train } from '../../../src/index.ts'
import { drawNoise } from '../../../src/sampler/sampler.ts'
import { load } from '../../../src/serialization/load.ts'
import { sharedChromium } from '../../helpers/browsers.ts'
import { runHere, type Started, start, until } from '../../helpers/cli.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { long } from '../../helpers/long.ts'
import { childrenOf } from '../../helpers/processes.ts'
import { ensureSite } from '../../helpers/site.ts'
import { tiny } from '../../helpers/training.ts'
import { type Opened, openPage } from './open.ts'
import { catalogue, openMore, openView } from './page.ts'

const folder = temporaryFolder('native')
const runs = join(folder, 'runs')
let browser: Browser
const studios: Started[] = []
const opened: Opened[] = []

beforeAll(async () => {
  await ensureSite()
  browser = await sharedChromium()
  await train({ ...tiny, data: 'two-moons', objective: 'psd', steps: 40 }, { directory: join(runs, 'moons') })
  const rows = Array.from({ length: 100 }, (_, i) => `${100 + Math.sin(i)},${Math.cos(i)}`)
  writeFileSync(join(folder, 'rows.csv'), rows.join('\n'))
  const own = { ...tiny, data: join(folder, 'rows.csv'), steps: 40 }
  await train(own, { directory: join(runs, 'rows') })
}, 180_000)
afterEach(async () => {
  const errors = opened.flatMap(({ errors }) => errors)
  for (const { context } of opened.splice(0)) await context.close()
  for (const { child, done } of studios.splice(0)) {
    child.kill('SIGTERM')
    await done
  }
  expect(errors).toEqual([])
})

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** The real command, and its page in a tab. */
async function serve(): Promise<{ studio: Started; url: string }> {
  const studio = start(['studio', '--port', '0', '--no-open', '--runs', runs])
  studios.push(studio)
  let out = ''
  studio.child.stdout!.on('data', text => {
    out += text
  })
  await until(() => out.includes('\n'), 'the address is printed')
  return { studio, url: out.trim() }
}

/** As wide as shows what is in the menu of a narrow page. */
const WIDE = 1600

async function visit(url: string): Promise<Opened> {
  const tab = await openPage(browser, url, { width: WIDE })
  opened.push(tab)
  await tab.page.getByText(/this machine, \d+ thread/).waitFor()
  return tab
}

const stepsOf = async (page: Page): Promise<number> =>
  Number(
    /([\d,]+) steps/
      .exec((await page.locator('.strip .run[aria-pressed="true"]').textContent())!)![1]
      .replaceAll(',', ''),
  )

async function trainTo(page: Page, steps: number): Promise<void> {
  await (await catalogue(page)).selectOption('lsd')
  await page.getByRole('button', { name: 'Train from scratch' }).click()
  await expect.poll(() => stepsOf(page), { timeout: 60_000 }).toBeGreaterThan(steps)
}

/** What a button of the page hands over as a file. */
async function taken(page: Page, name: string): Promise<{ path: string; name: string }> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('dialog').getByRole('button', { name, exact: true }).click(),
  ])
  const path = join(folder, download.suggestedFilename())
  await download.saveAs(path)
  return { path, name: download.suggestedFilename() }
}

long(
  'trains on the machine; a closed tab and a killed server leave nothing running',
  {
    timeout: 180_000,
  },
  async () => {
    const { studio, url } = await serve()
    const first = await visit(url)
    expect(first.page.url()).not.toContain('token')
    await trainTo(first.page, 50)
    // One for the example, and one for what trains beside it.
    const children = childrenOf(studio.pid)
    expect(children).toHaveLength(2)
    await first.context.close()
    await until(() => !children.some(isAlive), 'the trainings of the closed tab have ended', 30_000)
    expect(isAlive(studio.pid)).toBe(true)

    const second = await visit(url)
    await trainTo(second.page, 50)
    const left = childrenOf(studio.pid)
    expect(left).toHaveLength(2)
    studio.child.kill('SIGKILL')
    await studio.done
    await until(() => !left.some(isAlive), 'the training of the killed server has ended', 10_000)
    await second.page.getByRole('alert').filter({ hasText: 'does not respond' }).waitFor()
    // The lost line is what this is about.
    expect(second.errors.splice(0).join()).toMatch(/ERR_CONNECTION|ERR_INCOMPLETE|ERR_EMPTY/)
  },
)

long('without the token the page trains by itself, with threads', { timeout: 120_000 }, async () => {
  const { studio, url } = await serve()
  const tab = await openPage(browser, url.replace(/\?.*/, ''), { width: WIDE })
  opened.push(tab)
  const engine = tab.page.locator('.bar .status', { hasText: 'WebAssembly' })
  await engine.waitFor({ timeout: 60_000 })
  const threads = Math.min(4, availableParallelism())
  expect(await engine.textContent()).toMatch(threads > 1 ? `WebAssembly, ${threads} threads` : /WebAssembly$/)
  expect(await tab.page.locator('.backend').count()).toBe(0)
  await trainTo(tab.page, 100)
  expect(childrenOf(studio.pid)).toEqual([])
})

long(
  'moves between the machine and the page, and a reload keeps the machine',
  {
    timeout: 180_000,
  },
  async () => {
    const { studio, url } = await serve()
    const { page } = await visit(url)
    await trainTo(page, 20)
    await page.getByRole('button', { name: 'Pause', exact: true }).click()
    await page.locator('.backend select').selectOption('page')
    await page.locator('.bar .status', { hasText: 'WebAssembly' }).waitFor({ timeout: 60_000 })
    await until(() => childrenOf(studio.pid).length === 0, 'the machine is left alone', 30_000)
    await page.reload()
    await page.getByText(/this machine, /).waitFor()
  },
)

long('everything can be taken home, and is what it says', { timeout: 240_000 }, async () => {
  const { page } = await visit((await serve()).url)
  await trainTo(page, 200)
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByRole('button', { name: 'Train', exact: true }).waitFor()
  await page.getByRole('button', { name: 'Export' }).first().click()
  await page.getByLabel('Points', { exact: true }).fill('500')
  await page.getByRole('spinbutton', { name: 'Jumps' }).fill('2')
  await page.getByLabel('Seed of the noise').fill('7')
  await page.getByLabel('Seed of the noise').blur()

  const csv = await readPoints((await taken(page, 'CSV')).path)
  expect(csv.points.length).toBe(1000)
  expect((await readPoints((await taken(page, 'NPY')).path)).points).toEqual(csv.points)
  expect((await readPoints((await taken(page, 'CSV of the target')).path)).points.length).toBe(1000)

  for (const format of ['ONNX', 'safetensors']) {
    const model = await taken(page, format)
    const out = join(folder, `${format}.csv`)
    const options = ['--count', '500', '--steps', '2', '--seed', '7', '--method', 'jump', '--out', out]
    expect(await runHere(['sample', model.path, ...options])).toMatchObject({ code: 0 })
    const { points } = await readPoints(out)
    const worst = Math.max(...points.map((value, i) => Math.abs(value - csv.points[i])))
    expect(worst, format).toBeLessThan(1e-4)
  }

  const yaml = await taken(page, 'ring-lsd.yaml')
  const again = join(folder, 'again')
  expect(await runHere(['train', '--config', yaml.path, '--out', again])).toMatchObject({ code: 0 })
  const map = await load(again)
  const half = await map.jump(drawNoise(500, 2, 7), 1, 0.5)
  const points = await map.jump(half, 0.5, 0)
  await map.close()
  expect(Math.max(...points.map((value, i) => Math.abs(value - csv.points[i])))).toBeLessThan(1e-4)

  const svg = readFileSync((await taken(page, 'SVG')).path, 'utf8')
  expect(svg).toMatch(/^<svg [\s\S]*lsd on ring[\s\S]*<\/svg>$/)
  const { width, channels, data } = await sharp((await taken(page, 'PNG')).path)
    .raw()
    .toBuffer({ resolveWithObject: true })
    .then(({ data, info }) => ({ ...info, data }))
  // Samples are blue, or red where they are off the data.
  let coloured = 0
  for (let at = 0; at < data.length; at += channels) {
    const [red, green, blue] = data.subarray(at, at + 3)
    if ((red < 60 && blue > 140) || (red > 150 && green < 110 && blue < 110)) coloured++
  }
  expect([width, coloured > 2000]).toEqual([1440, true])

  expect(await barriers(page)).toEqual([])
  const command = await page.getByRole('textbox', { name: 'Command' }).inputValue()
  expect(command).toMatch(/^npx oxbow train --data ring --objective lsd .*--out runs\/ring-lsd$/)
  expect(await page.getByRole('textbox', { name: 'Program' }).inputValue()).toContain("from 'oxbow'")
  expect(await page.getByRole('textbox', { name: 'Link' }).inputValue()).toBe(page.url())
})

long(
  'a small transformer learns digits on the machine: sheets come, it stops and goes on, and draws above',
  {
    timeout: 240_000,
  },
  async () => {
    const { page } = await visit((await serve()).url)
    await openView(page, 'digits')
    await openMore(page)
    const section = page.getByRole('region', { name: 'Training' })
    await section.getByRole('button', { name: 'Train', exact: true }).click()
    const stepOf = async () =>
      Number(/Step ([\d,]+) of/.exec((await section.textContent())!)?.[1].replace(',', ''))
    const sheets = section.locator('tbody tr')
    await expect.poll(() => sheets.count(), { timeout: 120_000 }).toBeGreaterThan(1)
    await section.getByRole('button', { name: 'Pause' }).click()
    await section.getByRole('button', { name: 'Continue' }).waitFor()
    const stopped = await stepOf()
    await section.getByRole('slider', { name: 'Sheet' }).fill('0')
    await section.getByText('One jump, after 0 steps of training').waitFor()
    await section.getByRole('button', { name: 'Use this model above' }).click()
    await page.getByText(`Model: yours after ${stopped}`).waitFor()
    await page.getByRole('button', { name: 'Back to the page’s model' }).click()
    await page.getByText('Model: the one that comes with the page').waitFor()
    await section.getByRole('button', { name: 'Continue' }).click()
    await expect.poll(stepOf, { timeout: 60_000 }).toBeGreaterThan(stopped)
    expect(await barriers(page, 'main')).toEqual([])
  },
)

/** What axe finds that keeps people out of what is shown. */
async function barriers(page: Page, part = 'dialog'): Promise<string[]> {
  await page.evaluate(readFileSync('node_modules/axe-core/axe.min.js', 'utf8'))
  const found = await page.evaluate(`axe.run("${part}").then(({ violations }) => violations)`)
  return (found as { id: string; impact: string }[])
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id }) => id)
}

/** Drops a file on the middle of the page. */
async function drop(page: Page, path: string, name: string): Promise<void> {
  const bytes = readFileSync(path).toString('base64')
  await page.evaluate(`{
    const bytes = Uint8Array.from(atob('${bytes}'), char => char.charCodeAt(0))
    const dataTransfer = new DataTransfer()
    dataTransfer.items.add(new File([bytes], '${name}'))
    const event = new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true })
    document.querySelector('main').dispatchEvent(event)
  }`)
}

long('shows runs of the disk and dropped models beside a training', { timeout: 180_000 }, async () => {
  const { page } = await visit((await serve()).url)
  await page.getByRole('button', { name: 'Open', exact: true }).click()
  await page.getByRole('button', { name: /^moons/ }).waitFor()
  expect(await barriers(page)).toEqual([])
  await page.getByRole('button', { name: /^moons/ }).click()
  const strip = page.locator('.strip .run')
  await expect.poll(() => strip.count()).toBe(2)
  await page
    .getByText(/0\.\d{3}/)
    .first()
    .waitFor()
  await drop(page, join(runs, 'rows', 'model.onnx'), 'rows.onnx')
  await expect.poll(() => strip.count()).toBe(3)
  expect(await page.getByRole('alert').count()).toBe(0)

  // A reload reads the one of the disk again; the dropped one is asked for.
  await page.waitForTimeout(500)
  await page.reload()
  await page
    .getByRole('alert')
    .filter({ hasText: 'rows.onnx: a link does not contain the model; open the file here' })
    .waitFor()
  await drop(page, join(folder, 'rows.csv'), 'broken.safetensors')
  await page.getByRole('alert').filter({ hasText: 'broken.safetensors: ' }).waitFor()
})
