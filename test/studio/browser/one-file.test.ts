import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { afterAll, expect, test } from 'vitest'
import { useStudio } from './page.ts'

const studio = useStudio()
const folder = mkdtempSync(join(tmpdir(), 'oxbow-one-file-'))
afterAll(() => rmSync(folder, { recursive: true }))

const MOST = 200_000

/** Takes something home and says where it lies. */
async function taken(page: Page, button: string): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: button, exact: true }).click(),
  ])
  const path = join(folder, download.suggestedFilename())
  await download.saveAs(path)
  return path
}

const pointed = (page: Page) =>
  page
    .getByRole('button', { name: /^A point of noise at .* One jump takes it to/ })
    .getAttribute('aria-label')

test('a map is taken home as one file, which shows the same without a network', {
  timeout: 120_000,
}, async () => {
  const { page } = await studio.open({ url: studio.site() })
  const here = await pointed(page)
  await page.getByRole('button', { name: 'Export' }).click()
  const path = await taken(page, 'HTML')
  expect(statSync(path).size).toBeLessThan(MOST)
  // Nothing of it is fetched from anywhere.
  expect(readFileSync(path, 'utf8')).not.toMatch(/(src|href)="?(https?:)?\/\//)

  const other = await studio.open({ url: pathToFileURL(path).href })
  await other.context.setOffline(true)
  const said = other.page.getByRole('status')
  await expect.poll(() => said.textContent()).toMatch(/^With one jump, 9\d of 100 points land on the data/)
  expect(await pointed(other.page)).toBe(here)
  await other.page.getByRole('button', { name: '20 Euler steps' }).click()
  await expect
    .poll(() => said.textContent(), { timeout: 60_000 })
    .toMatch(/^With 20 Euler steps, 9[\d.]+ of 100/)
  const point = other.page.getByRole('button', { name: /^A point of noise/ })
  await point.press('ArrowLeft')
  const name = expect.poll(() => point.getAttribute('aria-label'))
  await name.toContain('at 0.7, 1.1')
  await name.not.toBe(here)
  expect(
    await other.page.getByRole('link', { name: 'Open it in the studio' }).getAttribute('href'),
  ).toContain(studio.site())
})

test('the flight is taken home as a GIF of six seconds that goes round', { timeout: 120_000 }, async () => {
  const { page } = await studio.open({ url: studio.site() })
  await pointed(page)
  await page.getByRole('button', { name: 'Export' }).click()
  const bytes = readFileSync(await taken(page, 'GIF of the flight'))
  expect(bytes.subarray(0, 6).toString('latin1')).toBe('GIF89a')
  expect(bytes.includes('NETSCAPE2.0', 'latin1')).toBe(true)
  const delays = [...bytes.keys()].flatMap(at =>
    // A graphic control extension: four bytes, of which two are hundredths of a second.
    bytes[at] === 0x21 && bytes[at + 1] === 0xf9 && bytes[at + 2] === 4 && bytes[at + 7] === 0
      ? [bytes.readUInt16LE(at + 4)]
      : [],
  )
  expect(delays.reduce((sum, delay) => sum + delay, 0)).toBe(600)
  expect(delays.length).toBeGreaterThan(40)
})
