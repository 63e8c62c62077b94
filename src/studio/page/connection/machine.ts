import type { Report } from '../../engine/protocol.ts'
import type { SavedRun } from '../../engine/saved-run.ts'
import type { Client } from './client.ts'
import { type ConnectionState, connect, RequestError, type SendRequest } from './server-client.ts'

/** Where the token of the address is kept: for this tab, until it is closed. */
const KEPT = 'oxbow-token'

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
  connect(onReport: (report: Report) => void, onConnection: (state: ConnectionState) => void): Client
  /** Says that the page goes, so that its trainings need not wait for it. */
  leave(): void
  runs(): Promise<SavedRun[]>
  model(path: string): Promise<Uint8Array>
}

/** @param token  of the address that the page was opened with */
export function machineOf(token: string): Machine {
  const page = crypto.randomUUID?.() ?? `page-${Math.random().toString(36).slice(2)}`
  const send: SendRequest = async (path, { method = 'GET', body, signal, keepalive } = {}) => {
    const headers = { authorization: `Bearer ${token}`, 'x-oxbow-page': page }
    const response = await fetch(`api/${path}`, {
      method,
      headers,
      body: body as Uint8Array<ArrayBuffer> | undefined,
      signal,
      keepalive,
      cache: 'no-store',
    }).catch(() => {
      throw new RequestError(
        'the machine that serves this page does not respond; is "oxbow studio" still running?',
        0,
      )
    })
    if (response.ok) return response
    const { error } = await response.json().catch(() => ({ error: `it answers ${response.status}` }))
    throw new RequestError(`this machine: ${error}`, response.status)
  }

  return {
    connect: (onReport, onConnection) => connect(send, onReport, onConnection),
    leave: () => void send('leave', { method: 'POST', keepalive: true }).catch(() => {}),
    runs: async () => (await send('saved')).json(),
    model: async path =>
      new Uint8Array(await (await send(`saved/model?path=${encodeURIComponent(path)}`)).arrayBuffer()),
  }
}
