import { createHash, timingSafeEqual } from 'node:crypto'
import type { MiddlewareHandler } from 'hono'

/** What a page of ours may do: load and ask from where it came alone, compile WebAssembly, and be in no frame. */
const POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  // The one style sheet that Observable Plot writes into each of its pictures.
  "style-src 'self' 'sha256-jSYQUrW7J0b3jPqhZP9C2Xh1PyJKHKXd4s0fpGGKrww='",
  // Typeset formulas carry their measures in style attributes.
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

const HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy': POLICY,
  // Isolated from other origins, so that threads of the page may share memory.
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

export const withHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value)
}

/**
 * Refuses requests that were meant for another name than ours, as from a page whose own name was made to lead here, and
 * those of other origins.
 *
 * @param hosts  what we are called, each with its port
 */
export const checkNames =
  (hosts: () => ReadonlySet<string>): MiddlewareHandler =>
  async (context, next) => {
    const host = context.req.header('host')?.toLowerCase() ?? ''
    if (!hosts().has(host)) return context.json({ error: `host "${host}" is not served here` }, 403)
    const origin = context.req.header('origin')
    const own = origin === undefined || origin.toLowerCase() === `http://${host}`
    const site = context.req.header('sec-fetch-site')
    const foreign = site === 'cross-site' || site === 'same-site'
    const visit = context.req.header('sec-fetch-mode') === 'navigate' && context.req.method === 'GET'
    if (!own || (foreign && !visit)) return context.json({ error: 'another origin asks' }, 403)
    return next()
  }

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Lets those through who know the token, told as `Authorization: Bearer TOKEN`. */
export const checkToken = (token: string): MiddlewareHandler => {
  const expected = digest(`Bearer ${token}`)
  return async (context, next) => {
    const given = digest(context.req.header('authorization') ?? '')
    if (timingSafeEqual(given, expected)) return next()
    context.header('www-authenticate', 'Bearer')
    return context.json(
      { error: 'the token is missing or wrong; open the address that the command printed' },
      401,
    )
  }
}
