import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join, resolve } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { drawNoise, load, sample, train, uniformGrid } from '../../src/index.ts'
import { sharedChromium, withoutChromium } from '../helpers/browsers.ts'
import { long } from '../helpers/long.ts'
import { trainTold } from '../helpers/pictures.ts'
import { type Site, serveFolders } from '../helpers/site.ts'
import { tiny } from '../helpers/training.ts'

// Inside the package, so that `import ... from 'oxbow'` finds it, as it is built.
mkdirSync('runs', { recursive: true })
const folder = mkdtempSync(resolve('runs/applications-'))
const run = join(folder, 'run')
let expected: number[]

beforeAll(async () => {
  const far = { gaussian: { mean: [50, -2], std: [4, 0.3] } }
  await train({ ...tiny, data: far, standardize: 'column', steps: 20 }, { directory: run })
  const map = await load(run)
  const noise = drawNoise(5, map.dimension, 7)
  expected = [...(await sample(map, noise, { grid: uniformGrid(2) })).points]
  await map.close()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const expectClose = (found: readonly number[]) => {
  expect(found.length).toBe(expected.length)
  found.forEach((value, i) => {
    expect(Math.abs(value - expected[i])).toBeLessThan(1e-5 * Math.max(1, Math.abs(expected[i])))
  })
}

test('the example for Node gives the points of the command line, from a run or an ONNX file', () => {
  const file = join(folder, 'sample.mjs')
  copyFileSync('examples/node/sample.mjs', file)
  for (const model of [run, join(run, 'model.onnx')]) {
    expectClose(JSON.parse(execFileSync('node', [file, model], { encoding: 'utf8' })))
  }
})

test.each(['examples/node/sample.mjs', 'examples/web/sample.js'])('%s is ten lines', file => {
  expect(readFileSync(file, 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(10)
})

describe.skipIf(withoutChromium())('the example for a browser', () => {
  let server: Site
  let browser: Browser
  const site = join(folder, 'site')

  beforeAll(async () => {
    cpSync('examples/web', site, { recursive: true })
    copyFileSync(join(run, 'model.onnx'), join(site, 'model.onnx'))
    copyFileSync(join(run, 'model.onnx'), join(site, 'cut.onnx'))
    truncateSync(join(site, 'cut.onnx'), 500)
    writeFileSync(join(site, 'text.onnx'), 'no model')
    copyFileSync(join(run, 'model.safetensors'), join(site, 'model.safetensors'))
    copyFileSync(join(run, 'model.safetensors'), join(site, 'cut.safetensors'))
    truncateSync(join(site, 'cut.safetensors'), 5000)
    const page = readFileSync(join(site, 'index.html'), 'utf8')
    writeFileSync(join(site, 'bare.html'), page.replace(/<script type="module" .*/, ''))
    server = await serveFolders({ '/': site, '/node_modules/': 'node_modules', '/node_modules/oxbow/': '.' })
    browser = await sharedChromium()
  })
  afterAll(async () => {
    await server?.close()
  })

  test('gives the points that Node gives', async () => {
    const page = await browser.newPage()
    const problems: string[] = []
    page.on('pageerror', error => problems.push(error.message))
    const asked: string[] = []
    page.on('request', request => asked.push(new URL(request.url()).origin))
    await page.goto(server.url)
    await page.locator('output:not(:empty)').waitFor({ timeout: 30_000 })
    expect(problems).toEqual([])
    expectClose(JSON.parse((await page.locator('output').textContent())!))
    expect(new Set(asked)).toEqual(new Set([new URL(server.url).origin]))
    await page.close()
  })

  long('takes bytes as well, and refuses what is no model in a line', async () => {
    const page = await browser.newPage()
    await page.goto(server.url)
    // As text: what is compiled for the tests does not run in a page.
    const refused = (name: string) =>
      page.evaluate(`import('oxbow/web').then(({ load }) => load('${name}')).then(
        () => 'opened',
        error => error.name + ' ' + error.message,
      )`)
    expect(await refused('none.onnx')).toBe('RunError none.onnx: the server answers 404')
    for (const name of ['cut.onnx', 'text.onnx']) {
      const line = await refused(name)
      expect(line).toContain(`RunError ${name}: not an ONNX model that can be run`)
      expect(line).not.toContain('\n')
    }
    const found = (await page.evaluate(`(async () => {
      const { load, drawNoise, sample } = await import('oxbow/web')
      const map = await load(await (await fetch('model.onnx')).arrayBuffer())
      const { points, method } = await sample(map, drawNoise(5, map.dimension, 7), { grid: [1, 0.5, 0] })
      return { points: [...points], method, objective: map.objective }
    })()`)) as { points: number[] }
    expect(found).toMatchObject({ method: 'jump', objective: 'lsd' })
    expectClose(found.points)
    await page.close()
  })

  long('takes a model in safetensors, and no ONNX Runtime with it', async () => {
    const page = await browser.newPage()
    const asked: string[] = []
    page.on('request', request => asked.push(request.url()))
    await page.goto(new URL('bare.html', server.url).href)
    const found = (await page.evaluate(`(async () => {
      const { load, drawNoise, sample } = await import('oxbow/web')
      const outcome = name => load(name).then(() => 'opened', error => error.name + ' ' + error.message)
      const bytes = new Uint8Array(await (await fetch('model.safetensors')).arrayBuffer())
      const map = await load('model.safetensors')
      const noise = drawNoise(5, map.dimension, 7)
      const { points, method } = await sample(map, noise, { grid: [1, 0.5, 0] })
      const again = await sample(await load(bytes), noise, { grid: [1, 0.5, 0] })
      const velocity = await map.velocity(noise, 1)
      return {
        points: [...points], method, objective: map.objective, same: again.points.join() === points.join(),
        moves: velocity.every(Number.isFinite) && velocity.some(v => Math.abs(v) > 0.01),
        refused: [await outcome('cut.safetensors')],
      }
    })()`)) as { points: number[]; refused: string[] }
    expect(found).toMatchObject({ method: 'jump', objective: 'lsd', same: true, moves: true })
    expectClose(found.points)
    expect(found.refused[0]).toMatch(/^RunError cut\.safetensors: .*$/)
    expect(asked.filter(address => /onnxruntime|\.wasm/.test(address))).toEqual([])
    await page.close()
  })
})

describe.skipIf(withoutChromium())('the digits of a page', () => {
  const site = join(folder, 'digits')
  let told: string
  let server: Site
  let page: Page
  const asked: string[] = []
  const problems: string[] = []

  beforeAll(async () => {
    told = await trainTold(folder)
    cpSync('examples/web-digits', site, { recursive: true })
    copyFileSync(join(told, 'model.safetensors'), join(site, 'model.safetensors'))
    server = await serveFolders({ '/': site, '/node_modules/': 'node_modules', '/node_modules/oxbow/': '.' })
    page = await (await sharedChromium()).newPage()
    page.on('pageerror', error => problems.push(error.message))
    page.on('request', request => asked.push(request.url()))
    await page.goto(server.url)
  })
  afterAll(async () => {
    await page?.close()
    await server?.close()
  })

  const drawn = () => page.locator('#digits[aria-busy="false"]').waitFor({ timeout: 30_000 })
  /** The ink of all pictures, `[n][height * width]`, once they are there. */
  async function ink(): Promise<number[][]> {
    await drawn()
    return page.evaluate(`[...document.querySelectorAll('canvas')].map(canvas => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
      return [...data].filter((_, i) => i % 4 === 3)
    })`)
  }

  test('are those that Node draws, of the class, at the scale and in the steps that are chosen', async () => {
    const all = await ink()
    expect(all).toHaveLength(80)
    // Each column is one noise: classes alone tell its pictures apart.
    expect(all[0]).not.toEqual(all[8])
    await page.getByLabel('Digit').selectOption('3')
    const three = await ink()
    expect(three.slice(24, 32)).not.toEqual(all.slice(24, 32))
    expect(three.slice(0, 8)).toEqual(all.slice(24, 32))
    await page.getByLabel('Guidance').fill('4')
    const guided = await ink()
    expect(guided).not.toEqual(three)
    await page.getByLabel('Steps').selectOption('4')
    const stepped = await ink()
    expect(stepped).not.toEqual(guided)
    await page.getByRole('button', { name: 'New noise' }).click()
    expect(await ink()).not.toEqual(stepped)

    const map = await load(told)
    const noise = drawNoise(8, map.dimension, 1)
    const { points } = await sample(map.given({ class: '3' }).guided({ scale: 4 }), noise, {
      grid: uniformGrid(4),
    })
    await map.close()
    stepped.slice(0, 8).forEach((picture, row) => {
      picture.forEach((value, i) => {
        const wanted = Math.min(255, Math.max(0, points[row * map.dimension + i]))
        expect(Math.abs(value - wanted)).toBeLessThan(1)
      })
    })
  })

  test('ask no other host and not for ONNX Runtime, and are a page of under 100 lines', () => {
    expect(problems).toEqual([])
    expect(new Set(asked.map(address => new URL(address).origin))).toEqual(
      new Set([new URL(server.url).origin]),
    )
    expect(asked.filter(address => /onnxruntime|\.wasm/.test(address))).toEqual([])
    const files = ['index.html', 'digits.js'].map(name =>
      readFileSync(join('examples/web-digits', name), 'utf8'),
    )
    expect(files.join('').trimEnd().split('\n').length).toBeLessThan(100)
  })
})
