import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Folders from the ground up: a folder imports only from itself and from those before it. */
const LAYERS = [
  'random',
  'autodiff',
  'runtime',
  'model',
  'objective',
  'data',
  'metric',
  'sampler',
  'density',
  'steering',
  'config',
  'serialization',
  'training',
  'evaluation',
  'report',
  'studio',
  'hub',
  'importing',
  'sweep',
  'index.ts',
  'web.ts',
  'cli',
]

/** Layers that could be imported by their place, but must not be. */
const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
  autodiff: ['random'],
  runtime: ['random'],
  model: ['runtime'],
  objective: ['runtime'],
  data: ['runtime', 'objective'],
  metric: ['runtime', 'objective'],
  steering: ['runtime', 'metric'],
}

const SOURCE = resolve('src')

const layerOf = (file: string): string => relative(SOURCE, file).split('/')[0]

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(/(?:from|import\()\s*'(\.[^'?]+)'/g)
  return [...found].map(([, path]) => resolve(dirname(file), path))
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter(name => /\.tsx?$/.test(name) && !name.endsWith('.config.ts'))
  .map(name => join(SOURCE, name))

/** A way from a file back to itself along imports, types included; nothing where there is none. */
function circleFrom(
  graph: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
  way: readonly string[],
): string[] | undefined {
  const file = way.at(-1)!
  const at = way.indexOf(file)
  if (at < way.length - 1) return way.slice(at)
  if (done.has(file)) return undefined
  for (const next of graph.get(file) ?? []) {
    const circle = circleFrom(graph, done, [...way, next])
    if (circle) return circle
  }
  done.add(file)
  return undefined
}

function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const done = new Set<string>()
  return [...graph.keys()].flatMap(file => {
    const circle = circleFrom(graph, done, [file])
    return circle ? [circle.map(each => relative(SOURCE, each))] : []
  })
}

/** What is wrong with an import, if anything. */
function problem(file: string, imported: string): string | undefined {
  const [from, to] = [layerOf(file), layerOf(imported)]
  if (from === to) return undefined
  const allowed = LAYERS.indexOf(to) < LAYERS.indexOf(from) && !FORBIDDEN[from]?.includes(to)
  return allowed
    ? undefined
    : `${relative(SOURCE, file)} (${from}) imports ${relative(SOURCE, imported)} (${to})`
}

/** Rooms of the studio's page, in the same order; its entries, which lie loose, import from all of them. */
const PAGE_ROOMS = [
  'styles',
  'draw',
  'one-file',
  'connection',
  'state',
  'parts',
  'take-home',
  'learn',
  'views',
  'frame',
]
const PAGE_ENTRIES = ['app.tsx', 'index.html', 'learn.html', 'main.tsx', 'public', 'thread.ts', 'worker.ts']
const PAGE = join(SOURCE, 'studio/page')

/** What a room must not know, though it comes before it. */
const FORBIDDEN_ROOMS: Readonly<Record<string, readonly string[]>> = {
  connection: ['draw'],
  state: ['draw'],
  learn: ['state', 'parts', 'take-home'],
  views: ['take-home', 'learn'],
}

const inPage = (file: string): boolean => file.startsWith(`${PAGE}/`)
const roomOf = (file: string): string => relative(PAGE, file).split('/')[0]

/** What is wrong with an import from the page's own files, if anything. */
function roomProblem(file: string, imported: string): string | undefined {
  const [from, to] = [roomOf(file), roomOf(imported)]
  if (from === to || PAGE_ENTRIES.includes(from)) return undefined
  const allowed =
    PAGE_ROOMS.includes(to) &&
    PAGE_ROOMS.indexOf(to) < PAGE_ROOMS.indexOf(from) &&
    !FORBIDDEN_ROOMS[from]?.includes(to)
  return allowed ? undefined : `${relative(PAGE, file)} imports ${relative(PAGE, imported)}`
}

/** What runs in a browser, with all that it imports. */
const BROWSER = [
  'runtime/web.ts',
  'runtime/webgpu.ts',
  'training/trainer.ts',
  'serialization/model.ts',
  'sampler/sampling.ts',
  'studio/page/main.tsx',
  'studio/page/worker.ts',
  'web.ts',
]

/** What needs Node: its modules, its globals, and packages that are for it alone. */
const NODE_ONLY = /from '(node:|onnxruntime-node|sharp|csv-parse)|\b(process|Buffer)\.[a-z]/

/** A file and all that it imports at run time. */
function closureOf(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen
  seen.add(file)
  const text = readFileSync(file, 'utf8').replace(/^(import|export) type [^']*'[^']*'/gm, '')
  for (const [, path] of text.matchAll(/(?:from|import\()\s*'(\.[^'?]+)'/g)) {
    closureOf(resolve(dirname(file), path), seen)
  }
  return seen
}

const needsNode = (file: string): boolean => NODE_ONLY.test(readFileSync(file, 'utf8'))

describe('the layers of the source', () => {
  test.each(BROWSER)('%s runs in a browser', root => {
    const found = [...closureOf(join(SOURCE, root))].filter(needsNode)
    expect(found.map(file => relative(SOURCE, file))).toEqual([])
  })

  test('a file that needs Node would be found', () => {
    expect([...closureOf(join(SOURCE, 'serialization/load.ts'))].filter(needsNode).length).toBeGreaterThan(1)
  })

  test('every folder has its place', () => {
    expect(LAYERS).toEqual(expect.arrayContaining([...new Set(files.map(layerOf))]))
  })

  test('imports go downwards only', () => {
    const problems = files.flatMap(file => importsOf(file).flatMap(imported => problem(file, imported) ?? []))
    expect(problems).toEqual([])
  })

  test('no import leads back to its file, types included', () => {
    expect(circlesIn(new Map(files.map(file => [file, importsOf(file)])))).toEqual([])
  })

  test('a circle would be found', () => {
    const circles = circlesIn(
      new Map([
        ['a', ['b', 'c']],
        ['b', []],
        ['c', ['d']],
        ['d', ['c']],
      ]),
    )
    expect(circles.length).toBeGreaterThan(0)
  })

  test('an upward import would be found', () => {
    expect(problem(join(SOURCE, 'objective/psd.ts'), join(SOURCE, 'runtime/node.ts'))).toBeDefined()
    expect(problem(join(SOURCE, 'model/mlp.ts'), join(SOURCE, 'training/train.ts'))).toBeDefined()
  })

  test("nothing but its entries lies loose in the studio's page", () => {
    expect(readdirSync(PAGE).sort()).toEqual([...PAGE_ROOMS, ...PAGE_ENTRIES].sort())
  })

  test("imports between the rooms of the studio's page go downwards only", () => {
    const problems = files.filter(inPage).flatMap(file =>
      importsOf(file)
        .filter(inPage)
        .flatMap(imported => roomProblem(file, imported) ?? []),
    )
    expect(problems).toEqual([])
  })

  test('an import of a view by what is below it would be found', () => {
    const view = join(PAGE, 'views/play/jump.tsx')
    for (const below of ['draw/points.tsx', 'parts/slider.tsx', 'state/run.ts', 'connection/client.ts']) {
      expect(roomProblem(join(PAGE, below), view)).toBeDefined()
    }
    expect(roomProblem(join(PAGE, 'connection/client.ts'), join(PAGE, 'parts/slider.tsx'))).toBeDefined()
  })

  test('ONNX Runtime is imported in one place for each kind of machine', () => {
    const users = files.filter(file => /from 'onnxruntime-[^?]*'/.test(readFileSync(file, 'utf8')))
    expect(users.map(file => relative(SOURCE, file)).sort()).toEqual([
      'runtime/node.ts',
      'runtime/web.ts',
      'runtime/webgpu.ts',
    ])
  })
})
