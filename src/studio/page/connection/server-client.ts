import type { Command, Report } from '../../engine/protocol.ts'
import { decodeMessage, encodeMessage, unframer } from '../../engine/wire.ts'
import { type Client, clientOf } from './client.ts'

/** `lost` while the server does not answer; `renewed` once another answers, which does not know this page's token. */
export type Line = 'open' | 'lost' | 'renewed'

export interface Asking {
  readonly method?: string
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
  /** Whether it is sent even when the page goes. */
  readonly keepalive?: boolean
}

/** A request that was not granted; its status is 0 where nobody answered. */
export class AskError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }
}

/** @throws AskError */
export type Ask = (path: string, asking?: Asking) => Promise<Response>

/** Milliseconds between two signs of life. */
const BEAT = 30_000
/** Before a lost line is tried again: twice as long each time, up to the longest. */
const AGAIN = 500
const LONGEST = 10_000
/** Without a word of the server, which gives one every 15 seconds: the line is dead, as after a sleep. */
const SILENCE = 45_000

const GONE = 'its training ended with the line to the server; Play takes its steps again and goes on'

const statusOf = (error: unknown): number | undefined =>
  error instanceof AskError ? error.status : undefined

/** The next piece of a stream. @throws Error when none comes for too long */
async function read(reader: ReadableStreamDefaultReader<Uint8Array>) {
  let late: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new AskError('silent', 0)), SILENCE)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } finally {
    clearTimeout(late)
  }
}

/**
 * A client of the machine that serves the page. A line that is lost is taken up again; commands wait for it, and runs
 * whose training did not outlast it are refused.
 */
export function connect(ask: Ask, onReport: (report: Report) => void, onLine: (line: Line) => void): Client {
  const stop = new AbortController()
  let receive: (report: Report) => void = () => {}
  let line: Line = 'open'
  const heldUp: (() => void)[] = []
  /** Ends the stream that is read. */
  let drop: () => void = () => {}
  /** Runs that the machine trains, and questions without an answer yet. */
  const trained = new Set<string>()
  const questions = new Map<number, Command>()

  const refuse = (run: string, message: string, ended: boolean, id: number | null = null): void => {
    if (ended) trained.delete(run)
    receive({ type: 'refused', run, id, message, ...(ended && { ended }) })
  }

  const setLine = (next: Line): void => {
    if (line !== next) onLine(next)
    line = next
    if (line === 'lost') return
    for (const goOn of heldUp.splice(0)) goOn()
  }

  const forget = (lost: (run: string) => boolean): void => {
    for (const [id, { run }] of questions) if (lost(run)) refuse(run, GONE, false, id)
    for (const run of trained) if (lost(run)) refuse(run, GONE, true)
  }

  /** Takes up again what outlasted the loss of the line. */
  const resume = async (): Promise<void> => {
    const { runs } = (await (await ask('alive', { method: 'POST' })).json()) as { runs: string[] }
    forget(run => trained.has(run) && !runs.includes(run))
    const again = [...questions.values()]
    setLine('open')
    for (const question of again) send(question)
  }

  /** Reads reports until the line ends. */
  const listen = async (onHeard: () => void): Promise<void> => {
    const { body } = await ask('reports', { signal: stop.signal })
    const take = unframer(message => receive(decodeMessage(message) as Report))
    const reader = body!.getReader()
    drop = () => void reader.cancel().catch(() => {})
    try {
      for (let heard = false; ; heard = true) {
        const { done, value } = await read(reader)
        if (done) return
        if (!heard) onHeard()
        if (!heard && line === 'lost') await resume()
        take(value)
      }
    } finally {
      drop()
    }
  }

  const keepListening = async (): Promise<void> => {
    for (let tries = 0; !stop.signal.aborted; tries++) {
      let status: number | undefined
      await listen(() => {
        tries = 0
      }).catch(error => {
        status = statusOf(error)
      })
      if (stop.signal.aborted) return
      if (status === 401) {
        setLine('renewed')
        forget(() => true)
        return
      }
      setLine('lost')
      await new Promise(resolve => setTimeout(resolve, Math.min(LONGEST, AGAIN * 2 ** tries)))
    }
  }

  const deliver = async (command: Command): Promise<void> => {
    const { type, run } = command
    const body = encodeMessage(command)
    while (!stop.signal.aborted) {
      if (line === 'lost') await new Promise<void>(resolve => heldUp.push(resolve))
      if (stop.signal.aborted) return
      if (type === 'ask') questions.set(command.id, command)
      try {
        await ask(type === 'open' ? 'runs' : 'commands', { method: 'POST', body })
        if (type === 'open') trained.add(run)
        if (type === 'close') trained.delete(run)
        return
      } catch (error) {
        const status = statusOf(error)
        if (status === 0) {
          if (type === 'ask') questions.delete(command.id)
          setLine('lost')
          drop()
          continue
        }
        const ended = type === 'open' || status === 404 || status === 401
        refuse(run, (error as Error).message, ended, type === 'ask' ? command.id : null)
        return
      }
    }
  }

  // Commands arrive in the order in which they were given.
  let tail = Promise.resolve()
  const send = (command: Command): void => {
    tail = tail.then(() => deliver(command))
  }

  const beat = setInterval(() => void ask('alive', { method: 'POST' }).catch(() => {}), BEAT)
  const client = clientOf(
    send,
    listener => {
      receive = report => {
        if ((report.type === 'answer' || report.type === 'refused') && report.id !== null)
          questions.delete(report.id)
        listener(report)
      }
    },
    onReport,
    () => {
      stop.abort()
      clearInterval(beat)
      onLine('open')
      for (const goOn of heldUp.splice(0)) goOn()
    },
  )
  void keepListening()
  return client
}
