import { type Command, isOpening, type Report } from '../../engine/protocol.ts'
import { decodeMessage, encodeMessage, unframer } from '../../engine/wire.ts'
import { type Client, clientOf } from './client.ts'

/** `lost` while the server does not answer; `renewed` once another answers, which does not know this page's token. */
export type ConnectionState = 'open' | 'lost' | 'renewed'

export interface RequestOptions {
  readonly method?: string
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
  /** Whether it is sent even when the page goes. */
  readonly keepalive?: boolean
}

/** A request that was not granted; its status is 0 where nobody answered. */
export class RequestError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message)
  }
}

/** @throws RequestError */
export type SendRequest = (path: string, options?: RequestOptions) => Promise<Response>

/** Milliseconds between two signs of life. */
const HEARTBEAT = 30_000
/** Before a lost connection is tried again: twice as long each time, up to the longest. */
const FIRST_DELAY = 500
const LONGEST_DELAY = 10_000
/** Without a word of the server, which gives one every 15 seconds: the connection is dead, as after a sleep. */
const SILENCE = 45_000

const GONE =
  'its training ended because the connection to the server was lost; Train repeats its steps and continues'

const statusOf = (error: unknown): number | undefined =>
  error instanceof RequestError ? error.status : undefined

/** The next piece of a stream. @throws Error when none comes for too long */
async function read(reader: ReadableStreamDefaultReader<Uint8Array>) {
  let late: ReturnType<typeof setTimeout> | undefined
  const silence = new Promise<never>((_, reject) => {
    late = setTimeout(() => reject(new RequestError('silent', 0)), SILENCE)
  })
  try {
    return await Promise.race([reader.read(), silence])
  } finally {
    clearTimeout(late)
  }
}

/**
 * A client of the machine that serves the page. It reconnects where the connection drops: commands are queued meanwhile,
 * and runs whose training did not outlast it are refused.
 */
export function connect(
  request: SendRequest,
  onReport: (report: Report) => void,
  onState: (state: ConnectionState) => void,
): Client {
  const stop = new AbortController()
  let receive: (report: Report) => void = () => {}
  let state: ConnectionState = 'open'
  const queued: (() => void)[] = []
  /** Ends the stream that is read. */
  let drop: () => void = () => {}
  /** Runs that the machine trains, and questions without an answer yet. */
  const trained = new Set<string>()
  const questions = new Map<number, Command>()

  const refuse = (run: string, message: string, ended: boolean, id: number | null = null): void => {
    if (ended) trained.delete(run)
    receive({ type: 'refused', run, id, message, ...(ended && { ended }) })
  }

  const setState = (next: ConnectionState): void => {
    if (state !== next) onState(next)
    state = next
    if (state === 'lost') return
    for (const goOn of queued.splice(0)) goOn()
  }

  const forget = (lost: (run: string) => boolean): void => {
    for (const [id, { run }] of questions) if (lost(run)) refuse(run, GONE, false, id)
    for (const run of trained) if (lost(run)) refuse(run, GONE, true)
  }

  /** Takes up again what outlasted the loss of the connection. */
  const resume = async (): Promise<void> => {
    const { runs } = (await (await request('alive', { method: 'POST' })).json()) as { runs: string[] }
    forget(run => trained.has(run) && !runs.includes(run))
    const again = [...questions.values()]
    setState('open')
    for (const question of again) send(question)
  }

  /** Reads reports until the connection ends. */
  const listen = async (onHeard: () => void): Promise<void> => {
    const { body } = await request('reports', { signal: stop.signal })
    const take = unframer(message => receive(decodeMessage(message) as Report))
    const reader = body!.getReader()
    drop = () => void reader.cancel().catch(() => {})
    try {
      for (let heard = false; ; heard = true) {
        const { done, value } = await read(reader)
        if (done) return
        if (!heard) onHeard()
        if (!heard && state === 'lost') await resume()
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
        setState('renewed')
        forget(() => true)
        return
      }
      setState('lost')
      await new Promise(resolve => setTimeout(resolve, Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** tries)))
    }
  }

  const deliver = async (command: Command): Promise<void> => {
    const { type, run } = command
    const opening = isOpening(command)
    const body = encodeMessage(command)
    while (!stop.signal.aborted) {
      if (state === 'lost') await new Promise<void>(resolve => queued.push(resolve))
      if (stop.signal.aborted) return
      if (type === 'ask') questions.set(command.id, command)
      try {
        await request(opening ? 'runs' : 'commands', { method: 'POST', body })
        if (opening) trained.add(run)
        if (type === 'close') trained.delete(run)
        return
      } catch (error) {
        const status = statusOf(error)
        if (status === 0) {
          if (type === 'ask') questions.delete(command.id)
          setState('lost')
          drop()
          continue
        }
        const ended = opening || status === 404 || status === 401
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

  const heartbeat = setInterval(() => void request('alive', { method: 'POST' }).catch(() => {}), HEARTBEAT)
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
      clearInterval(heartbeat)
      onState('open')
      for (const goOn of queued.splice(0)) goOn()
    },
  )
  void keepListening()
  return client
}
