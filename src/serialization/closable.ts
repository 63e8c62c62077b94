import type { LoadedMap } from './loaded-map.ts'
import { RunError } from './run-error.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever it takes
type Asked = (...asked: any[]) => Promise<unknown>

/**
 * A map that refuses what it is asked after it was closed, where the runtime would fail in words of its own. Closing waits for
 * what is being computed, and once is enough.
 *
 * @param name  of the file or run, for messages
 */
export function closable<F extends Readonly<Record<string, Asked>>>(
  name: string,
  asked: F,
  close: () => Promise<void>,
): F & Pick<LoadedMap, 'close'> {
  let closing: Promise<void> | undefined
  const running = new Set<Promise<unknown>>()
  const track =
    <F extends Asked>(compute: F) =>
    async (...asked: Parameters<F>): Promise<Awaited<ReturnType<F>>> => {
      if (closing) throw new RunError(`${name}: the map is closed; load it again`)
      const result = compute(...asked)
      running.add(result)
      try {
        return (await result) as Awaited<ReturnType<F>>
      } finally {
        running.delete(result)
      }
    }
  const tracked = Object.fromEntries(Object.entries(asked).map(([what, compute]) => [what, track(compute)]))
  return {
    ...(tracked as F),
    close: () => (closing ??= Promise.allSettled(running).then(close)),
  }
}
