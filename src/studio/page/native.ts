import type { Command, Report } from '../engine/protocol.ts'
import type { SavedRun } from '../engine/saved-run.ts'
import { decodeMessage, encodeMessage, unframer } from '../engine/wire.ts'
import { type Client, clientOf } from './client.ts'

/** Where the token of the address is kept: for this tab, until it is closed. */
const KEPT = 'oxbow-token'
/** Milliseconds between two signs of life, and before a lost line is tried again. */
const BEAT = 30_000
const AGAIN = 1000
/** Times in a row that a lost line is tried again. */
const TRIES = 5

/**
 * The token of `oxbow studio`, where the page comes from it. It is taken out of the address, so that a link that is passed
 * on does not hold it.
 */
export function takeToken(): string | null {
  const address = new URL(location.href)
  const given = address.searchParams.get('token')
  try {
    if (given) sessionStorage.setItem(KEPT, given)
    return given ?? sessionStorage.getItem(KEPT)
  } catch {
    return given
  } finally {
    if (given) {
      address.searchParams.delete('token')
      history.replaceState(null, '', address)
    }
  }
}

/** The machine that serves the page. */
export interface Machine {
  /** Trains on it. */
  connect(onReport: (report: Report) => void): Client
  runs(): Promise<SavedRun[]>
  model(path: string): Promise<Uint8Array>
}

interface Asking {
  readonly method?: string
  readonly body?: Uint8Array
  readonly signal?: AbortSignal
}

/** @param token  of the address that the page was opened with */
export function machineOf(token: string): Machine {
  const page = crypto.randomUUID?.() ?? `page-${Math.random().toString(36).slice(2)}`
  const ask = async (path: string, { method = 'GET', body, signal }: Asking = {}): Promise<Response> => {
    const headers = { authorization: `Bearer ${token}`, 'x-oxbow-page': page }
    const response = await fetch(`api/${path}`, {
      method,
      headers,
      body: body as Uint8Array<ArrayBuffer> | undefined,
      signal,
      cache: 'no-store',
    }).catch(() => {
      throw new Error('the machine that serves this page does not answer; is "oxbow studio" still running?')
    })
    if (response.ok) return response
    const { error } = await response.json().catch(() => ({ error: `it answers ${response.status}` }))
    const missing = response.status === 404
    throw Object.assign(new Error(`this machine: ${error}`), { missing })
  }

  return {
    connect: onReport => connect(ask, onReport),
    runs: async () => (await ask('saved')).json(),
    model: async path =>
      new Uint8Array(await (await ask(`saved/model?path=${encodeURIComponent(path)}`)).arrayBuffer()),
  }
}

type Ask = (path: string, asking?: Asking) => Promise<Response>

function connect(ask: Ask, onReport: (report: Report) => void): Client {
  let receive: (report: Report) => void = () => {}
  const stop = new AbortController()
  let heard = false

  /** Reads reports until the line ends. */
  const listen = async (): Promise<void> => {
    const { body } = await ask('reports', { signal: stop.signal })
    const take = unframer(message => receive(decodeMessage(message) as Report))
    for (const reader = body!.getReader(); ; ) {
      const { done, value } = await reader.read()
      if (done) return
      heard = true
      take(value)
    }
  }

  /** Questions without an answer yet, with the run that each is of. */
  const open = new Map<number, string>()
  const refused = (message: string, run = '', id: number | null = null, ended = false): void =>
    receive({ type: 'refused', run, id, message, ...(ended && { ended }) })

  const keepListening = async (): Promise<void> => {
    let lost = 'the machine that serves this page has closed the line'
    for (let tries = 0; tries < TRIES && !stop.signal.aborted; tries++) {
      heard = false
      await listen().catch((error: Error) => {
        lost = error.message
      })
      if (heard) tries = 0
      await new Promise(resolve => setTimeout(resolve, AGAIN))
    }
    clearInterval(beat)
    if (stop.signal.aborted) return
    for (const [id, run] of open) refused(lost, run, id)
    refused(lost, '', null, true)
  }

  // Commands arrive in the order in which they were given.
  let tail = Promise.resolve()
  const send = (command: Command): void => {
    const path = command.type === 'open' ? 'runs' : 'commands'
    const body = encodeMessage(command)
    if (command.type === 'ask') open.set(command.id, command.run)
    tail = tail.then(async () => {
      try {
        await ask(path, { method: 'POST', body })
      } catch (error) {
        const { message, missing = false } = error as Error & { missing?: boolean }
        const ended = command.type === 'open' || missing
        refused(message, command.run, command.type === 'ask' ? command.id : null, ended)
      }
    })
  }

  const beat = setInterval(() => void ask('alive', { method: 'POST' }).catch(() => {}), BEAT)
  const client = clientOf(
    send,
    listener => {
      receive = report => {
        if ((report.type === 'answer' || report.type === 'refused') && report.id !== null)
          open.delete(report.id)
        listener(report)
      }
    },
    onReport,
    () => {
      stop.abort()
      clearInterval(beat)
    },
  )
  void keepListening()
  return client
}
