import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join, resolve } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'

const SITE = resolve('dist/studio/site')
const LOCK = resolve('dist/studio/building')
/** Milliseconds after which a lock was left behind. */
const STALE = 120_000

const modified = (path: string): number => (existsSync(path) ? statSync(path).mtimeMs : 0)

const newest = (): number =>
  Math.max(
    ...readdirSync('src', { recursive: true, encoding: 'utf8' }).map(name => modified(join('src', name))),
    modified('package-lock.json'),
  )

function buildSite(): void {
  const fresh = `${SITE}-${process.pid}`
  const vite = resolve('node_modules/vite/bin/vite.js')
  execFileSync(
    process.execPath,
    [vite, 'build', '-c', 'src/studio/vite.config.ts', '--outDir', fresh, '--logLevel', 'error'],
    { stdio: 'inherit' },
  )
  rmSync(SITE, { recursive: true, force: true })
  renameSync(fresh, SITE)
}

/** Builds the page unless that was done since its sources changed; one of several processes does it. */
export async function ensureSite(): Promise<void> {
  mkdirSync(resolve('dist/studio'), { recursive: true })
  const done = () => modified(join(SITE, 'index.html')) > newest()
  while (!done()) {
    try {
      mkdirSync(LOCK)
    } catch {
      if (Date.now() - modified(LOCK) > STALE) rmSync(LOCK, { recursive: true, force: true })
      await wait(200)
      continue
    }
    try {
      if (!done()) buildSite()
    } finally {
      rmSync(LOCK, { recursive: true, force: true })
    }
  }
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
  '.woff2': 'font/woff2',
}

/** A host of static files on 127.0.0.1. */
export interface Site {
  readonly url: string
  close(): Promise<void>
}

export interface ServeOptions {
  /** What is put into the head of every page, before all else there. */
  readonly head?: string
}

/** The file that an address means, where there is one. */
function fileOf(roots: Readonly<Record<string, string>>, pathname: string): string | undefined {
  const prefixes = Object.keys(roots).filter(start => pathname.startsWith(start))
  const prefix = prefixes.sort((a, b) => b.length - a.length).at(0)
  if (prefix === undefined) return undefined
  const root = resolve(roots[prefix])
  const path = join(root, pathname.slice(prefix.length))
  const file = existsSync(path) && statSync(path).isDirectory() ? join(path, 'index.html') : path
  return file.startsWith(root) && existsSync(file) ? file : undefined
}

/**
 * @param roots  folders by the addresses that they are under, which end in a slash; the longest that fits answers
 */
export async function serveFolders(
  roots: Readonly<Record<string, string>>,
  { head = '' }: ServeOptions = {},
): Promise<Site> {
  const server = createServer(({ url }, response) => {
    const file = fileOf(roots, decodeURIComponent(new URL(url!, 'http://page').pathname))
    if (file === undefined) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': TYPES[extname(file)] ?? 'application/octet-stream',
      'cache-control': file.includes('assets') ? 'max-age=3600' : 'no-cache',
    })
    if (head && extname(file) === '.html') {
      response.end(readFileSync(file, 'utf8').replace('<head>', start => start + head))
    } else createReadStream(file).pipe(response)
  })
  await new Promise<void>(listening => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise(closed => {
        server.closeAllConnections()
        server.close(() => closed())
      }),
  }
}

/** The studio's page, built and served as any host of static files would. */
export async function serveSite(options?: ServeOptions): Promise<Site> {
  await ensureSite()
  return serveFolders({ '/': SITE }, options)
}
