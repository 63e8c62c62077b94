import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { type IncomingHttpHeaders, request } from 'node:http'
import { join, resolve } from 'node:path'
import { afterEach, beforeAll, expect } from 'vitest'
import type { Report } from '../../../src/studio/engine/protocol.ts'
import { decodeMessage, encodeMessage, unframer } from '../../../src/studio/engine/wire.ts'
import { freshPlan } from '../../../src/studio/plan.ts'
import { type Served, type ServeOptions, serveStudio } from '../../../src/studio/server/serve.ts'
import { train } from '../../../src/training/train.ts'
import { temporaryFolder } from '../../helpers/folder.ts'
import { tiny } from '../../helpers/training.ts'

const child = resolve('dist/studio/server/child.js')
export const plan = { ...freshPlan, hidden: 16, layers: 1, batch: 32 }

/**
 * A page and a folder of runs for the tests of a file, with what must not be reached beside them, and servers of both
 * that end with each test.
 */
export function useServer() {
  const folder = temporaryFolder('studio')
  const [site, runs] = [join(folder, 'site'), join(folder, 'runs')]
  beforeAll(async () => {
    mkdirSync(join(site, 'assets'), { recursive: true })
    writeFileSync(join(site, 'index.html'), '<!doctype html><title>studio</title>')
    writeFileSync(join(site, 'assets', 'main-abc.js'), 'export {}')
    writeFileSync(join(site, 'assets', 'long.js'), `export const text = '${'the same '.repeat(1000)}'`)
    writeFileSync(join(folder, 'secret.txt'), 'secret')
    await train({ ...tiny, objective: 'psd', steps: 20 }, { directory: join(runs, 'plain') })
    cpSync(join(runs, 'plain'), join(runs, 'compare', 'runs', 'inner'), { recursive: true })
    cpSync(join(runs, 'plain'), join(runs, '.hidden'), { recursive: true })
    cpSync(join(runs, 'plain'), join(folder, 'outside'), { recursive: true })
    symlinkSync(join(folder, 'outside'), join(runs, 'linked'))
    mkdirSync(join(runs, 'linked-model'))
    cpSync(join(runs, 'plain', 'config.json'), join(runs, 'linked-model', 'config.json'))
    symlinkSync(join(folder, 'secret.txt'), join(runs, 'linked-model', 'model.safetensors'))
    mkdirSync(join(runs, 'broken'))
    writeFileSync(join(runs, 'broken', 'config.json'), '{')
  })
  const served: Served[] = []
  afterEach(async () => {
    for (const each of served.splice(0)) await each.close()
  })
  const serve = async (options: Partial<ServeOptions> = {}): Promise<Served> => {
    const studio = await serveStudio({ host: '127.0.0.1', port: 0, runs, site, child, ...options })
    served.push(studio)
    return studio
  }
  return { folder, runs, serve }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export { childrenOf } from '../../helpers/processes.ts'

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

interface Asked {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array | string
}

/** A request as it is, with any headers and any path. */
export function ask(
  { port }: Served,
  path: string,
  { method = 'GET', headers = {}, body }: Asked = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, answer => {
      const parts: Buffer[] = []
      answer.on('data', part => parts.push(part))
      answer.on('end', () =>
        resolve({ status: answer.statusCode!, headers: answer.headers, body: Buffer.concat(parts) }),
      )
      answer.on('error', reject)
    })
    asked.on('error', reject)
    asked.end(body)
  })
}

export const withToken = ({ token }: Served, page = 'page-1') => ({
  authorization: `Bearer ${token}`,
  'x-oxbow-page': page,
})
export const post = (studio: Served, path: string, command: unknown, headers = {}) =>
  ask(studio, path, {
    method: 'POST',
    headers: { ...withToken(studio), ...headers },
    body: encodeMessage(command),
  })

/** The reports of a page, as they come. */
export async function listen(studio: Served, page = 'page-1') {
  const stop = new AbortController()
  const { body, status } = await fetch(`http://127.0.0.1:${studio.port}/api/reports`, {
    headers: withToken(studio, page),
    signal: stop.signal,
  })
  expect(status).toBe(200)
  const reports: Report[] = []
  const take = unframer(message => reports.push(decodeMessage(message) as Report))
  const done = (async () => {
    for await (const piece of body!) take(piece)
  })().catch(() => {})
  return { reports, stop: () => stop.abort(), done }
}
