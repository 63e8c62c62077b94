import type { Browser, Page } from 'playwright-core'
import { afterEach, beforeAll, expect } from 'vitest'
import { sharedChromium } from '../../helpers/browsers.ts'
import { type Started, start, until } from '../../helpers/cli.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { long } from '../../helpers/long.ts'
import { ensureSite } from '../../helpers/site.ts'
import { type Opened, openPage } from './open.ts'
import { addRun, catalogue } from './page.ts'

const runs = temporaryFolder('line')
let browser: Browser
const studios: Started[] = []
const opened: Opened[] = []

beforeAll(async () => {
  await ensureSite()
  browser = await sharedChromium()
}, 180_000)
afterEach(async () => {
  for (const { context } of opened.splice(0)) await context.close()
  for (const { child, done } of studios.splice(0)) {
    child.kill('SIGTERM')
    await done
  }
})

/** The real command; on a port of its own where none is given. */
async function serve(port = '0'): Promise<{ studio: Started; url: string }> {
  const studio = start(['studio', '--port', port, '--no-open', '--runs', runs])
  studios.push(studio)
  let out = ''
  studio.child.stdout!.on('data', text => {
    out += text
  })
  await until(() => out.includes('\n'), 'the address is printed')
  return { studio, url: out.trim() }
}

async function visit(url: string): Promise<Page> {
  const tab = await openPage(browser, url, { width: 1600 })
  opened.push(tab)
  await tab.page.getByText(/this machine, \d+ thread/).waitFor()
  return tab.page
}

const steps = async (page: Page): Promise<number> =>
  Number(
    /([\d,]+)(?: of [\d,]+)? steps/
      // The example stays before it.
      .exec((await page.locator('.strip .run').last().textContent()) ?? '')![1]
      .replaceAll(',', ''),
  )
const patiently = <T>(value: () => Promise<T>) => expect.poll(value, { timeout: 60_000, interval: 100 })

long(
  'a server that is gone is said, and the page goes on by itself where that is chosen',
  {
    timeout: 180_000,
  },
  async () => {
    const { studio, url } = await serve()
    const page = await visit(url)
    await (await catalogue(page)).selectOption('lsd')
    await page.getByRole('button', { name: 'Train from scratch' }).click()
    await patiently(() => steps(page)).toBeGreaterThan(100)
    studio.child.kill('SIGKILL')
    await studio.done
    const note = page.getByRole('alert')
    await note.getByText('The studio’s server does not respond').waitFor()
    const reached = await steps(page)

    // Another server at the same address does not know the page.
    await serve(new URL(url).port)
    await note.getByText('The studio’s server was restarted').waitFor({ timeout: 30_000 })
    await page.getByRole('alert').filter({ hasText: 'Run 2: its training ended' }).waitFor()

    await page.getByRole('button', { name: 'Train in this page' }).click()
    await page.locator('.bar .status', { hasText: 'WebAssembly' }).waitFor()
    await patiently(() => page.getByRole('alert').count()).toBe(0)
    await patiently(() => steps(page)).toBeGreaterThanOrEqual(reached)
  },
)

long('a line that was lost for a moment is taken up again by itself', { timeout: 120_000 }, async () => {
  const { url } = await serve()
  const page = await visit(url)
  await (await catalogue(page)).selectOption('lsd')
  await page.getByRole('button', { name: 'Train from scratch' }).click()
  await patiently(() => steps(page)).toBeGreaterThan(20)
  await page.route('**/api/**', route => route.abort())
  await page.getByRole('button', { name: 'Pause', exact: true }).click()
  await page.getByText('The studio’s server does not respond').waitFor()
  await page.unroute('**/api/**')
  await page.getByText('The studio’s server does not respond').waitFor({ state: 'detached' })
  // The command that was given meanwhile has arrived.
  const now = await steps(page)
  await patiently(async () => page.locator('.strip .run').last().textContent()).not.toContain('training')
  await page.getByRole('button', { name: 'Train', exact: true }).click()
  await patiently(() => steps(page)).toBeGreaterThan(now)
  expect(await page.getByRole('alert').count()).toBe(0)
})

long('a page that is loaded again and again leaves no training behind', { timeout: 120_000 }, async () => {
  const { url } = await serve()
  const page = await visit(url)
  for (let i = 0; i < 3; i++) await addRun(page, 'Semigroup')
  await expect.poll(() => page.locator('.strip .run').count()).toBe(4)
  // More at once than the server lets run.
  await page.waitForTimeout(600)
  for (let i = 0; i < 3; i++) await page.reload()
  await patiently(() => page.locator('.standing').textContent()).toContain('real data')
  expect(await page.getByRole('alert').allInnerTexts()).toEqual([])
})
