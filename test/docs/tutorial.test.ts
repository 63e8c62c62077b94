import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import * as lab from '../../docs/site/live/lab.ts'
import { runCell } from '../../docs/site/live/run-cell.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { load, sample as sampleModel, uniformGrid } from '../../src/web.ts'

const cells = [...readFileSync('docs/tutorial.md', 'utf8').matchAll(/^```js live\n([\s\S]*?)^```/gm)].map(
  ([, code]) => code,
)

test('the cells of the tutorial run one after another, and show what its text says', {
  timeout: 300_000,
}, async () => {
  expect(cells.length).toBe(7)
  const shown: Record<string, Float32Array>[] = []
  const tables: Record<string, string>[][] = []
  const printed: string[] = []
  const drawn: [Float32Array, number, number][] = []
  const scope: Record<string, unknown> = {
    ...lab,
    load,
    sampleModel,
    drawNoise,
    uniformGrid,
    digits: new Uint8Array(readFileSync('src/studio/example/digits.safetensors')),
    show: (named: Record<string, Float32Array>) => shown.push(named),
    table: (rows: Record<string, string>[]) => tables.push(rows),
    pictures: (...given: [Float32Array, number, number]) => drawn.push(given),
    print: (...given: unknown[]) => printed.push(given.join(' ')),
    say: () => {},
  }
  for (const code of cells) await runCell(code, scope)
  for (const named of shown) {
    for (const points of Object.values(named)) expect(points.every(Number.isFinite)).toBe(true)
  }
  // More steps of Euler miss less.
  const misses = printed
    .filter(line => line.includes('% of the points'))
    .map(line => Number(/: (\S+) %/.exec(line)![1]))
  expect(misses[2]).toBeLessThan(misses[0])
  expect(Number(/at most (\S+) apart/.exec(printed.join('\n'))![1])).toBeLessThan(1e-2)
  const [rows] = tables
  expect(rows.map(row => row.objective)).toEqual(['psd', 'lsd', 'esd', 'lmd', 'emd'])
  const lmd = rows.find(row => row.objective === 'lmd')!
  expect(Number.parseFloat(lmd['8 jumps'])).toBeLessThan(Number.parseFloat(lmd['1 jumps']))
  const [, before, after] = /reward (\S+) before and (\S+) after/.exec(printed.join('\n'))!.map(Number)
  expect(after).toBeGreaterThan(before + 0.5)
  const [[pictures, height, width]] = drawn
  expect(pictures.length).toBe(16 * height * width)
  expect(Math.max(...pictures) - Math.min(...pictures)).toBeGreaterThan(100)
})
