import { createHash } from 'node:crypto'
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { pull } from '../../../src/hub/pull.ts'
import { json } from '../forms/json.ts'
import { parsedOrRefused } from '../refused.ts'
import type { Target } from '../target.ts'
import { asJson, contentOf, trainedIn } from '../trained.ts'

/** What the hub answers: its listing, a link to the next page, and changes of what it sends. */
interface Hub {
  readonly listing: unknown
  readonly status: number
  readonly link?: string
  readonly headers: Readonly<Record<string, string>>
  /** The content of `config.json`. */
  readonly config: unknown
}

const HUB = 'https://hub.example'
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const target: Target = {
  form: json,
  words: [
    'path',
    'size',
    'lfs',
    'oid',
    'type',
    'file',
    '../evil',
    'a/../../b',
    '/etc/x',
    'model.safetensors',
    'config.json',
    'content-range',
    'bytes 0-0/9',
    'link',
    `<${HUB}/next>; rel="next"`,
  ],
  errors: ['RunError', 'HubError', 'Refused'],
  share: 8000,
  async open(folder) {
    const run = await trainedIn(folder)
    const model = contentOf(run, 'model.safetensors')
    const record = JSON.parse(new TextDecoder().decode(contentOf(run, 'config.json')))
    const size = asJson(record).length
    const listing = [
      { type: 'file', path: 'config.json', size, oid: 'x' },
      {
        type: 'file',
        path: 'model.safetensors',
        size: model.length,
        lfs: { oid: sha256(model), size: model.length, pointerSize: 130 },
      },
    ]
    const out = join(folder, 'out')
    return {
      corpus: [asJson({ listing, status: 200, headers: { etag: '"x"' }, config: record })],
      async read(input) {
        const { listing: list, status, link, headers, config } = (parsedOrRefused(input) ?? {}) as Hub
        let asked = 0
        const fetch = async (address: string | URL | Request, init?: RequestInit): Promise<Response> => {
          const url = String(address instanceof Request ? address.url : address)
          if (new URL(url).protocol !== 'https:') throw new Error(`asks ${url}`)
          const own = { ...headers, ...(link !== undefined && asked++ < 5 && { link }) } as Record<
            string,
            string
          >
          if (url.includes('/tree/')) return new Response(JSON.stringify(list), { status, headers: own })
          const bytes = url.endsWith('config.json') ? asJson(config) : model
          const isProbe = new Headers(init?.headers).get('range') === 'bytes=0-0'
          const range = { 'content-range': `bytes 0-0/${bytes.length}`, ...own }
          return new Response((isProbe ? bytes.slice(0, 1) : bytes) as Uint8Array<ArrayBuffer>, {
            status: isProbe ? 206 : status,
            headers: isProbe ? range : own,
          })
        }
        rmSync(out, { recursive: true, force: true })
        const left = () => readdirSync(folder).filter(name => name !== 'run' && name !== 'out')
        const done = pull({ hubUrl: HUB, fetch: fetch as never }, 'a/b', out)
        const outcome = await done.catch((error: Error) => error)
        if (left().length > 0) throw new Error(`leaves ${left()}`)
        if (outcome instanceof Error) throw outcome
      },
    }
  },
}
