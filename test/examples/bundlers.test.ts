import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { basename, join, resolve } from 'node:path'
import * as esbuild from 'esbuild'
import type { Browser } from 'playwright-core'
import { build as vite } from 'vite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import webpack from 'webpack'
import { drawNoise, load, sample, train, uniformGrid } from '../../src/index.ts'
import { sharedChromium, withoutChromium } from '../helpers/browsers.ts'
import { long, some } from '../helpers/long.ts'
import { type Site, serveFolders } from '../helpers/site.ts'
import { tiny } from '../helpers/training.ts'

// An application with the package as it is published: its own files and its dependencies, below node_modules.
mkdirSync('runs', { recursive: true })
const folder = mkdtempSync(resolve('runs/bundlers-'))
const at = (...names: string[]) => join(folder, ...names)
const model = at('run', 'model.onnx')
let expected: number[]

const PAGE = `
import { drawNoise, load, sample, uniformGrid } from 'oxbow/web'

async function draw() {
  const map = await load('model.onnx')
  const { points } = await sample(map, drawNoise(5, map.dimension, 7), { grid: uniformGrid(2) })
  await map.close()
  return JSON.stringify([...points])
}
draw().catch(error => error.name + ' ' + error.message).then(text => {
  document.querySelector('output').textContent = text
})
`
const LOADED = `
import { drawNoise, uniformGrid } from 'oxbow/web'
console.log('loaded', drawNoise(2, 2, 7).length, uniformGrid(2).length)
`
const html = (script: string) => `<!doctype html><meta charset="utf-8" /><output></output>${script}`

beforeAll(async () => {
  const installed = at('node_modules', 'oxbow')
  cpSync('dist', join(installed, 'dist'), { recursive: true, filter: path => !path.includes('studio') })
  copyFileSync('package.json', join(installed, 'package.json'))
  symlinkSync(resolve('node_modules'), join(installed, 'node_modules'))
  writeFileSync(at('package.json'), '{ "private": true, "type": "module" }')
  writeFileSync(at('page.js'), PAGE)
  writeFileSync(at('loaded.js'), LOADED)
  writeFileSync(at('index.html'), html('<script type="module" src="./page.js"></script>'))
  await train({ ...tiny, steps: 20 }, { directory: at('run') })
  const map = await load(at('run'))
  expected = [...(await sample(map, drawNoise(5, map.dimension, 7), { grid: uniformGrid(2) })).points]
  await map.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Builds a file with webpack. @returns what it has to say of it */
async function runWebpack(entry: string, out: string, options: webpack.Configuration = {}): Promise<string> {
  const { output, ...others } = options
  const given: webpack.Configuration = { context: folder, mode: 'production', entry, ...others }
  const compiler = webpack({ ...given, output: { path: out, filename: 'main.js', ...output } })!
  const stats = await new Promise<webpack.Stats>((done, fail) =>
    compiler.run((error, result) => (result ? done(result) : fail(error))),
  )
  const { warnings = [], errors = [] } = stats.toJson({ all: false, warnings: true, errors: true })
  return [...errors, ...warnings]
    .map(({ message }) => message)
    .filter(message => !/size limit|limit the size|performance recommendations/.test(message))
    .join('\n')
}

async function runEsbuild(entry: string, outfile: string, options: esbuild.BuildOptions = {}): Promise<void> {
  const given = {
    absWorkingDir: folder,
    entryPoints: [entry],
    bundle: true,
    outfile,
    logLevel: 'silent' as const,
  }
  const { warnings } = await esbuild.build({ ...given, ...options })
  expect(warnings).toEqual([])
}

const runVite = (outDir: string, build = {}) =>
  vite({ root: folder, base: './', configFile: false, logLevel: 'silent', build: { outDir, ...build } })

/** What the documentation says about esbuild, which does not copy files that a module names. */
function copyRuntime(to: string): void {
  const [, file] = readFileSync('docs/export.md', 'utf8').match(/`cp (\S+) OUT\/`/)!
  copyFileSync(file, join(to, basename(file)))
}

describe('a bundle loads in Node', () => {
  const outcome = (file: string) => execFileSync('node', [file], { encoding: 'utf8' })

  long('of webpack', async () => {
    const asModule = {
      output: { module: true, chunkFormat: 'module' },
      experiments: { outputModule: true },
      optimization: { minimize: false },
    } as const
    expect(await runWebpack('./loaded.js', at('webpack-node'), asModule)).toBe('')
    expect(outcome(at('webpack-node', 'main.js'))).toBe('loaded 4 3\n')
  })

  test.each(some(['iife', 'esm', 'cjs'] as const, ['esm']))('of esbuild, as %s', async format => {
    const file = at(`esbuild-${format}.${format === 'esm' ? 'mjs' : 'cjs'}`)
    await runEsbuild('loaded.js', file, { format })
    expect(outcome(file)).toBe('loaded 4 3\n')
  })

  long('of vite', async () => {
    await runVite(at('vite-node'), {
      lib: { entry: 'loaded.js', formats: ['es'], fileName: () => 'main.mjs' },
    })
    expect(outcome(at('vite-node', 'main.mjs'))).toBe('loaded 4 3\n')
  })
})

describe.skipIf(withoutChromium())(
  'a bundle of each bundler, in its default settings, draws samples in a page',
  () => {
    let site: Site
    let browser: Browser
    beforeAll(async () => {
      site = await serveFolders({ '/': folder })
      browser = await sharedChromium()
    })
    afterAll(async () => {
      await site?.close()
    })

    /** What the page of a bundle shows. */
    async function shown(name: string): Promise<string> {
      copyFileSync(model, at(name, 'model.onnx'))
      const page = await browser.newPage()
      await page.goto(`${site.url}${name}/`)
      await page.locator('output:not(:empty)').waitFor({ timeout: 30_000 })
      const text = await page.locator('output').textContent()
      await page.close()
      return text!
    }

    function expectPoints(text: string): void {
      expect(text).toMatch(/^\[/)
      const found: number[] = JSON.parse(text)
      expect(found.length).toBe(expected.length)
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 4)
      })
    }

    long('webpack', async () => {
      expect(await runWebpack('./page.js', at('webpack'))).toBe('')
      writeFileSync(at('webpack', 'index.html'), html('<script src="main.js"></script>'))
      expectPoints(await shown('webpack'))
    })

    long('vite', async () => {
      await runVite(at('vite'))
      expectPoints(await shown('vite'))
    })

    /** A page by esbuild, first without the file of the runtime, then with it. */
    async function bundled(format: 'iife' | 'esm', script: string): Promise<void> {
      const name = `esbuild-${format}`
      await runEsbuild('page.js', at(name, 'main.js'), { format })
      writeFileSync(at(name, 'index.html'), html(script))
      const message = await shown(name)
      expect(message).toMatch(/^RuntimeLoadError ONNX Runtime cannot be loaded: /)
      expect(message).toContain('copy ort-wasm-simd-threaded.wasm there from onnxruntime-web/dist')
      copyRuntime(at(name))
      expectPoints(await shown(name))
    }

    test('esbuild, as a module, with the file of the runtime beside it', () =>
      bundled('esm', '<script type="module" src="main.js"></script>'))
    long('esbuild, as a script, with the file of the runtime beside it', () =>
      bundled('iife', '<script src="main.js"></script>'),
    )
  },
)
