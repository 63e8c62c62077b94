import type { Command } from './protocol.ts'

export interface WorkLoopOptions {
  /** Does what a command says, or refuses it. */
  readonly take: (command: Command) => Promise<void>
  /** Lets every training that plays go on by a chunk. @returns whether there was one */
  readonly goOn: () => Promise<boolean>
  /** Lets the messages in that have arrived. */
  readonly breathe?: () => Promise<void>
}

/**
 * Takes commands one by one, and between them lets trainings go on.
 *
 * @returns takes a command; its promise is kept once the command is done or refused
 */
export function workLoop({
  take,
  goOn,
  breathe = () => new Promise(resolve => setTimeout(resolve)),
}: WorkLoopOptions): (command: Command) => Promise<void> {
  const waiting: { command: Command; done: () => void }[] = []
  let busy = false

  const work = async (): Promise<void> => {
    if (busy) return
    busy = true
    for (;;) {
      // Lets commands that arrived meanwhile in.
      await breathe()
      const next = waiting.shift()
      if (next) {
        await take(next.command)
        next.done()
      } else if (!(await goOn()) && waiting.length === 0) break
    }
    busy = false
  }

  return command =>
    new Promise(done => {
      waiting.push({ command, done })
      void work()
    })
}
