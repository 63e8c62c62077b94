import { afterEach, expect, test, vi } from 'vitest'
import { timeLeft } from '../../src/cli/time-left.ts'
import { train } from '../../src/training/train.ts'
import type { Progress } from '../../src/training/train-options.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('pace')

afterEach(() => vi.restoreAllMocks())

test('a training of slow steps says where it is between two lines of its log', async () => {
  let now = 0
  // Each look at the clock takes a second.
  vi.spyOn(performance, 'now').mockImplementation(() => (now += 1000))
  const seen: Progress[] = []
  const config = { ...tiny, steps: 40, logEvery: 40, chunk: 1 }
  await train(config, { directory: `${folder}/slow`, onProgress: progress => seen.push(progress) })
  expect(seen.length).toBeGreaterThan(5)
  expect(seen.length).toBeLessThan(40)
  for (const { step, steps, loss, stepsPerSecond } of seen) {
    expect([step > 1, steps, Number.isFinite(loss)]).toEqual([true, 40, true])
    expect(stepsPerSecond).toBeGreaterThan(0)
    expect(stepsPerSecond).toBeLessThan(2)
  }
  expect(seen.at(-1)!.step).toBe(40)
})

test('the time that is left is in words', () => {
  const left = (step: number, stepsPerSecond: number) => timeLeft({ step, steps: 6000, stepsPerSecond })
  expect([left(5900, 200), left(5000, 2), left(100, 0.16)]).toEqual(['1.0 s', '8 min 20 s', '10 h 15 min'])
  expect([left(6000, 0), left(10, 0)]).toEqual(['0 s', '–'])
})
