import type { LoadedMap } from './loaded-map.ts'
import { RunError } from './record.ts'

// biome-ignore lint/suspicious/noExplicitAny: whatever it takes
type Asked = (...asked: any[]) => Promise<unknown>

/**
 * A map that refuses what it is asked after it was closed, where the runtime would fail in words of its own. Closing waits for
 * what is being computed, and once is enough.
 *
 * @param name  of the file or run, for messages
 */
export function closable<Jump extends Asked, Velocity extends Asked>(
  name: string,
  { jump, velocity }: { readonly jump: Jump; readonly velocity: Velocity },
  close: () => Promise<void>,
): { readonly jump: Jump; readonly velocity: Velocity } & Pick<LoadedMap, 'close'> {
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
  return {
    jump: track(jump) as Jump,
    velocity: track(velocity) as Velocity,
    close: () => (closing ??= Promise.allSettled(running).then(close)),
  }
}
