import { connect } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { until } from '../../helpers/cli.ts'
import { long } from '../../helpers/long.ts'
import { ask, useServer, withToken } from './server.ts'

const { folder, runs, serve } = useServer()

describe('who may ask', () => {
  test('the page is for all, everything else for those with the token', async () => {
    const studio = await serve()
    expect(new URL(studio.url).searchParams.get('token')).toBe(studio.token)
    expect((await ask(studio, '/')).status).toBe(200)
    const wrong: Record<string, string>[] = [
      {},
      { authorization: 'Bearer wrong' },
      { authorization: studio.token },
    ]
    const asked = [
      ['POST', '/api/runs'],
      ['POST', '/api/commands'],
      ['POST', '/api/alive'],
      ['POST', '/api/leave'],
      ['GET', '/api/reports'],
      ['GET', '/api/hello'],
      ['GET', '/api/saved'],
      ['GET', '/api/saved/model?path=plain'],
      ['GET', `/api/saved?token=${studio.token}`],
      ['GET', '/api/nothing'],
    ]
    for (const [method, path] of asked) {
      for (const headers of wrong) {
        const { status, body } = await ask(studio, path, { method, headers })
        expect(status, `${method} ${path}`).toBe(401)
        expect(JSON.parse(body.toString()).error).toContain('token')
      }
    }
    expect(studio.processes()).toEqual([])
    const { status, body } = await ask(studio, '/api/hello', { headers: withToken(studio) })
    expect([status, JSON.parse(body.toString())]).toMatchObject([200, { runs }])
  })

  test('the token is long, and another each time', async () => {
    const [one, two] = [await serve(), await serve()]
    expect(one.token).not.toBe(two.token)
    expect(Buffer.from(one.token, 'base64url').length).toBeGreaterThanOrEqual(16)
  })

  test('by our own names alone', async () => {
    const studio = await serve()
    const status = async (host: string) => (await ask(studio, '/', { headers: { host } })).status
    expect(await status(`127.0.0.1:${studio.port}`)).toBe(200)
    expect(await status(`LOCALHOST:${studio.port}`)).toBe(200)
    expect(await status(`evil.example:${studio.port}`)).toBe(403)
    expect(await status('127.0.0.1')).toBe(403)
    expect(await status(`127.0.0.1.evil.example:${studio.port}`)).toBe(403)
  })

  test('from our own origin alone', async () => {
    const studio = await serve()
    const status = async (extra: Record<string, string>, path = '/api/hello') =>
      (await ask(studio, path, { headers: { ...withToken(studio), ...extra } })).status
    expect(await status({ origin: `http://127.0.0.1:${studio.port}` })).toBe(200)
    for (const origin of [
      'http://evil.example',
      'null',
      'http://127.0.0.1:1',
      `https://127.0.0.1:${studio.port}`,
    ]) {
      expect(await status({ origin }), origin).toBe(403)
      expect(await status({ origin }, '/'), origin).toBe(403)
    }
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    // A link on another site may lead to the page.
    expect(await status({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }, '/')).toBe(200)
  })
})

describe('what is served', () => {
  test('the page with strict headers', async () => {
    const { headers, body } = await ask(await serve(), '/')
    expect(body.toString()).toContain('<title>studio</title>')
    const policy = headers['content-security-policy'] as string
    expect(policy).toContain("default-src 'self'")
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval'")
    expect(policy).not.toContain("'unsafe-eval'")
    expect(policy).toMatch(/frame-ancestors 'none'/)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'x-frame-options': 'DENY',
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
    })
    expect(headers['access-control-allow-origin']).toBeUndefined()
  })

  test('assets for ever, the page again when it has changed', async () => {
    const studio = await serve()
    const { headers } = await ask(studio, '/assets/main-abc.js')
    expect(headers['cache-control']).toContain('immutable')
    expect(headers['content-type']).toContain('text/javascript')
    const etag = (await ask(studio, '/')).headers.etag!
    expect((await ask(studio, '/', { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test('text is compressed for whoever takes that, and known again', async () => {
    const studio = await serve()
    const headers = { 'accept-encoding': 'gzip' }
    const packed = await ask(studio, '/assets/long.js', { headers })
    expect(packed.headers['content-encoding']).toBe('gzip')
    const plain = await ask(studio, '/assets/long.js')
    expect(plain.headers['content-encoding']).toBeUndefined()
    expect(gunzipSync(packed.body)).toEqual(plain.body)
    expect(packed.body.length).toBeLessThan(plain.body.length / 10)
    const known = { ...headers, 'if-none-match': packed.headers.etag! }
    expect((await ask(studio, '/assets/long.js', { headers: known })).status).toBe(304)
  })

  test('nothing beside the page', async () => {
    const studio = await serve()
    const paths = [
      '/../secret.txt',
      '/assets/../../secret.txt',
      '/%2e%2e/secret.txt',
      '/..%2fsecret.txt',
      '/assets/..%5c..%5csecret.txt',
      '//etc/passwd',
      '/assets',
      '/assets/',
      '/.git/config',
      '/index.html%00.js',
    ]
    for (const path of paths) expect((await ask(studio, path)).status, path).toBe(404)
  })

  test('the runs folder: its runs, and what cannot be shown', async () => {
    const studio = await serve()
    const { body } = await ask(studio, '/api/saved', { headers: withToken(studio) })
    const list = JSON.parse(body.toString()) as { path: string; problem: string | null }[]
    expect(list.map(({ path }) => path).sort()).toEqual([
      'broken',
      'compare/runs/inner',
      'linked-model',
      'plain',
    ])
    expect(list.find(({ path }) => path === 'plain')).toEqual({
      path: 'plain',
      objective: 'psd',
      data: 'ring',
      dimension: 2,
      steps: 20,
      of: 20,
      problem: null,
    })
    expect(list.find(({ path }) => path === 'broken')!.problem).toContain('not valid JSON')
    expect(body.toString()).not.toContain(folder)
  })

  test('models of the runs folder, and no other file', async () => {
    const studio = await serve()
    const model = (path: string) =>
      ask(studio, `/api/saved/model?path=${encodeURIComponent(path)}`, { headers: withToken(studio) })
    const { status, body } = await model('compare/runs/inner')
    expect([status, body.toString().includes('__metadata__')]).toEqual([200, true])
    const outside = [
      '../outside',
      'plain/../../outside',
      '.hidden',
      'linked',
      'linked-model',
      'nothing',
      '',
      '/',
      '..',
    ]
    for (const path of [...outside, join(folder, 'outside'), 'plain\0', '..\\outside', 'plain/checkpoints']) {
      expect((await model(path)).status, path).toBe(404)
    }
  })

  test('a missing runs folder is an empty one', async () => {
    const studio = await serve({ runs: join(folder, 'none') })
    expect((await ask(studio, '/api/saved', { headers: withToken(studio) })).body.toString()).toBe('[]')
  })
})

describe('requests that dawdle', () => {
  /** A connection that sends some bytes and waits for what comes. */
  const knock = (port: number, bytes: string) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    const closed = new Promise<string>(resolve => {
      socket.on('data', part => {
        text += part
      })
      socket.on('error', () => {})
      socket.on('close', () => resolve(text))
    })
    return { socket, closed }
  }

  long('a head that does not end is not waited for', async () => {
    const { port } = await serve()
    const start = performance.now()
    expect(await knock(port, 'GET / HTTP/1.1\r\nHost:').closed).toContain('408')
    expect(performance.now() - start).toBeLessThan(15_000)
  })

  test('a body without the token is not read', async () => {
    const { port } = await serve()
    const head = `POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 40000000\r\n\r\n`
    expect(await knock(port, head).closed).toContain('401')
  })

  test('connections are limited', async () => {
    const studio = await serve()
    const knocks = Array.from({ length: 600 }, () => knock(studio.port, 'GET / HTTP/1.1\r\n'))
    let closed = 0
    for (const each of knocks) void each.closed.then(() => closed++)
    await until(() => closed >= 80, 'those beyond the limit are closed', 4000)
    expect(closed).toBeLessThan(100)
    for (const { socket } of knocks) socket.destroy()
    await until(() => closed === 600, 'all are gone')
    expect((await ask(studio, '/')).status).toBe(200)
  })
})
