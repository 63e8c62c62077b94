import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createApp } from '../../../src/studio/server/app.ts'
import { openPages } from '../../../src/studio/server/pages.ts'
import { json } from '../forms/json.ts'
import { parsedOrRefused } from '../refused.ts'
import type { Target } from '../target.ts'
import { asJson, trainedIn } from '../trained.ts'

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const [TOKEN, HOST, SECRET] = ['the-token', '127.0.0.1:1', 'nobody may read this']
const own = { host: HOST, authorization: `Bearer ${TOKEN}`, 'x-oxbow-page': 'page-1' }
const typed = { ...own, 'content-type': 'application/json' }
const requests: readonly Asked[] = [
  { method: 'GET', path: '/', headers: { host: HOST } },
  {
    method: 'GET',
    path: '/assets/main.js',
    headers: { host: HOST, 'accept-encoding': 'gzip', 'if-none-match': '"x"' },
  },
  { method: 'GET', path: '/api/hello', headers: own },
  { method: 'GET', path: '/api/saved', headers: own },
  { method: 'GET', path: '/api/saved/model?path=run', headers: own },
  { method: 'POST', path: '/api/alive', headers: own },
  { method: 'POST', path: '/api/leave', headers: own },
  { method: 'POST', path: '/api/commands', headers: typed, body: '{"type":"close","run":"a"}' },
  { method: 'POST', path: '/api/runs', headers: typed, body: '{"type":"open-pictures","run":"a"}' },
  {
    method: 'GET',
    path: '/api/hello',
    headers: { ...own, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' },
  },
  {
    method: 'POST',
    path: '/api/runs',
    headers: { host: 'evil.example', 'content-type': 'text/plain' },
    body: 'x=1',
  },
]

/** What the server may answer; 500 says that something went wrong in it. */
const ALLOWED = new Set([200, 201, 202, 204, 304, 400, 401, 403, 404, 409, 413, 429])

export const target: Target = {
  form: json,
  words: [
    ...[
      '../../secret.txt',
      '/%2e%2e/secret.txt',
      '..%5csecret.txt',
      '/api/saved/model?path=../secret.txt',
      '/api/saved/model?path=run%00',
    ],
    ...[
      'evil.example',
      HOST,
      `http://${HOST}`,
      'null',
      'Bearer ',
      'OPTIONS',
      'HEAD',
      'PUT',
      'DELETE',
      'PROPFIND',
      'content-length',
    ],
    ...[
      'origin',
      'host',
      'authorization',
      'x-forwarded-host',
      'sec-fetch-mode',
      'navigate',
      'transfer-encoding',
      'range',
      'bytes=0-',
    ],
  ],
  errors: ['Refused'],
  share: 40_000,
  async open(folder) {
    const [site, runs] = ['site', 'runs'].map(name => join(folder, name))
    mkdirSync(join(site, 'assets'), { recursive: true })
    writeFileSync(join(site, 'index.html'), '<!doctype html><title>studio</title>')
    writeFileSync(join(site, 'assets', 'main.js'), 'export {}')
    writeFileSync(join(folder, 'secret.txt'), SECRET)
    await trainedIn(runs)
    // Trainings that do nothing.
    const pages = openPages(() => ({ pid: 0, send: () => true, close: async () => {} }))
    const app = createApp({ token: TOKEN, site, runs, pages, hosts: () => new Set([HOST]) })
    return {
      corpus: requests.map(asJson),
      async read(input) {
        const { method, path, headers, body } = (parsedOrRefused(input) ?? {}) as Asked
        let request: Request
        try {
          request = new Request(`http://${HOST}${path}`, {
            method,
            headers,
            ...(body !== undefined && { body }),
          })
        } catch {
          // No such request can be sent.
          return
        }
        const { host = '', authorization, origin } = Object.fromEntries(request.headers)
        const answer = await app.fetch(request)
        const { status } = answer
        if (!ALLOWED.has(status)) throw new Error(`answers ${status}: ${await answer.text()}`)
        const { pathname } = new URL(request.url)
        const isOpen = status < 400
        if (isOpen && host.toLowerCase() !== HOST) throw new Error(`answers another host, ${host}`)
        if (isOpen && origin !== undefined && origin.toLowerCase() !== `http://${HOST}`)
          throw new Error(`answers another origin, ${origin}`)
        if (isOpen && /^\/api(\/|$)/.test(pathname) && authorization !== `Bearer ${TOKEN}`)
          throw new Error(`answers without the token: ${pathname}`)
        if (answer.headers.has('access-control-allow-origin')) throw new Error('lets other origins read')
        if (!answer.headers.get('content-security-policy')?.includes("frame-ancestors 'none'"))
          throw new Error('may be framed')
        if (pathname === '/api/reports') await answer.body?.cancel()
        else if ((await answer.text()).includes(SECRET)) throw new Error('gives a file of another folder')
      },
    }
  },
}
