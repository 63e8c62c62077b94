import { randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import { type AddressInfo, isIP } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { fileURLToPath } from 'node:url'
import { createAdaptorServer } from '@hono/node-server'
import { createApp } from './app.ts'
import { StudioError } from './error.ts'
import { type Limits, openPages } from './pages.ts'
import { trainingProcess } from './training.ts'

export interface ServeOptions {
  readonly host: string
  /** 0 for a free one. */
  readonly port: number
  readonly runs: string
  /** The built page. */
  readonly site?: string
  /** What a training runs in, built. */
  readonly child?: string
  readonly limits?: Limits
}

/** A studio that is being served. */
export interface Served {
  /** The page, with the token that it needs. */
  readonly url: string
  readonly port: number
  readonly token: string
  /** Ids of the processes that train. */
  processes(): number[]
  /** Ends the trainings, the streams and the server. */
  close(): Promise<void>
}

const built = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

const bracketed = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host)

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

const isAny = (host: string): boolean => host === '0.0.0.0' || host === '::'

/** Addresses of this machine in its networks. */
const addresses = (): string[] =>
  Object.values(networkInterfaces()).flatMap(list => (list ?? []).map(({ address }) => address))

/** What the server may be called by those who ask. */
function namesOf(host: string, port: number): ReadonlySet<string> {
  const local = ['127.0.0.1', 'localhost', '::1']
  const names = isAny(host)
    ? [...local, hostname(), ...addresses()]
    : isLoopback(host)
      ? [host, ...local]
      : [host]
  return new Set(
    names.flatMap(name => {
      const plain = bracketed(name).toLowerCase()
      return port === 80 ? [plain, `${plain}:80`] : [`${plain}:${port}`]
    }),
  )
}

/** A name that others reach this machine by. */
const shownHost = (host: string): string => {
  if (!isAny(host)) return bracketed(host)
  const outside = Object.values(networkInterfaces())
    .flatMap(list => list ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4')
  return outside?.address ?? '127.0.0.1'
}

const REASONS: Readonly<Record<string, (host: string, port: number) => string>> = {
  EADDRINUSE: (_, port) => `--port: ${port} is taken; choose another, or 0 for a free one`,
  EACCES: (_, port) => `--port: ${port} may not be used by this user; choose one above 1023`,
  EADDRNOTAVAIL: host => `--host: ${host} is no address of this machine`,
  ENOTFOUND: host => `--host: ${host} is no known name`,
  EAI_AGAIN: host => `--host: ${host} is no known name`,
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = REASONS[error.code ?? '']
      reject(reason ? new StudioError(reason(host, port)) : error)
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
}

/** Milliseconds for the head of a request, for all of it (a model over a slow line), and between two looks at them. */
const PATIENCE = {
  headersTimeout: 5000,
  requestTimeout: 120_000,
  keepAliveTimeout: 10_000,
  connectionsCheckingInterval: 1000,
}
/** A browser opens six for each of its tabs. */
const MOST_CONNECTIONS = 512

/** Serves the studio. @throws StudioError when the page is not built, or the address cannot be had */
export async function serveStudio(options: ServeOptions): Promise<Served> {
  const { host, runs, site = built('../site'), child = built('./child.js'), limits } = options
  const token = randomBytes(24).toString('base64url')
  const pages = openPages(trainingProcess(child), limits)
  let names: ReadonlySet<string> = new Set()
  try {
    const app = createApp({ token, site, runs, pages, hosts: () => names })
    const server = createAdaptorServer({
      fetch: app.fetch,
      overrideGlobalObjects: false,
      serverOptions: PATIENCE,
    }) as Server
    server.maxConnections = MOST_CONNECTIONS
    const port = await listen(server, host, options.port)
    names = namesOf(host, port)
    return {
      url: `http://${shownHost(host)}:${port}/?token=${token}`,
      port,
      token,
      processes: pages.processes,
      close: async () => {
        const closed = new Promise(resolve => server.close(resolve))
        await pages.close()
        server.closeAllConnections()
        await closed
      },
    }
  } catch (error) {
    await pages.close()
    throw error
  }
}
