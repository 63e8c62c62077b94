import type { Report } from '../engine/protocol.ts'
import type { Start } from './connection/start.ts'

/** What this worker does, by the name that the page gave it. */
interface Work {
  /** @returns takes the page's messages */
  begin(start: Start): (message: never) => void
}

// All else is in a script of its own: WebKit runs a worker's first script once more where another one imports from it.
const work: Promise<Work> =
  self.name === 'pictures'
    ? import('./connection/pictures-in-worker.ts')
    : import('./connection/training-in-worker.ts')
work.catch((error: Error) => {
  const message = `The training code could not be loaded; reload the page. (${error.message})`
  self.postMessage({ type: 'refused', run: '', id: null, message } satisfies Report)
})
let receive: Promise<(message: never) => void> | undefined

self.onmessage = ({ data }: MessageEvent<Start | { readonly type: string }>) => {
  if (data.type === 'start') receive = work.then(({ begin }) => begin(data as Start))
  else void receive?.then(take => take(data as never))
}
