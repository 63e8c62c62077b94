import { afterEach, expect, test, vi } from 'vitest'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { freshPlan } from '../../../src/studio/plan.ts'

afterEach(() => vi.unstubAllGlobals())

test('the machine says once who it is, and which runs are to be opened again', async () => {
  vi.stubGlobal('location', { href: 'http://127.0.0.1/', hash: '' })
  const { machineOf } = await import('../../../src/studio/page/native.ts')
  const refusals: Record<string, [number, string]> = {
    'api/runs': [429, 'it trains as much as it may already; close another page'],
    'api/commands': [404, 'run-1: no such training'],
  }
  vi.stubGlobal('fetch', async (path: string) => {
    if (path === 'api/reports') return new Promise(() => {})
    const [status, error] = refusals[path]
    return new Response(JSON.stringify({ error }), { status })
  })
  const reports: Report[] = []
  const client = machineOf('token').connect(report => reports.push(report))
  client.send({ type: 'open', run: 'run-1', plan: freshPlan })
  client.send({ type: 'play', run: 'run-1' })
  await vi.waitUntil(() => reports.length === 2)
  refusals['api/commands'] = [400, 'type: expected another']
  client.send({ type: 'play', run: 'run-1' })
  await vi.waitUntil(() => reports.length === 3)
  client.end()
  expect(reports).toEqual([
    {
      type: 'refused',
      run: 'run-1',
      id: null,
      message: 'this machine: it trains as much as it may already; close another page',
      ended: true,
    },
    {
      type: 'refused',
      run: 'run-1',
      id: null,
      message: 'this machine: run-1: no such training',
      ended: true,
    },
    { type: 'refused', run: 'run-1', id: null, message: 'this machine: type: expected another' },
  ])
})
