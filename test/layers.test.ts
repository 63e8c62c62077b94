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
  'training',
  'report',
  'hub',
  'index.ts',
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
}

const SOURCE = resolve('src')

const layerOf = (file: string): string => relative(SOURCE, file).split('/')[0]

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)
  return [...found].map(([, path]) => resolve(dirname(file), path))
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter(name => name.endsWith('.ts'))
  .map(name => join(SOURCE, name))

/** What is wrong with an import, if anything. */
function problem(file: string, imported: string): string | undefined {
  const [from, to] = [layerOf(file), layerOf(imported)]
  if (from === to) return undefined
  const allowed = LAYERS.indexOf(to) < LAYERS.indexOf(from) && !FORBIDDEN[from]?.includes(to)
  return allowed
    ? undefined
    : `${relative(SOURCE, file)} (${from}) imports ${relative(SOURCE, imported)} (${to})`
}

describe('the layers of the source', () => {
  test('every folder has its place', () => {
    expect(LAYERS).toEqual(expect.arrayContaining([...new Set(files.map(layerOf))]))
  })

  test('imports go downwards only', () => {
    const problems = files.flatMap(file => importsOf(file).flatMap(imported => problem(file, imported) ?? []))
    expect(problems).toEqual([])
  })

  test('an upward import would be found', () => {
    expect(problem(join(SOURCE, 'objective/psd.ts'), join(SOURCE, 'runtime/node.ts'))).toBeDefined()
    expect(problem(join(SOURCE, 'model/mlp.ts'), join(SOURCE, 'training/train.ts'))).toBeDefined()
  })

  test('ONNX Runtime is imported in one place', () => {
    const users = files.filter(file => /from 'onnxruntime-/.test(readFileSync(file, 'utf8')))
    expect(users.map(file => relative(SOURCE, file))).toEqual(['runtime/node.ts'])
  })
})
