import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'

const decode = text =>
  text.replace(/&amp;/g, '&').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code))

const pagesIn = folder =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('.html'))
    .map(name => join(folder, name))

const targetsOf = html => [...html.matchAll(/\s(?:href|src)="([^"]*)"/g)].map(([, target]) => decode(target))
const idsOf = html => new Set([...html.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => decode(id)))

/** Links of a folder of pages that lead nowhere within it, and links from the root, which would not hold in a subfolder of a server. */
export function brokenLinks(folder) {
  const html = new Map(pagesIn(folder).map(path => [path, readFileSync(path, 'utf8')]))
  const ids = new Map([...html].map(([path, text]) => [path, idsOf(text)]))
  const problems = []
  for (const [path, text] of html) {
    for (const target of targetsOf(text)) {
      if (/^(https?|data|mailto|javascript):/.test(target)) continue
      const [file, hash] = target.split('#').map(decodeURIComponent)
      const isRooted = file.startsWith('/')
      const to = file === '' ? path : join(dirname(path), file.split('?')[0])
      const at = existsSync(to) && statSync(to).isDirectory() ? join(to, 'index.html') : to
      const isMissing = isRooted || !existsSync(at)
      // The studio's hashes are states of the page.
      const isAnchor = hash && ids.has(at) && !relative(folder, at).startsWith('studio')
      if (isMissing || (isAnchor && !ids.get(at).has(hash)))
        problems.push(`${relative(folder, path)}: ${target}`)
    }
  }
  return problems
}
