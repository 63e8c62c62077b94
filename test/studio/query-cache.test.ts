import { expect, test } from 'vitest'
import { type Answered, createAsker } from '../../src/studio/page/connection/query-cache.ts'

/** A desk with a clock of its own, where answers come when the test lets them. */
function desk(settled: (of: string) => boolean) {
  let time = 0
  const asked: string[] = []
  const waiting: { key: string; answer: (value: unknown) => void; refuse: (error: Error) => void }[] = []
  const alarms: { at: number; then: () => void }[] = []
  const asker = createAsker({
    settled,
    now: () => time,
    wait: (milliseconds, then) => alarms.push({ at: time + milliseconds, then }),
  })
  const settle = () => new Promise(resolve => setTimeout(resolve))
  return {
    asked,
    open() {
      const shown: Answered[] = []
      const place = asker.open(each => shown.push(each))
      const want = (key: string, of = 'plan 0', slow = false) =>
        place.want({
          key,
          of,
          slow,
          ask: () => {
            asked.push(`${key} of ${of}`)
            return new Promise((answer, refuse) => waiting.push({ key, answer, refuse }))
          },
        })
      return { want, close: place.close, shown, last: () => shown.at(-1) }
    },
    async answer(value: unknown, milliseconds = 10) {
      time += milliseconds
      const next = waiting.shift()!
      if (value instanceof Error) next.refuse(value)
      else next.answer(value)
      await settle()
    },
    async pass(milliseconds: number) {
      time += milliseconds
      for (const { at, then } of alarms.splice(0)) at <= time ? then() : alarms.push({ at, then })
      await settle()
    },
  }
}

test('the newest question of a place wins', async () => {
  const { asked, open, answer } = desk(() => true)
  const place = open()
  for (const key of ['a', 'b', 'c', 'd']) place.want(key)
  expect(asked).toEqual(['a of plan 0'])
  await answer(1)
  expect(place.last()).toMatchObject({ answer: 1, key: 'a', fresh: false })
  expect(asked).toEqual(['a of plan 0', 'd of plan 0'])
  await answer(4)
  expect(place.last()).toMatchObject({ answer: 4, key: 'd', fresh: true })
})

test('what was answered is not asked again, by any place', async () => {
  const { asked, open, answer } = desk(() => true)
  const [one, other] = [open(), open()]
  one.want('a')
  await answer(1)
  one.want('b')
  await answer(2)
  one.want('a')
  other.want('b')
  expect([one.last()?.answer, other.last()?.answer]).toEqual([1, 2])
  expect(asked).toHaveLength(2)
})

test('answers of a training that goes on are not kept', async () => {
  const { asked, open, answer } = desk(() => false)
  const [one, other] = [open(), open()]
  one.want('a')
  await answer(1)
  other.want('a')
  expect(asked).toHaveLength(2)
})

test('while a training goes on it has three quarters of the time, and the user goes first', async () => {
  const { asked, open, answer, pass } = desk(() => false)
  const [one, other] = [open(), open()]
  one.want('a')
  await answer(1, 100)
  one.want('a', 'plan 1')
  await answer(2, 100)
  one.want('a', 'plan 2')
  await pass(250)
  expect(asked).toHaveLength(2)
  other.want('b', 'plan 2')
  expect(asked.at(-1)).toBe('b of plan 2')
  await answer(3, 10)
  await pass(60)
  expect(asked.at(-1)).toBe('a of plan 2')
})

test('what takes long is asked last, and after what follows from the answers before', async () => {
  const { asked, open, answer, pass } = desk(() => true)
  const [one, long, other] = [open(), open(), open()]
  one.want('a')
  long.want('slow', 'plan 0', true)
  await answer(1)
  // A view asks on once it has drawn the answer.
  await pass(30)
  other.want('b')
  await pass(40)
  expect(asked).toEqual(['a of plan 0', 'b of plan 0'])
  await answer(2)
  await pass(70)
  expect(asked.at(-1)).toBe('slow of plan 0')
  await answer(3)
  expect(long.last()).toMatchObject({ answer: 3, fresh: true })
})

test('a refusal is told, and not asked for ever', async () => {
  const { asked, open, answer } = desk(() => true)
  const place = open()
  place.want('a')
  await answer(new Error('no such training'))
  expect(place.last()).toMatchObject({ error: 'no such training', fresh: false })
  expect(asked).toHaveLength(1)
  place.want('b')
  await answer(2)
  expect(place.last()).toMatchObject({ answer: 2, error: null })
})

test('a place that is closed hears nothing', async () => {
  const { open, answer } = desk(() => true)
  const place = open()
  place.want('a')
  place.close()
  await answer(1)
  expect(place.shown).toEqual([])
})
