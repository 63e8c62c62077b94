import { mkdirSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { type FetchLimits, limitedFetch } from '../../src/hub/limited-fetch.ts'
import { pull } from '../../src/hub/pull.ts'
import { train } from '../../src/index.ts'
import { encodeSafetensors } from '../../src/serialization/safetensors.ts'
import { snapshot, temporaryFolder } from '../helpers/folder.ts'
import { type FakeHub, fakeHub } from '../helpers/hub.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('hostile-hub')
const at = (name: string) => join(folder, name)
let hub: FakeHub
let good: ReadonlyMap<string, Uint8Array>

beforeAll(async () => {
  hub = await fakeHub('hf_x')
  await train({ ...tiny, steps: 2 }, { directory: at('run') })
  const { readFileSync } = await import('node:fs')
  good = new Map(
    ['config.json', 'model.safetensors'].map(name => [name, readFileSync(join(at('run'), name))]),
  )
  mkdirSync(at('here'))
  writeFileSync(at('secret.txt'), 'secret')
})
afterAll(() => hub.close())
afterEach(() => {
  hub.instead = () => false
  vi.unstubAllGlobals()
})

const LIMITS: FetchLimits = { silence: 1500, whole: 4000, largestAnswer: 1 << 20 }

async function pulled(files = good): Promise<Error | string[]> {
  hub.repositories.set('a/b', { private: false, files: new Map(files) })
  const fetch = limitedFetch(hub.url, LIMITS)
  return pull({ hubUrl: hub.url, fetch }, 'a/b', join(at('here'), 'got')).catch((error: Error) => error)
}

/** 20 MB in 20 kB. */
const BOMB = gzipSync(Buffer.alloc(20 << 20, ' '))

type Instead = (request: IncomingMessage, response: ServerResponse) => boolean
const isFile = ({ url }: IncomingMessage): boolean => url!.includes('/resolve/')
const onFiles =
  (act: (response: ServerResponse, request: IncomingMessage) => void, probe = true): Instead =>
  (request, response) => {
    if (!isFile(request) || (!probe && request.headers.range === 'bytes=0-0')) return false
    act(response, request)
    return true
  }
const onListing =
  (act: (response: ServerResponse) => void): Instead =>
  (request, response) => {
    if (!request.url!.includes('/tree/')) return false
    act(response)
    return true
  }
const leads = (location: string) => (response: ServerResponse) =>
  void response.writeHead(302, { location }).end()

/** Sends as much as is taken, without an end. */
const endless = (piece: Buffer) => (response: ServerResponse) => {
  response.writeHead(200, { 'content-type': 'application/json', etag: '"x"' })
  const more = () => {
    while (response.write(piece));
    if (!response.destroyed) response.once('drain', more)
  }
  response.on('error', () => {})
  more()
}

const attacks: readonly [what: string, instead: () => Instead, line: RegExp][] = [
  [
    'files that are on this machine',
    () => onFiles(leads(`file://${at('secret.txt')}`)),
    /leads elsewhere: "file:/,
  ],
  ['files within an address', () => onFiles(leads('data:text/plain,x')), /leads elsewhere: "data:/],
  [
    'redirects without an address',
    () => onFiles(response => void response.writeHead(302).end()),
    /leads elsewhere/,
  ],
  [
    'redirects to themselves',
    () => onFiles((response, { url }) => leads(url!)(response)),
    /leads on more than 10 times/,
  ],
  [
    'a listing without an end',
    () => onListing(endless(Buffer.alloc(65_536, ' '))),
    /more than 1048576 bytes/,
  ],
  [
    'a listing that inflates without an end',
    () =>
      onListing(response => {
        response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
        response.end(BOMB)
      }),
    /more than 1048576 bytes/,
  ],
  [
    'pages without an end',
    () =>
      onListing(response => {
        const next = `<${hub.url}/api/models/a/b/tree/main>; rel="next"`
        response.writeHead(200, { 'content-type': 'application/json', link: next }).end('[]')
      }),
    /its listing has more than 100 pages/,
  ],
  ['a listing that is none', () => onListing(response => void response.end('{"a":1}')), /a\/b: /],
  ['no answer', () => onListing(() => {}), /nothing came for 1.5 s/],
  [
    'an answer that comes in drops',
    () =>
      onListing(response => {
        const timer = setInterval(() => response.write(' '), 100)
        response.on('close', () => clearInterval(timer))
      }),
    /nothing came for 4 s/,
  ],
  [
    'files that stop on the way',
    () =>
      onFiles(response => {
        response.writeHead(206, { etag: '"x"' })
        response.write('{')
      }, false),
    /nothing came for 1.5 s/,
  ],
  [
    'files without content',
    () => onFiles(response => void response.writeHead(204).end(), false),
    /config.json came without content/,
  ],
  ['a size that is asked for and files that come', () => onFiles(endless(Buffer.alloc(65_536))), /a\/b: /],
  [
    'headers without an end',
    () => onListing(response => void response.writeHead(200, { 'x-long': 'x'.repeat(100_000) }).end('[]')),
    /a\/b: /,
  ],
]

describe('a hostile hub gets one line, in time, and leaves nothing', () => {
  test.each(attacks)('%s', async (_, instead, line) => {
    hub.instead = instead()
    const before = snapshot(folder)
    const [start, memory] = [performance.now(), process.memoryUsage().rss]
    const outcome = await pulled()
    expect(outcome).toMatchObject({
      name: expect.stringMatching(/^(HubError|RunError)$/),
      message: expect.stringMatching(line),
    })
    expect((outcome as Error).message).not.toMatch(/\n/)
    expect(performance.now() - start).toBeLessThan(20_000)
    expect(process.memoryUsage().rss - memory).toBeLessThan(200 << 20)
    expect(snapshot(folder)).toEqual(before)
  })

  const header = (length: bigint, text: string): Buffer => {
    const size = Buffer.alloc(8)
    size.writeBigUInt64LE(length)
    return Buffer.concat([size, Buffer.from(text)])
  }
  const entry = (shape: number[], to: number) =>
    JSON.stringify({ a: { dtype: 'F32', shape, data_offsets: [0, to] } })
  const config = (change: object) => {
    const record = JSON.parse(String(good.get('config.json')))
    return Buffer.from(JSON.stringify({ ...record, config: { ...record.config, ...change } }))
  }
  const withText = (name: string, text: string) =>
    encodeSafetensors({ tensors: {}, metadata: { format: 'oxbow', [name]: text, data: '{}' } })

  test.each<[string, string, () => Uint8Array]>([
    ['a header of 2^63 bytes', 'model.safetensors', () => header(2n ** 63n, '{}')],
    [
      'a tensor of 2^50 numbers',
      'model.safetensors',
      () => header(60n, entry([2 ** 25, 2 ** 25], 4).padEnd(60)),
    ],
    [
      'a configuration that is nested without end',
      'model.safetensors',
      () => withText('config', '['.repeat(1e6)),
    ],
    [
      'a network of 2^40 numbers',
      'config.json',
      () => config({ network: { kind: 'mlp', hidden: 2 ** 20, layers: 2 ** 20 } }),
    ],
    [
      'keys that all objects have',
      'config.json',
      () => Buffer.from('{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}}}'),
    ],
    ['JSON that is nested without end', 'config.json', () => Buffer.from('['.repeat(1e6))],
  ])('models of %s', async (_, name, content) => {
    const before = snapshot(folder)
    const memory = process.memoryUsage().rss
    const outcome = await pulled(new Map([...good, [name, content()]]))
    expect(outcome).toMatchObject({ name: 'RunError', message: expect.stringMatching(/^a\/b\//) })
    expect(process.memoryUsage().rss - memory).toBeLessThan(300 << 20)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
    expect(snapshot(folder)).toEqual(before)
  })
})

describe('where a hub may lead', () => {
  const ask = (hubUrl: string, location: string) => {
    const asked: string[] = []
    vi.stubGlobal('fetch', async (url: string) => {
      asked.push(url)
      return asked.length === 1
        ? new Response(null, { status: 302, headers: { location } })
        : new Response('fine', { status: 200 })
    })
    return limitedFetch(hubUrl)(`${hubUrl}/a/b/resolve/main/x`).then(
      () => asked[1],
      (error: Error) => error.message,
    )
  }

  test.each([
    ['https://hub.example', 'http://cdn.example/x'],
    ['https://hub.example', 'http://127.0.0.1:8080/x'],
    ['https://hub.example', 'https://127.0.0.1/x'],
    ['https://hub.example', 'https://localhost/x'],
    ['https://hub.example', 'https://[::1]/x'],
    ['https://hub.example', 'https://192.168.1.1/x'],
    ['https://hub.example', 'https://169.254.169.254/latest/meta-data'],
    ['https://hub.example', 'https://2130706433/x'],
    ['http://hub.example', 'http://10.0.0.1/x'],
  ])('not from %s to %s', async (from, to) => {
    expect(await ask(from, to)).toMatch(/^refused, it leads elsewhere/)
  })

  test.each([
    ['https://hub.example', 'https://cdn.example/x'],
    ['http://127.0.0.1:9', 'http://127.0.0.1:8/x'],
  ])('from %s to %s', async (from, to) => {
    expect(await ask(from, to)).toBe(to)
  })
})
