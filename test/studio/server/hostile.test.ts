import { connect } from 'node:net'
import { describe, expect, test } from 'vitest'
import { encodeMessage } from '../../../src/studio/engine/wire.ts'
import { ask, plan, useServer, withToken } from './server.ts'

const { serve } = useServer()

/** What a page of another site can make a browser send, with the token where it has got hold of it. */
const EVIL = 'http://evil.example'
const ways: readonly (readonly [string, string, string, Record<string, string>])[] = [
  ['a form', 'POST', '/api/runs', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['a form of a file', 'POST', '/api/runs', { 'content-type': 'multipart/form-data; boundary=x' }],
  ['a form of text', 'POST', '/api/commands', { 'content-type': 'text/plain' }],
  ['a beacon', 'POST', '/api/leave', { 'content-type': 'text/plain;charset=UTF-8' }],
  ['a question before a request', 'OPTIONS', '/api/runs', { 'access-control-request-method': 'POST' }],
  ['an event stream', 'GET', '/api/reports', { accept: 'text/event-stream' }],
  ['a request of another kind', 'PUT', '/api/runs', {}],
]

describe('a hostile page', () => {
  const body = encodeMessage({ type: 'open', run: 'evil', plan })

  test.each(ways)(
    '%s of another origin gets nothing, with the token and without',
    async (_, method, path, headers) => {
      const studio = await serve()
      const sent = method === 'POST' || method === 'PUT' ? { body } : {}
      for (const token of [{}, withToken(studio)]) {
        for (const from of [
          { origin: EVIL, 'sec-fetch-site': 'cross-site' },
          { origin: 'null', 'sec-fetch-site': 'cross-site' },
          { origin: `http://127.0.0.1:${studio.port + 1}`, 'sec-fetch-site': 'same-site' },
        ]) {
          const answer = await ask(studio, path, {
            method,
            headers: { ...token, ...headers, ...from },
            ...sent,
          })
          expect(answer.status).toBe(403)
          expect(Object.keys(answer.headers).filter(name => name.startsWith('access-control'))).toEqual([])
        }
      }
      expect(studio.processes()).toEqual([])
    },
  )

  test.each(ways)(
    '%s without an origin, as of an old browser, needs the token',
    async (_, method, path, headers) => {
      const studio = await serve()
      const answer = await ask(studio, path, { method, headers, ...(method === 'POST' && { body }) })
      expect(answer.status).toBe(401)
      expect(studio.processes()).toEqual([])
    },
  )

  test('a name that was made to lead here gets nothing, though its page is of one origin with it', async () => {
    const studio = await serve()
    for (const name of ['evil.example', '127.0.0.1.nip.io', 'localhost.evil.example', '0.0.0.0']) {
      const host = `${name}:${studio.port}`
      for (const path of ['/', '/api/hello', '/assets/main-abc.js']) {
        const headers = {
          ...withToken(studio),
          host,
          origin: `http://${host}`,
          'sec-fetch-site': 'same-origin',
        }
        expect((await ask(studio, path, { headers })).status, `${host}${path}`).toBe(403)
      }
    }
  })

  test('a token in an address, a cookie or a form opens nothing', async () => {
    const studio = await serve()
    const { token } = studio
    const tries: [string, Record<string, string>][] = [
      [`/api/hello?token=${token}`, {}],
      ['/api/hello', { cookie: `token=${token}` }],
      ['/api/hello', { authorization: `Basic ${btoa(`:${token}`)}` }],
      [`/api/hello#${token}`, { 'x-token': token }],
    ]
    for (const [path, headers] of tries) expect((await ask(studio, path, { headers })).status, path).toBe(401)
  })

  test('no frame of another page shows it, and no other window keeps hold of it', async () => {
    const studio = await serve()
    for (const path of ['/', '/assets/main-abc.js', '/api/hello', '/nothing']) {
      const { headers } = await ask(studio, path)
      expect(headers, path).toMatchObject({
        'x-frame-options': 'DENY',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      })
    }
  })

  test('no connection becomes a WebSocket', async () => {
    const studio = await serve()
    const upgrade = [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ]
    for (const path of ['/', '/api/reports', '/ws']) {
      const head = [`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${studio.port}`, `Origin: ${EVIL}`, ...upgrade]
      const text = await new Promise<string>(resolve => {
        let found = ''
        const socket = connect(studio.port, '127.0.0.1', () => socket.write(`${head.join('\r\n')}\r\n\r\n`))
        socket.setTimeout(1500, () => socket.destroy())
        socket.on('error', () => {})
        socket.on('close', () => resolve(found))
        socket.on('data', part => {
          found += part
          socket.end()
        })
      })
      expect(text, path).not.toMatch(/^HTTP\/1\.1 [12]/)
    }
  })

  test('two requests in one are not read as one of ours', async () => {
    const studio = await serve()
    const host = `Host: 127.0.0.1:${studio.port}`
    const bodies = [
      `POST / HTTP/1.1\r\n${host}\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /api/hello HTTP/1.1\r\n`,
      `GET / HTTP/1.1\r\n${host}\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
      `GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n`,
    ]
    for (const body of bodies) {
      const text = await new Promise<string>(resolve => {
        let found = ''
        const socket = connect(studio.port, '127.0.0.1', () => socket.write(body))
        socket.setTimeout(1500, () => socket.destroy())
        socket.on('error', () => {})
        socket.on('data', part => {
          found += part
        })
        socket.on('close', () => resolve(found))
      })
      expect(text).toMatch(/^HTTP\/1\.1 4\d\d/)
      expect(text).not.toMatch(/^HTTP\/1\.1 2/m)
    }
  })
})
