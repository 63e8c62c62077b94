import { BlockList, isIP } from 'node:net'

/** Milliseconds without a byte after which a server is given up, and those in which an answer of the hub's own must be whole. */
const SILENCE = 60_000
const WHOLE = 5 * SILENCE
/** Bytes of such an answer: a listing of the most files that are taken has a tenth. */
const LARGEST_ANSWER = 32 << 20
const MOST_REDIRECTS = 10

/** Addresses of this machine and of the networks behind it. */
const NEAR = new BlockList()
for (const [net, bits] of [
  ...([
    ['0.0.0.0', 8],
    ['10.0.0.0', 8],
    ['127.0.0.0', 8],
    ['169.254.0.0', 16],
  ] as const),
  ...([
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
  ] as const),
] as const) {
  NEAR.addSubnet(net, bits)
}
for (const [net, bits] of [
  ['::1', 128],
  ['::', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const) {
  NEAR.addSubnet(net, bits, 'ipv6')
}

function isNear({ hostname }: URL): boolean {
  const host = hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  return family > 0 ? NEAR.check(host, family === 6 ? 'ipv6' : 'ipv4') : /(^|\.)localhost$/.test(host)
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
    const stop = new AbortController()
    const signal = init?.signal ? AbortSignal.any([init.signal, stop.signal]) : stop.signal
    const giveUp = (ms: number) =>
      setTimeout(() => stop.abort(new Error(`nothing came for ${ms / 1000} s`)), ms)
    const once = (url: URL): Promise<Response> => {
      if (url.origin !== origin) headers.delete('authorization')
      const isRead = (init?.method ?? 'GET') === 'GET'
      return fetch(url.href, { ...init, headers, signal, redirect: isRead ? 'manual' : 'follow' })
    }
    let url = new URL(input instanceof Request ? input.url : input)
    let timer = giveUp(silence)
    try {
      let answer = await once(url)
      for (
        let left = MOST_REDIRECTS;
        answer.status >= 300 && answer.status < 400 && answer.status !== 304;
        left--
      ) {
        if (left === 0) throw new Error(`leads on more than ${MOST_REDIRECTS} times`)
        await answer.body?.cancel()
        url = redirected(url, answer.headers.get('location'))
        answer = await once(url)
      }
      const { status, statusText } = answer
      const own = { status, statusText, headers: answer.headers }
      // Its first byte only tells its size, which the headers have.
      if (answer.ok && headers.get('range') === 'bytes=0-0') {
        await answer.body?.cancel()
        return new Response(null, own)
      }
      if (!answer.body) return new Response(null, own)
      const isAnswer = !answer.ok || url.pathname.startsWith('/api/')
      const body = answer.body.getReader()
      const end = isAnswer ? giveUp(whole) : undefined
      let received = 0
      const over = () => {
        clearTimeout(timer)
        clearTimeout(end)
      }
      const stream = new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            timer = giveUp(silence)
            try {
              const { done, value } = await body.read()
              clearTimeout(timer)
              if (done) {
                over()
                return controller.close()
              }
              received += value.length
              if (isAnswer && received > largestAnswer)
                throw new Error(`answers with more than ${largestAnswer} bytes`)
              controller.enqueue(value)
            } catch (error) {
              over()
              stop.abort(error)
              controller.error(stop.signal.reason)
            }
          },
          cancel(reason) {
            over()
            return body.cancel(reason)
          },
        },
        { highWaterMark: 0 },
      )
      return new Response(stream, own)
    } catch (error) {
      throw stop.signal.aborted ? stop.signal.reason : error
    } finally {
      clearTimeout(timer)
    }
  }
}
