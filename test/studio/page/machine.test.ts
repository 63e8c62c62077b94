import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { encodeMessage, framed } from '../../../src/studio/engine/wire.ts'
import type { Client } from '../../../src/studio/page/connection/client.ts'
import { freshPlan } from '../../../src/studio/plan.ts'

interface Refusal {
  readonly status: number
  readonly error: string
}

/** A server as the page sees it. */
const server = {
  up: true,
  runs: ['run-1'] as readonly string[],
  refusals: {} as Record<string, Refusal>,
  posted: [] as string[],
  stream: undefined as ReadableStreamDefaultController<Uint8Array> | undefined,
}

function answer(path: string): Response {
  if (!server.up) throw new TypeError('failed to fetch')
  const refusal = server.refusals[path]
  if (refusal) return new Response(JSON.stringify(refusal), { status: refusal.status })
  if (path === 'api/alive') return new Response(JSON.stringify({ runs: server.runs }))
  if (path !== 'api/reports') {
    server.posted.push(path)
    return new Response(null, { status: 202 })
  }
  const body = new ReadableStream<Uint8Array>({
    start: stream => {
      server.stream = stream
      stream.enqueue(framed(new Uint8Array(0)))
    },
  })
  return new Response(body)
}

/** The server ends, or the way to it. */
function cut(): void {
  server.up = false
  server.stream!.error(new Error('cut'))
}

const reports: Report[] = []
const lines: string[] = []
let client: Client

beforeEach(async () => {
  Object.assign(server, { up: true, runs: ['run-1'], refusals: {}, posted: [], stream: undefined })
  reports.length = 0
  lines.length = 0
  vi.stubGlobal('location', { href: 'http://127.0.0.1/', hash: '' })
  vi.stubGlobal('fetch', async (path: string) => answer(path))
  const { machineOf } = await import('../../../src/studio/page/connection/machine.ts')
  client = machineOf('token').connect(
    report => reports.push(report),
    line => lines.push(line),
  )
})
afterEach(() => {
  client.end()
  vi.unstubAllGlobals()
})

const open = () => client.send({ type: 'open', run: 'run-1', plan: freshPlan })
const play = () => client.send({ type: 'play', run: 'run-1' })
const refused = (message: string, ended?: boolean): Report => ({
  type: 'refused',
  run: 'run-1',
  id: null,
  message,
  ...(ended && { ended }),
})
const soon = (isSo: () => boolean) => vi.waitUntil(isSo, { timeout: 20_000 })

test('the machine says once who it is, and which runs are to be opened again', async () => {
  server.refusals = {
    'api/runs': { status: 429, error: 'it trains as much as it may already; close another page' },
    'api/commands': { status: 404, error: 'run-1: no such training' },
  }
  open()
  play()
  await soon(() => reports.length === 2)
  server.refusals['api/commands'] = { status: 400, error: 'type: expected another' }
  play()
  await soon(() => reports.length === 3)
  expect(reports).toEqual([
    refused('this machine: it trains as much as it may already; close another page', true),
    refused('this machine: run-1: no such training', true),
    refused('this machine: type: expected another'),
  ])
})

test('a line that is lost is said and taken up again: commands wait, questions are asked anew', async () => {
  open()
  const answered = client.ask('run-1', 'target', { count: 1, seed: 0 })
  await soon(() => server.posted.length === 2)
  cut()
  await soon(() => lines.at(-1) === 'lost')
  play()
  await new Promise(resolve => setTimeout(resolve, 1500))
  expect(server.posted).toEqual(['api/runs', 'api/commands'])
  server.up = true
  await soon(() => server.posted.length === 4)
  expect(lines).toEqual(['lost', 'open'])
  const points = Float32Array.of(1, 2)
  server.stream!.enqueue(framed(encodeMessage({ type: 'answer', run: 'run-1', id: 1, answer: points })))
  expect(await answered).toEqual(points)
  expect(reports).toEqual([])
})

test('what was trained and did not outlast the loss has ended', async () => {
  open()
  const answered = expect(client.ask('run-1', 'target', { count: 1, seed: 0 })).rejects.toThrow(
    'its training ended because the connection',
  )
  await soon(() => server.posted.length === 2)
  server.runs = []
  server.stream!.close()
  await soon(() => reports.length === 1)
  expect(reports[0]).toMatchObject({ type: 'refused', run: 'run-1', ended: true })
  await answered
  await soon(() => lines.at(-1) === 'open')
})

test('another server on the same port does not know the token: that is said, and nothing is tried again', async () => {
  open()
  await soon(() => server.posted.length === 1)
  const unknown = { status: 401, error: 'the token is missing or wrong' }
  server.refusals = Object.fromEntries(
    ['reports', 'runs', 'commands', 'alive'].map(path => [`api/${path}`, unknown]),
  )
  server.stream!.close()
  await soon(() => lines.at(-1) === 'renewed')
  expect(reports).toMatchObject([{ type: 'refused', run: 'run-1', ended: true }])
  open()
  await soon(() => reports.length === 2)
  expect(reports[1]).toMatchObject({ run: 'run-1', ended: true, message: expect.stringContaining('token') })
})
