import type { Command, Report } from '../engine/protocol.ts'
import type { Start } from './connection/training-in-worker.ts'

// All else is in a script of its own: WebKit runs a worker's first script once more where another one imports from it.
const training = import('./connection/training-in-worker.ts')
training.catch((error: Error) => {
  const message = `What trains in the page could not be loaded; reload it. (${error.message})`
  self.postMessage({ type: 'refused', run: '', id: null, message } satisfies Report)
})
let receive: Promise<(command: Command) => void> | undefined

self.onmessage = ({ data }: MessageEvent<Start | Command>) => {
  if (data.type === 'start') receive = training.then(({ begin }) => begin(data))
  else void receive?.then(take => take(data))
}
