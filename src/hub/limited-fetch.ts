import { BlockList, isIP } from 'node:net'

/** Milliseconds without a byte after which a server is given up, and those in which an answer of the hub's own must be whole. */
const SILENCE = 60_000
const WHOLE = 5 * SILENCE
/** Bytes of such an answer: a listing of the most files that are taken has a tenth. */
const LARGEST_ANSWER = 32 << 20
const MOST_REDIRECTS = 10

/** Addresses of this machine and of the networks behind it. */
const NEAR = new BlockList()
const NEAR_NETS: readonly (readonly [net: string, bits: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['::1', 128],
  ['::', 128],
  ['fc00::', 7],
  ['fe80::', 10],
]
const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')
for (const [net, bits] of NEAR_NETS) NEAR.addSubnet(net, bits, familyOf(net))

function isNear({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  return isIP(host) ? NEAR.check(host, familyOf(host)) : /(^|\.)localhost$/.test(host)
}

/** Where a redirect leads. @throws Error where nothing is fetched from */
function redirected(from: URL, location: string | null): URL {
  const to = location !== null && URL.canParse(location, from.href) ? new URL(location, from) : undefined
  const isOpen = to?.protocol === 'https:' || (to?.protocol === 'http:' && from.protocol === 'http:')
  if (!to || !isOpen || (isNear(to) && !isNear(from)))
    throw new Error(`refused, it leads elsewhere: ${JSON.stringify((location ?? '').slice(0, 200))}`)
  return to
}

export interface FetchLimits {
  readonly silence?: number
  readonly whole?: number
  readonly largestAnswer?: number
}

/** Ends a request, with a reason. */
type Stop = (reason: unknown) => void

const giveUpAfter = (ms: number, stop: Stop) =>
  setTimeout(() => stop(new Error(`nothing came for ${ms / 1000} s`)), ms)

/** A body as it comes, until it is silent, or over what it may be in all, in time and in bytes. */
function limitedBody(
  body: ReadableStream<Uint8Array>,
  { silence, whole, largest }: { silence: number; whole?: number; largest: number },
  signal: AbortSignal,
  stop: Stop,
): ReadableStream<Uint8Array> {
  const reader = body.getReader()
  const end = whole === undefined ? undefined : giveUpAfter(whole, stop)
  let received = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const timer = giveUpAfter(silence, stop)
        try {
          const { done, value } = await reader.read()
          if (done) {
            clearTimeout(end)
            return controller.close()
          }
          received += value.length
          if (received > largest) throw new Error(`answers with more than ${largest} bytes`)
          controller.enqueue(value)
        } catch (error) {
          clearTimeout(end)
          stop(error)
          controller.error(signal.reason)
        } finally {
          clearTimeout(timer)
        }
      },
      cancel(reason) {
        clearTimeout(end)
        return reader.cancel(reason)
      },
    },
    { highWaterMark: 0 },
  )
}

const isRedirect = ({ status }: Response): boolean => status >= 300 && status < 400 && status !== 304

/**
 * `fetch` for a hub that anybody may run. The token goes to the hub alone, whatever address an answer leads to; redirects lead to
 * servers as far away and as safe as the hub; a server that is silent is given up, and an answer of the hub's own has an end.
 */
export function limitedFetch(
  hubUrl: string,
  { silence = SILENCE, whole = WHOLE, largestAnswer = LARGEST_ANSWER }: FetchLimits = {},
): typeof fetch {
  const { origin } = new URL(hubUrl)
  return async (input, init) => {
    const headers = new Headers(init?.headers)
    const own = new AbortController()
    const stop: Stop = reason => own.abort(reason)
    const signal = init?.signal ? AbortSignal.any([init.signal, own.signal]) : own.signal
    const redirect = (init?.method ?? 'GET') === 'GET' ? 'manual' : 'follow'
    const once = (url: URL): Promise<Response> => {
      if (url.origin !== origin) headers.delete('authorization')
      return fetch(url.href, { ...init, headers, signal, redirect })
    }
    let url = new URL(input instanceof Request ? input.url : input)
    const timer = giveUpAfter(silence, stop)
    try {
      let answer = await once(url)
      for (let left = MOST_REDIRECTS; isRedirect(answer); left--) {
        if (left === 0) throw new Error(`leads on more than ${MOST_REDIRECTS} times`)
        await answer.body?.cancel()
        url = redirected(url, answer.headers.get('location'))
        answer = await once(url)
      }
      const { status, statusText, body } = answer
      const shown = { status, statusText, headers: answer.headers }
      if (!body) return new Response(null, shown)
      // Its first byte only tells its size, which the headers have.
      if (answer.ok && headers.get('range') === 'bytes=0-0') {
        await body.cancel()
        return new Response(null, shown)
      }
      const isFile = answer.ok && !url.pathname.startsWith('/api/')
      const limits = isFile ? { silence, largest: Infinity } : { silence, whole, largest: largestAnswer }
      return new Response(limitedBody(body, limits, own.signal, stop), shown)
    } catch (error) {
      throw own.signal.aborted ? own.signal.reason : error
    } finally {
      clearTimeout(timer)
    }
  }
}
