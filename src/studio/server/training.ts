import { fork } from 'node:child_process'
import type { Command, Report } from '../engine/protocol.ts'

/** A training in a process of its own. */
export interface Training {
  readonly pid: number
  /**
   * @param size  its bytes
   * @returns false where too many commands wait already
   */
  send(command: Command, size: number): boolean
  /** Ends the process; resolves when it is gone. */
  close(): Promise<void>
}

/** Starts a process for a training; `onEnd` is called once when it is gone. */
export type StartTraining = (onReport: (report: Report) => void, onEnd: () => void) => Training

/** Commands that wait for a training that is at something long, and their bytes: two models. */
const MOST_WAITING = { commands: 1000, bytes: 104 << 20 }

/** What a process says beside its reports: it is done with its oldest command. */
export const DONE = 'done'

/** What of a process's last words is kept. */
const KEPT = 4000
/** Milliseconds that a process has to go by itself. */
const PATIENCE = 2000

/** @param file  `child.js`, built */
export const trainingProcess =
  (file: string, most = MOST_WAITING): StartTraining =>
  (onReport, onEnd) => {
    const child = fork(file, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
    })
    /** Questions without an answer yet, with the run that each is of. */
    const open = new Map<number, string>()
    let [words, closing] = ['', false]
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-KEPT)
    })
    /** Bytes of the commands that it is not done with. */
    const waiting: number[] = []
    let held = 0
    child.on('message', message => {
      if (message === DONE) {
        held -= waiting.shift() ?? 0
        return
      }
      const report = message as Report
      if ((report.type === 'answer' || report.type === 'refused') && report.id !== null)
        open.delete(report.id)
      onReport(report)
    })
    let run = ''
    const gone = new Promise<void>(resolve => {
      const over = () => {
        if (!closing) {
          const last = words.trim().split('\n').at(-1)
          const message = `the training's process ended${last ? `: ${last}` : ''}`
          for (const [id, of] of open) onReport({ type: 'refused', run: of, id, message })
          onReport({ type: 'refused', run, id: null, message, ended: true })
        }
        onEnd()
        resolve()
      }
      child.once('error', over)
      child.once('exit', over)
    })
    return {
      pid: child.pid ?? 0,
      send: (command, size) => {
        if (waiting.length >= most.commands || held + size > most.bytes) return false
        waiting.push(size)
        held += size
        run = command.run
        if (command.type === 'ask') open.set(command.id, run)
        if (child.connected) child.send(command, () => {})
        return true
      },
      close: async () => {
        closing = true
        if (child.connected) child.disconnect()
        const force = setTimeout(() => child.kill('SIGKILL'), PATIENCE)
        await gone
        clearTimeout(force)
      },
    }
  }
