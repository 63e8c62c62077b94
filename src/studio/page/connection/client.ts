import type { Command, QuestionName, Questions, Report } from '../../engine/protocol.ts'
import { startMessage } from './start.ts'

/** What trains for the page: a worker of it, or the machine that serves it. */
export interface Client {
  send(command: Command): void
  /**
   * @param told  class of the map, by its place; absent for none
   * @throws Error with the engine's message when it refuses
   */
  ask<N extends QuestionName>(
    run: string,
    name: N,
    ask: Questions[N]['ask'],
    told?: number,
  ): Promise<Questions[N]['answer']>
  /** Ends all that it trains. */
  end(): void
}

interface Waiting {
  resolve(answer: never): void
  reject(error: Error): void
}

/** A client over any two-way line of messages. */
export function clientOf(
  send: (command: Command) => void,
  listen: (receive: (report: Report) => void) => void,
  onReport: (report: Report) => void,
  end: () => void,
): Client {
  const waiting = new Map<number, Waiting>()
  let last = 0
  listen(report => {
    const asked = (report.type === 'answer' || report.type === 'refused') && report.id !== null
    if (!asked) return onReport(report)
    const { resolve, reject } = waiting.get(report.id!) ?? {}
    waiting.delete(report.id!)
    if (report.type === 'answer') resolve?.(report.answer as never)
    else reject?.(new Error(report.message))
  })
  return {
    send,
    ask: (run, name, ask, told) =>
      new Promise((resolve, reject) => {
        const id = ++last
        waiting.set(id, { resolve, reject })
        send({ type: 'ask', run, id, name, ask, ...(told !== undefined && { class: told }) })
      }),
    end: () => {
      end()
      for (const { reject } of waiting.values()) reject(new Error('its training was closed'))
      waiting.clear()
    },
  }
}

/** Trains in a worker of the page, by WebAssembly. */
export function startWorker(onReport: (report: Report) => void): Client {
  const worker = new Worker(new URL('../worker.ts', import.meta.url), { type: 'module' })
  // Its first script did not load; what it imports tells for itself.
  worker.onerror = () =>
    onReport({
      type: 'refused',
      run: '',
      id: null,
      message: 'The training code could not be loaded; reload the page.',
    })
  worker.postMessage(startMessage())
  return clientOf(
    command => worker.postMessage(command),
    receive => {
      worker.onmessage = ({ data }) => receive(data)
    },
    onReport,
    () => worker.terminate(),
  )
}
