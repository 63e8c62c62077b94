import { expect, test } from 'vitest'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { decodeMessage } from '../../../src/studio/engine/wire.ts'
import { createOutbox, type Outbox } from '../../../src/studio/server/outbox.ts'
import { plan } from './server.ts'

const answer = (id: number, floats = 250): Report => ({
  type: 'answer',
  run: 'a',
  id,
  answer: new Float32Array(floats),
})
const progress = (run: string, step: number, line: object | null = null): Report =>
  ({
    type: 'progress',
    run,
    revision: step,
    plan,
    playing: true,
    goal: null,
    line,
    samples: new Float32Array(4),
  }) as Report

const all = (box: Outbox): Report[] => {
  const reports: Report[] = []
  for (let next = box.shift(); next; next = box.shift()) reports.push(decodeMessage(next) as Report)
  return reports
}

test('reports come in order, with the newest progress of each run and the last line', () => {
  const box = createOutbox()
  box.push(progress('a', 1, { step: 1 }))
  box.push(answer(1))
  box.push(progress('b', 1))
  box.push(progress('a', 2))
  expect(all(box)).toMatchObject([
    { type: 'answer', id: 1 },
    { type: 'progress', run: 'b' },
    { type: 'progress', run: 'a', revision: 2, line: { step: 1 } },
  ])
  expect(box.shift()).toBeUndefined()
})

test('beyond its bytes the oldest answers become refusals, and the newest stays', () => {
  const box = createOutbox({ messages: 100, bytes: 5000 })
  for (let id = 0; id < 10; id++) box.push(answer(id))
  const reports = all(box)
  expect(reports).toHaveLength(10)
  expect(reports.map(({ type }) => type).lastIndexOf('refused')).toBeGreaterThan(4)
  expect(reports[0]).toMatchObject({
    type: 'refused',
    run: 'a',
    id: 0,
    message: expect.stringMatching(/dropped/),
  })
  expect(reports.at(-1)).toMatchObject({ type: 'answer', id: 9 })
  box.push(answer(11, 5000))
  expect(all(box)).toMatchObject([{ type: 'answer', id: 11 }])
})

test('beyond its number of messages the oldest go', () => {
  const box = createOutbox({ messages: 20, bytes: 1 << 20 })
  for (let i = 0; i < 1000; i++) box.push({ type: 'refused', run: 'a', id: null, message: String(i) })
  expect(box.length).toBe(20)
  expect(all(box).at(-1)).toMatchObject({ message: '999' })
})

test('a closed run leaves nothing', () => {
  const box = createOutbox()
  box.push(progress('a', 1))
  box.push(progress('b', 1))
  box.forget('a')
  expect(all(box)).toMatchObject([{ run: 'b' }])
})
