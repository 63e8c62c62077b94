import type { LoadedMap } from './loaded-map.ts'
import { RunError } from './record.ts'

type Inner = LoadedMap['inner']

/**
 * A map that refuses what it is asked after it was closed, where the runtime would fail in words of its own. Closing waits for
 * what is being computed, and once is enough.
 *
 * @param name  of the file or run, for messages
 */
export function closable(
  name: string,
  { jump, velocity }: Inner,
  close: () => Promise<void>,
): Inner & Pick<LoadedMap, 'close'> {
  let closing: Promise<void> | undefined
  const running = new Set<Promise<unknown>>()
  const track = async <T>(compute: () => Promise<T>): Promise<T> => {
    if (closing) throw new RunError(`${name}: the map is closed; load it again`)
    const result = compute()
    running.add(result)
    try {
      return await result
    } finally {
      running.delete(result)
    }
  }
  return {
    jump: (x, s, t) => track(() => jump(x, s, t)),
    velocity: (x, t) => track(() => velocity(x, t)),
    close: () => (closing ??= Promise.allSettled(running).then(close)),
  }
}
