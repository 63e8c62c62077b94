import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { temporaryFolder } from '../../helpers/folder.ts'
import { ensureSite } from '../../helpers/site.ts'
import { addressOf } from './open.ts'
import { standing, useStudio } from './page.ts'

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })

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

/** Servers of files, each as it comes; their tables of content types are what a host has. */
const SERVERS: Record<string, { command: string; start: (folder: string, port: number) => string[] }> = {
  'python3 -m http.server': {
    command: 'python3',
    start: (_, port) => ['-m', 'http.server', `${port}`, '--bind', '127.0.0.1'],
  },
  nginx: {
    command: '/usr/sbin/nginx',
    start: (folder, port) => {
      const file = join(folder, 'nginx.conf')
      writeFileSync(file, nginxConfiguration(folder, port))
      return ['-c', file]
    },
  },
}

const studio = useStudio()

describe.each(Object.entries(SERVERS))('served by %s', (name, { command, start }) => {
  const isThere = spawnSync(command, [name === 'nginx' ? '-v' : '--version']).status === 0
  if (!isThere) console.warn(`skipped: ${command} is not installed, so the page is not served by it`)
  const isRun = isThere || process.env.CI !== undefined

  const folder = temporaryFolder('static')
  let server: ChildProcess
  let url = ''
  beforeAll(async () => {
    if (!isRun) return
    await ensureSite()
    cpSync('dist/studio/site', join(folder, 'some', 'where'), { recursive: true })
    const port = await freePort()
    url = `http://127.0.0.1:${port}/some/where/`
    server = spawn(command, start(folder, port), { cwd: folder, stdio: 'ignore' })
    await vi.waitFor(async () => expect((await fetch(url)).status).toBe(200), {
      timeout: 20_000,
      interval: 50,
    })
  })
  afterAll(() => {
    server?.kill()
  })

  test.runIf(isRun)('the page trains, in a folder of the server too', async () => {
    const { page } = await studio.open({ url: addressOf(url, {}) })
    await page.getByRole('button', { name: 'Train from scratch' }).click()
    await expect.poll(() => standing(page, 'Steps'), { timeout: 45_000 }).toBeGreaterThan(20)
  })

  test.runIf(isRun)('digits and the article are there too', async () => {
    const { page } = await studio.open({ url: `${url}#/digits` })
    await page.locator('.digits .said strong').waitFor({ timeout: 45_000 })
    const link = page.getByRole('link', { name: 'How it works' })
    await link.click()
    await page.getByText('Each line joins a point of noise').waitFor()
    expect(page.url()).toBe(`${url}learn.html`)
  })

  test.runIf(isRun)('the page leads to the licences of what it contains', async () => {
    const { page } = await studio.open({ url: addressOf(url, {}) })
    const href = await page.getByRole('link', { name: 'Licences' }).getAttribute('href')
    expect(await (await fetch(new URL(href!, url))).text()).toContain('## preact')
  })
})
