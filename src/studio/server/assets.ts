import { existsSync, readdirSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'
import type { Handler } from 'hono'
import { StudioError } from './error.ts'
import { fileBody } from './file-body.ts'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json',
  '.map': 'application/json',
  '.mjs': 'text/javascript; charset=utf-8',
  '.onnx': 'application/octet-stream',
  '.png': 'image/png',
  '.safetensors': 'application/octet-stream',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
  '.woff2': 'font/woff2',
}

/**
 * Serves the built page: the files that are there at the start and nothing else.
 *
 * @throws StudioError when it was not built
 */
export function serveSite(site: string): Handler {
  if (!existsSync(join(site, 'index.html'))) {
    throw new StudioError(`${site}: the studio's page is not built; run "npm run build"`)
  }
  const files = new Map<string, string>(
    readdirSync(site, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
      .map(path => [`/${path.slice(join(site, '/').length).replaceAll('\\', '/')}`, path] as const),
  )
  return async context => {
    const { pathname } = new URL(context.req.url)
    const path = files.get(pathname === '/' ? '/index.html' : pathname)
    if (!path) return context.json({ error: 'no such page' }, 404)
    const { size, mtimeMs } = statSync(path)
    const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`
    // Names of assets hold a hash of their content.
    const forever = pathname.startsWith('/assets/')
    context.header('cache-control', forever ? 'public, max-age=31536000, immutable' : 'no-cache')
    context.header('etag', tag)
    // What was compressed on its way has a weak one.
    if (context.req.header('if-none-match')?.replace(/^W\//, '') === tag) return context.body(null, 304)
    context.header('content-type', TYPES[extname(path)] ?? 'application/octet-stream')
    context.header('content-length', String(size))
    return context.body(fileBody(path))
  }
}
