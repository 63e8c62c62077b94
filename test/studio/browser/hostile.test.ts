import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Served, serveStudio } from '../../../src/studio/server/serve.ts'
import { launchChromium } from '../../helpers/browsers.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { ensureSite } from '../../helpers/site.ts'

const folder = temporaryFolder('hostile-page')
let browser: Browser
let studio: Served
let evil: Server

/** A page of another site on this machine, and a browser whose names lead here, as a name server of the site's can make them. */
beforeAll(async () => {
  await ensureSite()
  studio = await serveStudio({
    host: '127.0.0.1',
    port: 0,
    runs: join(folder, 'runs'),
    site: 'dist/studio/site',
    child: join(folder, 'none.js'),
  })
  evil = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>evil</title>')
  })
  await new Promise<void>(resolve => evil.listen(0, '127.0.0.1', resolve))
  browser = await launchChromium({ flags: ['--host-resolver-rules=MAP *.example 127.0.0.1'] })
}, 180_000)
afterAll(async () => {
  await browser?.close()
  await studio?.close()
  evil?.close()
})

/** Tries each way from a page, with the token in its hands, and says what it got. */
const TRIES = `async ({ base, token }) => {
  const headers = { authorization: 'Bearer ' + token, 'x-oxbow-page': 'evil' }
  const got = []
  const attempt = async (name, act) => {
    try {
      const found = await act()
      if (found) got.push(name + ': ' + found)
    } catch {}
  }
  const text = async answer => (answer.type === 'opaque' ? '' : answer.ok && (await answer.text()).slice(0, 80))
  await attempt('read', async () => text(await fetch(base + '/api/hello', { headers })))
  await attempt('page', async () => text(await fetch(base + '/')))
  await attempt('post', async () => text(await fetch(base + '/api/runs', { method: 'POST', headers, body: '{}' })))
  await attempt('blind', async () => text(await fetch(base + '/api/leave', { method: 'POST', mode: 'no-cors', body: 'x=1' })))
  const opened = source => new Promise(resolve => {
    source.onopen = () => resolve('open')
    source.onmessage = () => resolve('a message')
    source.onerror = () => { source.close(); resolve('') }
  })
  await attempt('event stream', () => opened(new EventSource(base + '/api/reports')))
  await attempt('socket', () => opened(new WebSocket(base.replace('http', 'ws') + '/api/reports')))
  const load = (tag, set) => new Promise(resolve => {
    const element = Object.assign(document.createElement(tag), set)
    element.onload = () => resolve('loaded')
    element.onerror = () => resolve('')
    document.body.append(element)
    setTimeout(() => resolve(''), 3000)
  })
  await attempt('script', () => load('script', { src: base + '/api/hello' }))
  await attempt('picture', () => load('img', { src: base + '/preview.png' }))
  return got
}`

test('a page of another site reads nothing of the studio, starts nothing and shows nothing of it', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  await page.goto(`http://evil.example:${(evil.address() as AddressInfo).port}/`)
  const base = `http://127.0.0.1:${studio.port}`
  const tried = `(${TRIES})(${JSON.stringify({ base, token: studio.token })})`
  expect(await page.evaluate(tried)).toEqual([])
  expect(studio.processes()).toEqual([])
  // In a frame the browser shows its own refusal.
  await page.evaluate(`document.body.innerHTML = '<iframe src="${base}/"></iframe>'`)
  await page.waitForTimeout(1000)
  const frames = await Promise.all(page.frames().map(frame => frame.title().catch(() => '')))
  expect(frames.filter(title => /oxbow/i.test(title))).toEqual([])
  await context.close()
}, 120_000)

test('nor does one whose own name has been made to lead to the studio', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  const base = `http://evil.example:${studio.port}`
  const answer = await page.goto(`${base}/`)
  expect(answer!.status()).toBe(403)
  // Of one origin with the studio, as the browser sees it.
  const tried = `(${TRIES})(${JSON.stringify({ base, token: studio.token })})`
  expect(await page.evaluate(tried)).toEqual([])
  await context.close()
}, 120_000)

test('the same tries from the studio itself get through, so that they are tries', async () => {
  const context = await browser.newContext()
  const page = await context.newPage()
  const base = `http://127.0.0.1:${studio.port}`
  await page.goto(`${base}/`)
  const tried = `(${TRIES})(${JSON.stringify({ base, token: studio.token })})`
  const got = (await page.evaluate(tried)) as string[]
  expect(got.map(line => line.split(':')[0])).toEqual(expect.arrayContaining(['read', 'page', 'picture']))
  await context.close()
}, 120_000)
