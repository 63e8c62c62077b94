import { host } from '../engine/host.ts'
import { lazyEngine } from '../engine/lazy.ts'
import type { Command, Report } from '../engine/protocol.ts'
import { loadRuntime, type RuntimeFiles } from './runtime.ts'
import type { RuntimeName } from './runtime-choice.ts'

/** The first message of the page: where the files of runtimes are and which is wanted, or why none can run here. */
export type Start =
  | {
      readonly type: 'start'
      readonly files: Readonly<Record<RuntimeName, RuntimeFiles>>
      readonly wanted: RuntimeName
    }
  | { readonly type: 'start'; readonly refusal: string }

/** Milliseconds that the first pictures have before the runtime's bytes compete with them. */
const HEAD_START = 200

let receive: ((command: Command) => void) | undefined

const send = (report: Report): void => self.postMessage(report)

self.onmessage = ({ data }: MessageEvent<Start | Command>) => {
  if (data.type !== 'start') return receive?.(data)
  const drawn = new Promise<void>(resolve => setTimeout(resolve, HEAD_START))
  const tell = (received: number, total: number): void => send({ type: 'loading', received, total })
  const loaded =
    'files' in data
      ? drawn.then(() => loadRuntime(data.files, data.wanted, tell))
      : Promise.reject(new Error(data.refusal))
  const name = loaded.then(({ name }) => name)
  name.catch((error: Error) => send({ type: 'refused', run: '', id: null, message: error.message }))
  receive = host(lazyEngine(loaded.then(({ engine }) => engine)), name, send)
}
