import { afterEach, expect, test, vi } from 'vitest'
import { download } from '../../../src/studio/page/connection/download.ts'

afterEach(() => vi.unstubAllGlobals())

const whole = Uint8Array.of(1, 2, 3, 4)
/** An answer of two pieces, which may break off between them. */
const answer = (breaks: boolean) => {
  let pieces = 0
  const body = new ReadableStream({
    pull: controller => {
      if (pieces === 2) return controller.close()
      if (breaks && pieces === 1) return controller.error(new TypeError('network error'))
      controller.enqueue(whole.slice(2 * pieces, 2 * ++pieces))
    },
  })
  return new Response(body, { headers: { 'content-length': '4' } })
}

/** What the page fetches, one answer after another; gives how each was asked for. */
function served(...breaks: boolean[]): string[] {
  const asked: string[] = []
  vi.stubGlobal('fetch', async (_: string, { cache }: { cache: string }) => {
    asked.push(cache)
    return answer(breaks[asked.length - 1])
  })
  return asked
}

test('a file that breaks off is fetched once more, past the cache', async () => {
  const asked = served(true, false)
  expect(await download('a.wasm', () => {})).toEqual(whole)
  expect(asked).toEqual(['default', 'no-store'])
})

test('one that breaks off again does not come, and one that is whole is fetched once', async () => {
  served(true, true)
  await expect(download('a.wasm', () => {})).rejects.toThrow('network error')
  const asked = served(false)
  expect(await download('a.wasm', () => {})).toEqual(whole)
  expect(asked).toEqual(['default'])
})
