import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { ensureSite } from '../helpers/site.ts'

const SITE = 'dist/studio/site'
const ASSETS = join(SITE, 'assets')
const read = (name: string): string => readFileSync(join(SITE, name), 'utf8')

beforeAll(ensureSite, 180_000)

/** The packages that the scripts of the page and its worker were made of, by what their maps say. */
function bundled(): Set<string> {
  const sources = readdirSync(ASSETS)
    .filter(name => name.endsWith('.map'))
    .flatMap(name => JSON.parse(read(`assets/${name}`)).sources as string[])
  const names = sources.map(source => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1])
  return new Set(names.filter(name => name !== undefined))
}

/** The text for each package, by name. */
const notices = (): Map<string, string> =>
  new Map(
    read('licences.txt')
      .split(/^## /m)
      .slice(1)
      .map(part => [part.split(' ')[0], part]),
  )

test('every package in the page has its licence beside it', () => {
  const found = notices()
  const packages = bundled()
  expect(packages.size).toBeGreaterThan(20)
  for (const name of ['preact', 'katex', 'onnxruntime-web', 'zod']) expect(packages).toContain(name)
  expect([...packages].filter(name => !found.has(name))).toEqual([])
  for (const [name, text] of found) {
    expect(text, name).toMatch(/copyright|public domain/i)
    expect(text.length, name).toBeGreaterThan(500)
  }
})

test('the files that are no scripts are ours, or of packages that have theirs', () => {
  const found = notices()
  const isOurs = (name: string): boolean => /\.(js|css|map)$|^(digits|glyphs)-/.test(name)
  const others = readdirSync(ASSETS).filter(name => !isOurs(name))
  const known: [RegExp, string][] = [
    [/^KaTeX_/, 'katex'],
    [/^ort-wasm/, 'onnxruntime-web'],
  ]
  const owner = (name: string) => known.find(([pattern]) => pattern.test(name))?.[1]
  expect(others.filter(name => !found.has(owner(name) ?? ''))).toEqual([])
})

test('the licence of the page itself comes first', () => {
  expect(read('licences.txt')).toContain(`# Oxbow\n\n${readFileSync('LICENSE', 'utf8').trim()}\n`)
})
