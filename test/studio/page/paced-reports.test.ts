import { expect, test } from 'vitest'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { pacedReports } from '../../../src/studio/page/state/paced-reports.ts'

const progress = (part: object): Report =>
  ({ type: 'progress', run: 'a', playing: true, ...part }) as unknown as Report

/** Passes one report each 100 ms through a page whose frames take so long. @returns numbers of those that came through */
async function shown(frame: number, reports: readonly Report[]): Promise<number[]> {
  let now = 0
  let end: (() => void) | undefined
  const seen: Report[] = []
  const pass = pacedReports(report => seen.push(report), {
    clock: () => now,
    drawn: () =>
      new Promise(resolve => {
        end = resolve
      }),
  })
  for (const report of reports) {
    pass(report)
    now += frame
    end?.()
    await Promise.resolve()
    now += 100 - frame
  }
  return seen.map(report => reports.indexOf(report))
}

const plain = Array.from({ length: 20 }, () => progress({}))

test('a page that draws quickly shows every report', async () => {
  expect(await shown(8, plain)).toHaveLength(20)
})

test('a page that draws slowly leaves some out', async () => {
  expect(await shown(60, plain)).toEqual([0, 7, 14])
})

test('what measures, ends, answers or refuses is always shown', async () => {
  const kept = [
    progress({ distance: null }),
    progress({ playing: false }),
    { type: 'answer', run: 'a', id: 1, answer: 1 } satisfies Report,
    { type: 'refused', run: 'a', id: 1, message: 'no' } satisfies Report,
  ]
  expect(await shown(60, [progress({}), progress({}), ...kept])).toEqual([0, 2, 3, 4, 5])
})

test('while no frame is drawn, as in a hidden page, only those are', async () => {
  const seen: Report[] = []
  const pass = pacedReports(report => seen.push(report), {
    clock: () => 0,
    drawn: () => new Promise(() => {}),
  })
  const ended = progress({ playing: false })
  for (const report of [plain[0], plain[1], ended]) pass(report)
  expect(seen).toEqual([plain[0], ended])
})
