import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import { freePort } from '../../helpers/free-port.ts'
import { isSkipped } from '../../helpers/installed.ts'
import { ensureSite } from '../../helpers/site.ts'
import { addressOf } from './open.ts'
import { standing, useStudio } from './page.ts'

/** As Debian sets it up, but for this folder and port. */
const nginxConfiguration = (folder: string, port: number): string => `
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events {}
http {
  include /etc/nginx/mime.types;
  default_type application/octet-stream;
  gzip on;
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(name => `${name}_temp_path ${folder}/temp;`).join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    root ${folder};
  }
}
`

/** Servers of files, each as it comes, with the words that start it; their tables of content types are what a host has. */
const SERVERS: Record<string, (folder: string, port: number) => string[]> = {
  python3: (_, port) => ['-m', 'http.server', `${port}`, '--bind', '127.0.0.1'],
  nginx: (folder, port) => {
    const file = join(folder, 'nginx.conf')
    writeFileSync(file, nginxConfiguration(folder, port))
    return ['-c', file]
  },
}
/** Debian has nginx where only root looks. */
const env = { ...process.env, PATH: [process.env.PATH, '/usr/sbin'].join(delimiter) }

const studio = useStudio()

const servers = Object.entries(SERVERS).filter(([program]) => !isSkipped(program))
describe.each(servers)('served by %s', (program, wordsOf) => {
  const folder = temporaryFolder('static')
  let server: ChildProcess
  let url = ''
  beforeAll(async () => {
    await ensureSite()
    cpSync('dist/studio/site', join(folder, 'some', 'where'), { recursive: true })
    const port = await freePort()
    url = `http://127.0.0.1:${port}/some/where/`
    server = spawn(program, wordsOf(folder, port), { cwd: folder, env, stdio: 'ignore' })
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), {
      timeout: 20_000,
      interval: 50,
    })
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
