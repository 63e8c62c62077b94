// The size of the studio's first load against its budget: npm run page-size, after npm run build.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { BUDGET } from './budget.mjs'

const SITE = resolve(import.meta.dirname, '../../dist/studio/site')
const html = readFileSync(join(SITE, 'index.html'), 'utf8')
// What the page asks for by itself: its scripts, what they import at once, and its styles.
const files = [...html.matchAll(/(?:src|href)="(\.\/assets\/[^"]+\.(?:js|css))"/g)].map(([, file]) => file)
const compressed = [html, ...files.map(file => readFileSync(join(SITE, file)))].map(
  each => gzipSync(each).length,
)
const total = compressed.reduce((sum, size) => sum + size, 0)
const kilobytes = bytes => `${Math.round(bytes / 1000)} kB`
console.log(
  `first load: ${kilobytes(total)} in ${files.length + 1} files, at most ${kilobytes(BUDGET.firstLoad)}`,
)
if (files.length === 0 || total > BUDGET.firstLoad) {
  console.error("page-size: the studio's first load is over its budget in test/package/budget.mjs")
  process.exit(1)
}
