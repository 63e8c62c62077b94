import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { until } from '../../helpers/cli.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { ensureSite } from '../../helpers/site.ts'
import { addressOf } from './open.ts'
import { standing, useStudio } from './page.ts'

const hasPython = spawnSync('python3', ['--version']).status === 0
if (!hasPython) console.warn('skipped: python3 is not installed, so the page is not served by it')

const studio = useStudio()

// Its table of content types is the standard one, as on many hosts: what it does not know is no script for a browser.
describe.skipIf(!hasPython && process.env.CI === undefined)('served by python3 -m http.server', () => {
  const folder = temporaryFolder('static')
  let server: ChildProcess
  let url = ''
  beforeAll(async () => {
    await ensureSite()
    cpSync('dist/studio/site', join(folder, 'some', 'where'), { recursive: true })
    let said = ''
    server = spawn('python3', ['-u', '-m', 'http.server', '0', '--bind', '127.0.0.1'], { cwd: folder })
    server.stdout!.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    await until(() => /port \d+/.test(said), 'the server tells its port')
    url = `http://127.0.0.1:${said.match(/port (\d+)/)![1]}/some/where/`
  })
  afterAll(() => {
    server?.kill()
  })

  test('the page trains, in a folder of the server too', async () => {
    const { page } = await studio.open({ url: addressOf(url, {}) })
    await page.getByRole('button', { name: 'Train from scratch' }).click()
    await expect.poll(() => standing(page, 'Steps'), { timeout: 45_000 }).toBeGreaterThan(20)
  })

  test('digits and the article are there too', async () => {
    const { page } = await studio.open({ url: `${url}#/digits` })
    await page.locator('.digits .said strong').waitFor({ timeout: 45_000 })
    const link = page.getByRole('link', { name: 'How it works' })
    await link.click()
    await page.getByText('Each line joins a point of noise').waitFor()
    expect(page.url()).toBe(`${url}learn.html`)
  })

  test('the page leads to the licences of what it contains', async () => {
    const { page } = await studio.open({ url: addressOf(url, {}) })
    const href = await page.getByRole('link', { name: 'Licences' }).getAttribute('href')
    expect(await (await fetch(new URL(href!, url))).text()).toContain('## preact')
  })
})
