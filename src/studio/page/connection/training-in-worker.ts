import { host } from '../../engine/host.ts'
import { lazyEngine } from '../../engine/lazy.ts'
import type { Command, Report } from '../../engine/protocol.ts'
import { loadRuntime } from './load-runtime.ts'
import type { Start } from './start.ts'

/** Milliseconds that the first pictures have before the runtime's bytes compete with them. */
const HEAD_START = 200

const send = (report: Report): void => self.postMessage(report)

/** Trains for the page that a worker belongs to. @returns takes its commands */
export function begin(start: Start): (command: Command) => void {
  const drawn = new Promise<void>(resolve => setTimeout(resolve, HEAD_START))
  const tell = (received: number, total: number): void => send({ type: 'loading', received, total })
  const loaded =
    'files' in start
      ? drawn.then(() => loadRuntime(start.files, start.wanted, tell))
      : Promise.reject(new Error(start.refusal))
  const name = loaded.then(({ name }) => name)
  name.catch((error: Error) => send({ type: 'refused', run: '', id: null, message: error.message }))
  return host(lazyEngine(loaded.then(({ engine }) => engine)), name, send)
}
