import type { Drawing, PictureTraits } from '../../engine/pictures/map.ts'
import type { PictureQuestion, PictureQuestions, PictureReply, PictureRequest } from './pictures-in-worker.ts'
import { startMessage } from './start.ts'

/** What draws pictures for the page: a worker of its own, so that no training holds it up. */
export interface PictureClient {
  /** Takes the model of a file in the place of the one before. @throws Error when it is not of pictures */
  open(name: string, bytes: Uint8Array): Promise<PictureTraits>
  /** @throws Error */
  draw(drawing: Drawing): Promise<PictureQuestions['draw']['answer']>
  /** One picture that is steered. @throws Error */
  steer(steering: PictureQuestions['steer']['ask']): Promise<PictureQuestions['steer']['answer']>
  /** The class that a classifier reads in each, by its place. @throws Error */
  read(ask: PictureQuestions['read']['ask']): Promise<PictureQuestions['read']['answer']>
  /** Probabilities of a class to a classifier. @throws Error */
  judge(ask: PictureQuestions['judge']['ask']): Promise<PictureQuestions['judge']['answer']>
}

interface Waiting {
  resolve(answer: never): void
  reject(error: Error): void
}

/** Pictures are small: one thread of WebAssembly draws dozens a second. */
export function startPictures(): PictureClient {
  const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module', name: 'pictures' })
  const waiting = new Map<number, Waiting>()
  let last = 0
  let broken: Error | null = null

  const fail = (message: string): void => {
    broken = new Error(message)
    for (const { reject } of waiting.values()) reject(broken)
    waiting.clear()
  }
  worker.onerror = () => fail('The code that draws digits could not be loaded; reload the page.')
  worker.onmessage = ({ data }: MessageEvent<PictureReply>) => {
    if (data.id === null) return fail(data.type === 'refused' ? data.message : '')
    const { resolve, reject } = waiting.get(data.id) ?? {}
    waiting.delete(data.id)
    if (data.type === 'answer') resolve?.(data.answer as never)
    else reject?.(new Error(data.message))
  }
  worker.postMessage(startMessage('wasm'))

  const ask = <Q extends PictureQuestion>(type: Q, ask: PictureQuestions[Q]['ask']) =>
    new Promise<PictureQuestions[Q]['answer']>((resolve, reject) => {
      if (broken) return reject(broken)
      const id = ++last
      waiting.set(id, { resolve, reject })
      worker.postMessage({ type, id, ask } satisfies PictureRequest)
    })
  return {
    open: (name, bytes) => ask('open', { name, bytes }),
    draw: drawing => ask('draw', drawing),
    steer: steering => ask('steer', steering),
    read: asked => ask('read', asked),
    judge: asked => ask('judge', asked),
  }
}
