import { expect, test } from 'vitest'
import { createQueryCache, type QueryResult } from '../../src/studio/page/connection/query-cache.ts'

/** A cache with a clock of its own, where answers come when the test lets them. */
function cacheWith(settled: (of: string) => boolean) {
  let time = 0
  const asked: string[] = []
  const waiting: { key: string; answer: (value: unknown) => void; refuse: (error: Error) => void }[] = []
  const alarms: { at: number; then: () => void }[] = []
  const queries = createQueryCache({
    settled,
    now: () => time,
    wait: (milliseconds, then) => alarms.push({ at: time + milliseconds, then }),
  })
  const settle = () => new Promise(resolve => setTimeout(resolve))
  return {
    asked,
    subscribe() {
      const shown: QueryResult[] = []
      const subscription = queries.subscribe(each => shown.push(each))
      const setQuery = (key: string, of = 'plan 0', slow = false) =>
        subscription.setQuery({
          key,
          of,
          slow,
          ask: () => {
            asked.push(`${key} of ${of}`)
            return new Promise((answer, refuse) => waiting.push({ key, answer, refuse }))
          },
        })
      return { setQuery, end: subscription.end, shown, last: () => shown.at(-1) }
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

test('the newest query of a subscriber wins', async () => {
  const { asked, subscribe, answer } = cacheWith(() => true)
  const subscription = subscribe()
  for (const key of ['a', 'b', 'c', 'd']) subscription.setQuery(key)
  expect(asked).toEqual(['a of plan 0'])
  await answer(1)
  expect(subscription.last()).toMatchObject({ answer: 1, key: 'a', fresh: false })
  expect(asked).toEqual(['a of plan 0', 'd of plan 0'])
  await answer(4)
  expect(subscription.last()).toMatchObject({ answer: 4, key: 'd', fresh: true })
})

test('what was answered is not asked again, by any subscriber', async () => {
  const { asked, subscribe, answer } = cacheWith(() => true)
  const [one, other] = [subscribe(), subscribe()]
  one.setQuery('a')
  await answer(1)
  one.setQuery('b')
  await answer(2)
  one.setQuery('a')
  other.setQuery('b')
  expect([one.last()?.answer, other.last()?.answer]).toEqual([1, 2])
  expect(asked).toHaveLength(2)
})

test('answers of a training that goes on are not kept', async () => {
  const { asked, subscribe, answer } = cacheWith(() => false)
  const [one, other] = [subscribe(), subscribe()]
  one.setQuery('a')
  await answer(1)
  other.setQuery('a')
  expect(asked).toHaveLength(2)
})

test('while a training goes on it has three quarters of the time, and the user goes first', async () => {
  const { asked, subscribe, answer, pass } = cacheWith(() => false)
  const [one, other] = [subscribe(), subscribe()]
  one.setQuery('a')
  await answer(1, 100)
  one.setQuery('a', 'plan 1')
  await answer(2, 100)
  one.setQuery('a', 'plan 2')
  await pass(250)
  expect(asked).toHaveLength(2)
  other.setQuery('b', 'plan 2')
  expect(asked.at(-1)).toBe('b of plan 2')
  await answer(3, 10)
  await pass(60)
  expect(asked.at(-1)).toBe('a of plan 2')
})

test('what takes long is asked last, and after what follows from the answers before', async () => {
  const { asked, subscribe, answer, pass } = cacheWith(() => true)
  const [one, long, other] = [subscribe(), subscribe(), subscribe()]
  one.setQuery('a')
  long.setQuery('slow', 'plan 0', true)
  await answer(1)
  // A view asks on once it has drawn the answer.
  await pass(30)
  other.setQuery('b')
  await pass(40)
  expect(asked).toEqual(['a of plan 0', 'b of plan 0'])
  await answer(2)
  await pass(70)
  expect(asked.at(-1)).toBe('slow of plan 0')
  await answer(3)
  expect(long.last()).toMatchObject({ answer: 3, fresh: true })
})

test('a refusal is told, and not asked for ever', async () => {
  const { asked, subscribe, answer } = cacheWith(() => true)
  const subscription = subscribe()
  subscription.setQuery('a')
  await answer(new Error('no such training'))
  expect(subscription.last()).toMatchObject({ error: 'no such training', fresh: false })
  expect(asked).toHaveLength(1)
  subscription.setQuery('b')
  await answer(2)
  expect(subscription.last()).toMatchObject({ answer: 2, error: null })
  // The answer stays where the same is asked again, and is not shown for another question.
  subscription.setQuery('b', 'plan 1')
  await answer(new Error('it ended'))
  expect(subscription.last()).toMatchObject({ answer: 2, key: 'b', error: 'it ended' })
  subscription.setQuery('c', 'plan 1')
  await answer(new Error('it ended'))
  expect(subscription.last()).toMatchObject({ answer: null, key: 'c', error: 'it ended' })
})

test('a subscriber that has ended hears nothing', async () => {
  const { subscribe, answer } = cacheWith(() => true)
  const subscription = subscribe()
  subscription.setQuery('a')
  subscription.end()
  await answer(1)
  expect(subscription.shown).toEqual([])
})
