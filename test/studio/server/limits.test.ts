import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { LIMITS, openPages } from '../../../src/studio/server/pages.ts'
import { type Training, trainingProcess } from '../../../src/studio/server/training.ts'
import { until } from '../../helpers/cli.ts'
import { isWhole } from '../../helpers/long.ts'
import { ask, listen, plan, post, useServer, withToken } from './server.ts'

const { serve } = useServer()

const open = (run: string) => ({ type: 'open', run, plan }) as const

test('a question that asks for too much is refused before it reaches the training', async () => {
  const studio = await serve()
  const { reports } = await listen(studio)
  await post(studio, '/api/runs', open('a'))
  await until(() => reports.some(({ type }) => type === 'progress'), 'it is open')
  const question = { type: 'ask', run: 'a', id: 1, name: 'residuals', ask: { levels: 1e6, weights: 'ema' } }
  const { status, body } = await post(studio, '/api/commands', question)
  expect([status, JSON.parse(body.toString())]).toEqual([400, { error: 'ask.levels: expected at most 16' }])
  await post(studio, '/api/commands', { ...question, id: 2, ask: { levels: 2, weights: 'ema' } })
  await until(() => reports.some(({ type }) => type === 'answer'), 'another is answered')
  expect(reports.find(({ type }) => type === 'answer')).toMatchObject({ id: 2 })
})

test.runIf(isWhole && process.platform === 'linux')('the largest questions take little memory', async () => {
  const studio = await serve()
  const { reports } = await listen(studio)
  await post(studio, '/api/runs', open('a'))
  const questions = [
    ['residuals', { levels: 16, weights: 'ema' }],
    ['target', { count: 50_000, seed: 0 }],
    [
      'through',
      {
        points: new Float32Array(200_000),
        grid: Array.from({ length: 65 }, (_, i) => 1 - i / 64),
        method: 'jump',
        weights: 'ema',
      },
    ],
  ] as const
  for (const [id, [name, asked]] of questions.entries())
    await post(studio, '/api/commands', { type: 'ask', run: 'a', id, name, ask: asked })
  const answered = () => reports.filter(({ type }) => type === 'answer').length
  await until(() => answered() === questions.length, 'all are answered', 50_000)
  const [pid] = studio.processes()
  const [, peak] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))!
  expect(Number(peak) / 1024).toBeLessThan(600)
})

test('commands wait for a training up to a number, and their bytes up to another', async () => {
  const reports: Report[] = []
  const start = trainingProcess(resolve('dist/studio/server/child.js'), { commands: 4, bytes: 1000 })
  const training = start(
    report => reports.push(report),
    () => {},
  )
  try {
    const pause = { type: 'pause', run: 'a' } as const
    expect(training.send(open('a'), 10)).toBe(true)
    expect(training.send(pause, 991)).toBe(false)
    expect([1, 2, 3].map(() => training.send(pause, 10))).toEqual([true, true, true])
    expect(training.send(pause, 10)).toBe(false)
    await until(() => training.send(pause, 991), 'those that waited are done')
  } finally {
    await training.close()
  }
})

test('processes that are going count, and so do pages', async () => {
  let release = () => {}
  const gone = new Promise<void>(resolve => {
    release = resolve
  })
  const start = (): Training => ({ pid: 1, send: () => true, close: () => gone })
  const pages = openPages(start, { ...LIMITS, perPage: 2, inAll: 2, pages: 3 })
  const outcomes = Array.from({ length: 6 }, (_, i) => {
    const opened = pages.open('one', open(`r${i}`), 1)
    pages.tell('one', { type: 'close', run: `r${i}` }, 1)
    return opened
  })
  expect(outcomes).toEqual(['taken', 'taken', 'taken', 'taken', 'full', 'full'])
  release()
  await gone
  await new Promise(resolve => setTimeout(resolve))
  expect(pages.open('one', open('again'), 1)).toBe('taken')
  expect([pages.reports('two'), pages.reports('three')].every(Boolean)).toBe(true)
  expect(pages.reports('four')).toBeUndefined()
  expect(pages.open('four', open('a'), 1)).toBe('full')
  await pages.close()
})

test('a page that does not read is sent what fits, and the rest waits or goes', async () => {
  let report: (report: Report) => void = () => {}
  const pages = openPages(onReport => {
    report = onReport
    return { pid: 1, send: () => true, close: async () => {} }
  })
  pages.open('one', open('a'), 1)
  const before = process.memoryUsage().arrayBuffers
  for (let id = 0; id < 400; id++) report({ type: 'answer', run: 'a', id, answer: new Float32Array(250_000) })
  // 400 MB of answers.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(300 << 20)
  await pages.close()
})

test('bodies are read a few at a time', async () => {
  const studio = await serve()
  // Of each, a body that does not end.
  const slow = Array.from({ length: 8 }, () => {
    const asked = request({
      host: '127.0.0.1',
      port: studio.port,
      path: '/api/runs',
      method: 'POST',
      headers: withToken(studio),
      agent: false,
    })
    asked.on('error', () => {})
    asked.write('{')
    return asked
  })
  const status = async () => (await post(studio, '/api/runs', open('a'))).status
  const becomes = async (wanted: number) => {
    for (let tries = 0; tries < 50; tries++) {
      if ((await status()) === wanted) return true
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    return false
  }
  expect(await becomes(429)).toBe(true)
  for (const asked of slow) asked.destroy()
  expect(await becomes(201)).toBe(true)
})

test('files are sent whole', async () => {
  const studio = await serve()
  const { status, body, headers } = await ask(studio, '/')
  expect([status, body.length]).toEqual([200, Number(headers['content-length'])])
  expect((await ask(studio, '/', { method: 'HEAD' })).status).toBe(200)
})
