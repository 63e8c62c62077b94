import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { serveStudio } from '../../../src/studio/server/serve.ts'
import { bytes } from '../forms/bytes.ts'
import type { Target } from '../target.ts'
import { utf8 } from '../trained.ts'

/** Milliseconds to wait for the rest of an answer. */
const PATIENCE = 1000

const requests = (port: number): string[] => [
  `GET / HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`,
  `POST /api/runs HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
  `POST /api/commands HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 2\r\nContent-Type: text/plain\r\nOrigin: http://evil.example\r\nConnection: close\r\n\r\n{}`,
  `GET /api/reports HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: x\r\n\r\n`,
]

/** Bytes on a connection to a server of ours, none of which know the token. */
export const target: Target = {
  form: bytes,
  words: [
    '\r\n',
    '\r\n\r\n',
    'Host: ',
    'GET ',
    'HTTP/1.1',
    'HTTP/2.0',
    'Content-Length: -1\r\n',
    'Expect: 100-continue\r\n',
    'PRI * HTTP/2.0',
    '\0',
    '%00',
    '//',
  ],
  errors: [],
  share: 10_000,
  async open(folder) {
    const [site, runs] = ['site', 'runs'].map(name => join(folder, name))
    mkdirSync(site)
    mkdirSync(runs)
    writeFileSync(join(site, 'index.html'), '<!doctype html><title>studio</title>')
    const { port } = await serveStudio({
      host: '127.0.0.1',
      port: 0,
      runs,
      site,
      child: join(folder, 'none.js'),
    })
    return {
      corpus: requests(port).map(utf8),
      async read(input) {
        const socket = connect(port, '127.0.0.1')
        let text = ''
        socket.setEncoding('latin1').on('data', part => {
          text += part
        })
        socket.on('error', () => {})
        socket.end(input)
        const timer = setTimeout(() => socket.destroy(), PATIENCE)
        await once(socket, 'close')
        clearTimeout(timer)
        const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, code]) => Number(code))
        if (statuses.some(code => code >= 500 && code !== 505)) throw new Error(`answers ${statuses}`)
        if (/^HTTP\/1\.1 101/m.test(text)) throw new Error('changes its protocol')
      },
    }
  },
}
