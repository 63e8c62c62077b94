import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import * as esbuild from 'esbuild'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { drawNoise, load, resolveConfig, sample, sampleTexts, train } from '../../src/index.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { sharedChromium, withoutChromium } from '../helpers/browsers.ts'
import { type Site, serveFolders } from '../helpers/site.ts'

const EXAMPLE = 'examples/words'
const MODEL = join(EXAMPLE, 'model.safetensors')
const words = readFileSync(join(EXAMPLE, 'words.txt'), 'utf8').trim().split('\n')

describe('the model of the page', () => {
  test('types words of its list, every one of them, more of them in more jumps', async () => {
    const map = await load(MODEL)
    expect(map.text!.alphabet.join('')).toBe(['\n', ...new Set(words.join(''))].sort().join(''))
    const shares: number[] = []
    for (const steps of [1, 8]) {
      const { texts } = await sampleTexts(map, { count: 1000, steps, seed: 3 })
      const valid = texts.filter(text => words.includes(text))
      expect(new Set(valid).size).toBe(words.length)
      shares.push(valid.length / texts.length)
    }
    await map.close()
    expect(shares[0]).toBeGreaterThan(0.78)
    expect(shares[1]).toBeGreaterThan(0.95)
  })

  test('was trained by words.yaml', () => {
    const user = parse(readFileSync(join(EXAMPLE, 'words.yaml'), 'utf8'))
    expect(readModel(MODEL).config).toEqual(resolveConfig(user))
  })

  test('is small, and knows no folder of the machine that trained it', () => {
    expect(statSync(MODEL).size).toBeLessThan(100_000)
    expect(readFileSync(MODEL, 'latin1')).not.toMatch(/"\/[a-z]+\//)
  })
})

test('the module for pages is as small as it was', async () => {
  const options = { bundle: true, format: 'esm', minify: true, write: false } as const
  const built = await esbuild.build({
    ...options,
    entryPoints: ['src/web.ts'],
    external: ['onnxruntime-web'],
  })
  expect(gzipSync(built.outputFiles[0].contents).length).toBeLessThan(390_000)
})

describe.skipIf(withoutChromium())('words in a page', () => {
  mkdirSync('runs', { recursive: true })
  const folder = mkdtempSync(resolve('runs/words-'))
  const asked: string[] = []
  const problems: string[] = []
  let server: Site
  let page: Page

  beforeAll(async () => {
    cpSync(EXAMPLE, folder, { recursive: true })
    server = await serveFolders({
      '/': folder,
      '/node_modules/': 'node_modules',
      '/node_modules/oxbow/': '.',
    })
    page = await (await sharedChromium()).newPage()
    page.on('pageerror', error => problems.push(error.message))
    page.on('request', request => asked.push(request.url()))
    await page.goto(server.url)
    await page.locator('#word:not(:empty)').waitFor({ timeout: 30_000 })
  })
  afterAll(async () => {
    await page?.close()
    await server?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  const typed = (): Promise<string[]> => page.locator('#typed li').allTextContents()
  const until = (count: number) =>
    page.waitForFunction(`document.querySelectorAll('#typed li').length === ${count}`)

  test('are typed at each press of the button, of space, of enter and of a letter', async () => {
    expect(await typed()).toHaveLength(1)
    // The button has the focus.
    for (const [i, key] of ['Space', 'Enter', 'x', 'Shift+W'].entries()) {
      await page.keyboard.press(key)
      await until(i + 2)
    }
    await page.getByRole('button', { name: 'Type a word' }).click()
    await until(6)
    for (const key of ['Control+b', 'Tab', 'Shift', '7']) await page.keyboard.press(key)
    await page.getByLabel('Jumps').focus()
    await page.keyboard.press('a')
    expect(await typed()).toHaveLength(6)
  })

  test('say whether they are in the list, and how many are', async () => {
    await page.getByRole('button').focus()
    const before = (await typed()).length
    for (let i = 0; i < 30; i++) {
      await page.keyboard.press('a')
      await until(before + i + 1)
    }
    const all = await typed()
    const known = all.filter(word => words.includes(word)).length
    expect(known).toBeGreaterThan(all.length / 2)
    expect(await page.locator('#typed li.in').count()).toBe(known)
    expect(await page.locator('#word').textContent()).toBe(all[0])
    const said = words.includes(all[0]) ? 'In the list' : 'Not in the list'
    expect(await page.getByRole('status').locator('#said').textContent()).toBe(
      `${said}. ${known} of ${all.length} words are.`,
    )
    expect(new Set(all).size).toBeGreaterThan(10)
  })

  test('are those that Node draws from the same noise', async () => {
    const found = await page.evaluate(`(async () => {
      const { decodeText, drawNoise, load, sample, sampleTexts } = await import('oxbow/web')
      const map = await load('model.safetensors')
      const { points } = await sample(map, drawNoise(50, map.dimension, 7), { grid: [1, 0] })
      const { texts } = await sampleTexts(map, { count: 50, seed: 7 })
      return { texts, decoded: decodeText(points, map.text) }
    })()`)
    const map = await load(MODEL)
    const { texts } = await sampleTexts(map, { count: 50, seed: 7 })
    await map.close()
    expect(found).toEqual({ texts, decoded: texts })
  })

  test('need no network once the page is there, no other host and no ONNX Runtime', async () => {
    await page.context().setOffline(true)
    const before = (await typed()).length
    await page.keyboard.press('o')
    await page.waitForFunction(`document.querySelectorAll('#typed li').length > ${before}`)
    await page.context().setOffline(false)
    expect(problems).toEqual([])
    expect(new Set(asked.map(address => new URL(address).origin))).toEqual(
      new Set([new URL(server.url).origin]),
    )
    expect(asked.filter(address => /onnxruntime|\.wasm/.test(address))).toEqual([])
  })

  test('and points of a curved space, from a file of either kind, from its noise', async () => {
    const run = join(folder, 'torus')
    const user = { objective: 'lsd', network: { hidden: 8, layers: 1 }, batch: 16, steps: 20 } as const
    await train({ ...user, data: 'torus-ramachandran' }, { directory: run })
    const map = await load(run)
    const { points } = await sample(map, drawNoise(20, 2, 7, 'torus'), { grid: [1, 0.5, 0] })
    await map.close()
    for (const name of ['model.safetensors', 'model.onnx']) {
      const found = (await page.evaluate(`(async () => {
        const { drawNoise, load, sample } = await import('oxbow/web')
        const map = await load('torus/${name}')
        const noise = drawNoise(20, map.dimension, 7, map.space)
        const { points } = await sample(map, noise, { grid: [1, 0.5, 0] })
        return { space: map.space, points: [...points] }
      })()`)) as { space: string; points: number[] }
      expect(found.space).toBe('torus')
      found.points.forEach((angle, i) => {
        const apart = angle - points[i]
        expect(Math.abs(apart - 2 * Math.PI * Math.round(apart / (2 * Math.PI)))).toBeLessThan(1e-5)
      })
    }
  })

  test('break no rule of accessibility, and the page is small', async () => {
    await page.addScriptTag({ path: 'node_modules/axe-core/axe.min.js' })
    const { violations } = (await page.evaluate('axe.run()')) as { violations: { id: string }[] }
    expect(violations.map(({ id }) => id)).toEqual([])
    const files = ['index.html', 'words.js'].map(name => readFileSync(join(EXAMPLE, name), 'utf8'))
    expect(files.join('').trimEnd().split('\n').length).toBeLessThan(120)
  })
})
