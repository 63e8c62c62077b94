import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { objectives } from '../../src/objective/index.ts'
import { drawNoise } from '../../src/sampler/sampler.ts'
import { sample } from '../../src/sampler/sampling.ts'
import { load } from '../../src/serialization/load.ts'
import { encodeModelFile, encodeOnnxModel } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { expectSamePoints } from '../helpers/points.ts'
import { metricsOf } from '../helpers/training.ts'

const folder = temporaryFolder('symbols')
/** What rows with a teacher learn from: the run of the first row here. */
const velocity = join(folder, 'cross-entropy')

/** Three words of three letters out of four; 61 other strings are none. */
const WORDS = ['abc', 'bad', 'cab']
const [L, K] = [3, 4]
const symbolsOf = (word: string) => [...word].map(letter => letter.charCodeAt(0) - 97)

const words: Dataset = {
  name: 'words',
  shape: [L, K],
  dimension: L * K,
  space: 'simplex',
  fingerprint: {
    sha256: 'f'.repeat(64),
    rows: null,
    minimum: new Array(L * K).fill(0),
    maximum: new Array(L * K).fill(1),
  },
  sample(random, out) {
    out.fill(0)
    for (let i = 0; i < out.length; i += L * K) {
      const word = symbolsOf(WORDS[Math.floor(random.uniform() * WORDS.length)])
      for (const [l, symbol] of word.entries()) out[i + l * K + symbol] = 1
    }
  },
}

/** Share of points whose largest entries are a word, and how many words there are. */
function read(points: Float32Array): { valid: number; distinct: number } {
  const texts = Array.from({ length: points.length / (L * K) }, (_, i) =>
    Array.from({ length: L }, (_, l) => {
      const entries = [...points.subarray(i * L * K + l * K, i * L * K + (l + 1) * K)]
      return String.fromCharCode(97 + entries.indexOf(Math.max(...entries)))
    }).join(''),
  )
  const found = texts.filter(text => WORDS.includes(text))
  return { valid: found.length / texts.length, distinct: new Set(found).size }
}

const base = {
  network: { hidden: 48, layers: 2, frequencies: 2 },
  batch: 128,
  steps: 1200,
  logEvery: 20,
  optimizer: { learningRate: 5e-3 },
} as const satisfies UserConfig

const rows = [...objectives.values()].filter(({ parameterization }) => parameterization === 'simplex')

describe.each(rows.map(row => [row.id, row] as const))('%s', (id, row) => {
  const directory = join(folder, id)
  const grid = row.parts ? [1, 0.5, 0] : Array.from({ length: 9 }, (_, i) => 1 - i / 8)
  const method = row.parts ? 'jump' : 'euler'
  const noise = drawNoise(400, L * K, 3)

  test('trains in float32 without a number that is not finite, and writes words', async () => {
    const { finished, verdict } = await train(
      { ...base, objective: id, ...(row.needs.includes('teacher') && { teacher: velocity }) },
      { directory, data: words },
    )
    expect(finished).toBe(true)
    expect(verdict!.diverged, verdict!.text).toBe(false)
    const lines = metricsOf(directory)
    expect(lines.flatMap(({ loss, gradientNorm }) => [loss, gradientNorm]).every(Number.isFinite)).toBe(true)
    const map = await load(directory)
    const { points } = await sample(map, noise, { grid, method, seed: 4 })
    await map.close()
    const { valid, distinct } = read(points)
    // Of all strings one in 21 is a word; a map that has collapsed writes fewer words.
    expect(valid).toBeGreaterThan(0.6)
    expect(distinct).toBe(WORDS.length)
  })

  test('is read again as it was written, and samples the same points from every form', async () => {
    const { model: file, onnx } = paths(directory)
    const model = readModel(directory)
    expect(Buffer.compare(encodeModelFile(readModel(file)), readFileSync(file))).toBe(0)
    expect(Buffer.compare(encodeOnnxModel(model), readFileSync(onnx))).toBe(0)
    const samples = []
    for (const path of [directory, file, onnx]) {
      const map = await load(path)
      // Of a velocity, an ONNX file holds one Euler step to the data.
      samples.push(await sample(map, noise, { grid: row.parts ? grid : [1, 0], method: 'jump', seed: 4 }))
      await map.close()
    }
    for (const { points } of samples) expectSamePoints(points, samples[0].points)
  })
})
