import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Repository {
  readonly private: boolean
  readonly files: Map<string, Uint8Array>
}

/** One entry of a listing. */
export interface Entry {
  readonly type: 'file' | 'directory'
  readonly path: string
  readonly size: number
  readonly lfs?: { readonly oid: string; readonly size: number; readonly pointerSize: number }
}

/** A hub of one process on 127.0.0.1, which speaks what pushing and pulling need of the protocol. */
export interface FakeHub {
  readonly url: string
  readonly repositories: Map<string, Repository>
  /** Method and path of each request, and whether it came with the token. */
  readonly requests: string[]
  /** Changes what is listed. */
  listing: (entries: Entry[]) => unknown
  /** Answers in the place of the hub where it gives true. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean
  close(): Promise<void>
}

const isLarge = (path: string): boolean => /\.(safetensors|onnx)$/.test(path)
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

const entryOf = ([path, bytes]: [string, Uint8Array]): Entry => ({
  type: 'file',
  path,
  size: bytes.length,
  ...(isLarge(path) && { lfs: { oid: sha256(bytes), size: bytes.length, pointerSize: 130 } }),
})

/** A route: what its path looks like, and the answer as JSON. */
type Route = readonly [
  method: string,
  path: RegExp,
  answer: (parts: string[], body: Buffer, response: ServerResponse) => unknown,
]

/**
 * @param token  what may write, and may read what is private
 */
export async function fakeHub(token: string): Promise<FakeHub> {
  const repositories = new Map<string, Repository>()
  const objects = new Map<string, Uint8Array>()
  const requests: string[] = []
  const hub: FakeHub = {
    url: '',
    repositories,
    requests,
    listing: entries => entries,
    instead: () => false,
    close: () => new Promise(resolve => server.close(() => resolve())),
  }

  const sized = (body: Buffer) => JSON.parse(String(body)) as { files: { path: string; size: number }[] }
  const commit = (name: string, lines: { key: string; value: Record<string, string> }[]) => {
    const { files } = repositories.get(name)!
    for (const { key, value } of lines) {
      if (key === 'file') files.set(value.path, Buffer.from(value.content, 'base64'))
      if (key === 'lfsFile') files.set(value.path, objects.get(value.oid)!)
    }
    return { commitOid: 'c0ffee', commitUrl: `${hub.url}/${name}/commit/c0ffee`, hookOutput: '' }
  }
  const writing: readonly Route[] = [
    [
      'POST',
      /^\/api\/repos\/create$/,
      (_, body, response) => {
        const { name, organization, visibility } = JSON.parse(String(body)) as Record<string, string>
        const id = `${organization}/${name}`
        if (repositories.has(id)) {
          response.statusCode = 409
          return { error: 'You already created this model repo' }
        }
        repositories.set(id, { private: visibility === 'private', files: new Map() })
        return { url: `${hub.url}/${id}`, id }
      },
    ],
    [
      'POST',
      /^\/api\/models\/(.+)\/preupload\/main$/,
      (_, body) => ({
        files: sized(body).files.map(({ path }) => ({
          path,
          uploadMode: isLarge(path) ? 'lfs' : 'regular',
          shouldIgnore: false,
        })),
      }),
    ],
    [
      'POST',
      /^\/(.+)\.git\/info\/lfs\/objects\/batch$/,
      (_, body) => {
        const asked = JSON.parse(String(body)) as { objects: { oid: string; size: number }[] }
        return {
          transfer: 'basic',
          objects: asked.objects.map(object => ({
            ...object,
            ...(!objects.has(object.oid) && {
              actions: { upload: { href: `${hub.url}/storage/${object.oid}` } },
            }),
          })),
        }
      },
    ],
    [
      'POST',
      /^\/api\/models\/(.+)\/commit\/main$/,
      ([name], body) =>
        commit(
          name,
          String(body)
            .split('\n')
            .map(line => JSON.parse(line)),
        ),
    ],
  ]
  const storage: readonly Route[] = [
    [
      'PUT',
      /^\/storage\/(\w{64})$/,
      ([oid], body) => {
        if (sha256(body) !== oid) throw new Error('another content than was announced')
        objects.set(oid, body)
        return {}
      },
    ],
  ]
  const reading: readonly Route[] = [
    [
      'GET',
      /^\/api\/models\/(.+)\/tree\/main$/,
      ([name]) => hub.listing([...repositories.get(name)!.files].map(entryOf)),
    ],
  ]

  function sendFile(request: IncomingMessage, response: ServerResponse, bytes: Uint8Array): void {
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? []
    const end = to ? Math.min(Number(to) + 1, bytes.length) : bytes.length
    const part = from === undefined ? bytes : bytes.subarray(Number(from), end)
    response.writeHead(from === undefined ? 200 : 206, {
      etag: `"${sha256(bytes)}"`,
      'content-length': part.length,
      ...(from !== undefined && { 'content-range': `bytes ${from}-${end - 1}/${bytes.length}` }),
    })
    response.end(part)
  }

  const json = (response: ServerResponse, value: unknown, status = response.statusCode) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method!
    const { pathname } = new URL(request.url!, hub.url)
    const withToken = request.headers.authorization === `Bearer ${token}`
    requests.push(`${method} ${pathname}${withToken ? ' with token' : ''}`)
    if (hub.instead(request, response)) return
    const body = await bodyOf(request)
    const run = (routes: readonly Route[]): boolean => {
      for (const [verb, path, act] of routes) {
        const found = path.exec(pathname)
        if (method !== verb || !found) continue
        json(response, act(found.slice(1), body, response))
        return true
      }
      return false
    }
    if (run(storage)) return
    if (method === 'POST') {
      if (!withToken) return json(response, { error: 'Invalid username or password.' }, 401)
      if (run(writing)) return
    }
    const [, name] = /^\/(?:api\/models\/)?([\w.-]+\/[\w.-]+)\//.exec(pathname) ?? []
    const repository = repositories.get(name)
    // The real one does not tell what is private from what is not there.
    if (!repository || (repository.private && !withToken)) {
      return json(response, { error: 'Repository not found' }, withToken ? 404 : 401)
    }
    if (run(reading)) return
    const [, path] = /\/resolve\/main\/(.+)$/.exec(pathname) ?? []
    const bytes = repository.files.get(path)
    if (bytes) return sendFile(request, response, bytes)
    json(response, { error: 'Not found' }, 404)
  }

  const server = createServer((request, response) => {
    answer(request, response).catch(error => json(response, { error: String(error) }, 500))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return Object.assign(hub, { url: `http://127.0.0.1:${port}` })
}
