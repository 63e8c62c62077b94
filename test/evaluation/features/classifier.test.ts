import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { constant, evaluate, simplify, trace } from '../../../src/autodiff/index.ts'
import { generatedDataset } from '../../../src/data/catalogue.ts'
import { pictureShape } from '../../../src/data/dataset.ts'
import { pointsDataset } from '../../../src/data/in-memory.ts'
import { standardizationOf, standardizedBy } from '../../../src/data/standardized.ts'
import { mostProbable } from '../../../src/evaluation/features/most-probable.ts'
import { openFeatures } from '../../../src/evaluation/features/open.ts'
import { featuresFor } from '../../../src/evaluation/features/shipped.ts'
import { trainClassifier } from '../../../src/evaluation/features/train-classifier.ts'
import { triedClassifier } from '../../../src/evaluation/features/tried-classifier.ts'
import {
  applyClassifier,
  classifierShapes,
  cutClassifier,
  initialClassifier,
} from '../../../src/model/classifier.ts'
import { random } from '../../../src/random/random.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { readMetadata } from '../../../src/runtime/protobuf.ts'
import { temporaryFolder } from '../../helpers/folder.ts'

const folder = temporaryFolder('classifier')
const runtime = nodeRuntime()
const SHIPPED = new URL('../../../features/', import.meta.url)

const silu = (x: number): number => x / (1 + Math.exp(-x))

/** The features of one picture, layer by layer as the definition says. */
function featuresByHand(
  [height, width, channels]: readonly number[],
  parameters: Readonly<Record<string, readonly number[]>>,
  picture: readonly number[],
): number[] {
  let grid = Array.from({ length: 4 * Math.ceil(height / 4) }, (_, y) =>
    Array.from({ length: 4 * Math.ceil(width / 4) }, (_, x) =>
      Array.from({ length: channels }, (_, c) =>
        y < height && x < width ? picture[(y * width + x) * channels + c] : 0,
      ),
    ),
  )
  for (const name of ['first', 'second']) {
    const [weight, bias] = [parameters[`${name}.weight`], parameters[`${name}.bias`]]
    const depth = grid[0][0].length
    grid = Array.from({ length: grid.length / 2 }, (_, i) =>
      Array.from({ length: grid[0].length / 2 }, (_, j) =>
        bias.map((start, k) => {
          let sum = start
          for (let y = 0; y < 4; y++) {
            for (let x = 0; x < 4; x++) {
              // Weights stand in the order: which cell of 2 x 2 pixels, which pixel of it, which channel.
              const place = (((2 * (y >> 1) + (x >> 1)) * 2 + (y & 1)) * 2 + (x & 1)) * depth
              for (let c = 0; c < depth; c++) {
                const value = grid[2 * i + y]?.[2 * j + x]?.[c] ?? 0
                sum += value * weight[(place + c) * bias.length + k]
              }
            }
          }
          return silu(sum)
        }),
      ),
    )
  }
  const flat = grid.flat(2)
  return parameters['features.bias'].map((bias, k) =>
    silu(flat.reduce((sum, value, i) => sum + value * parameters['features.weight'][i * 64 + k], bias)),
  )
}

test.each([[[6, 9, 2]], [[8, 8, 1]]])(
  'features of a picture of %j are those of two strided convolutions',
  shape => {
    const of = { shape, classes: 3 }
    const flat = initialClassifier(of, random(1, 'test'))
    const size = shape[0] * shape[1] * shape[2]
    const source = random(2, 'test')
    const pictures = Float32Array.from({ length: 2 * size }, () => source.normal())
    const graph = simplify(
      trace(
        () =>
          applyClassifier(
            of,
            cutClassifier(constant(flat, [flat.length]), of),
            constant(pictures, [2, ...shape]),
          ),
        {},
      ),
    )
    const [features, logs] = evaluate(graph, [])
    const parameters: Record<string, number[]> = {}
    let at = 0
    for (const [name, [rows, columns = 1]] of Object.entries(classifierShapes(of))) {
      parameters[name] = [...flat.subarray(at, (at += rows * columns))]
    }
    expect(at).toBe(flat.length)
    for (const i of [0, 1]) {
      const expected = featuresByHand(shape, parameters, [...pictures.subarray(i * size, (i + 1) * size)])
      expected.forEach((value, k) => {
        expect(features.data[i * 64 + k]).toBeCloseTo(value, 6)
      })
      const sum = [0, 1, 2].reduce((all, k) => all + Math.exp(logs.data[i * 3 + k]), 0)
      expect(sum).toBeCloseTo(1, 6)
    }
  },
)

test('the most probable class is the first of the largest', () => {
  expect([...mostProbable([0, 2, 1, 5, 5, 4], 3)]).toEqual([1, 0])
})

describe('a classifier that is trained on labels', () => {
  const moons = generatedDataset('two-moons')

  test('tells rows of numbers apart, and is a network for features', async () => {
    const flat = await trainClassifier(runtime, moons, { steps: 150, seed: 1 })
    const { bytes, accuracy, count } = await triedClassifier(runtime, moons, flat, 'a command')
    expect(count).toBe(10_000)
    expect(accuracy).toBeGreaterThan(0.97)
    expect(readMetadata(bytes)).toMatchObject({
      format: 'oxbow-features',
      data: 'two-moons',
      fingerprint: moons.fingerprint.sha256,
      accuracy: accuracy.toFixed(4),
      tried: '10000',
      command: 'a command',
      classes: '["0","1"]',
    })
    const path = join(folder, 'moons.onnx')
    writeFileSync(path, bytes)
    const network = await openFeatures(runtime, path, { dimension: 2, classes: 2 })
    expect(network.tellsClasses).toBe(true)
    const found = await network.extract(Float32Array.of(-1, 1.5, 1, -1.5))
    expect([found.size, ...found.classes!]).toEqual([64, 0, 1])
    await network.close()
    // Of data with other classes its second output says nothing.
    const other = await openFeatures(runtime, path, { dimension: 2, classes: 3 })
    expect(other.tellsClasses).toBe(false)
    expect((await other.extract(Float32Array.of(0, 0))).classes).toBeUndefined()
    await other.close()
  })

  test('takes the data in its own units, constant columns too', async () => {
    const source = random(3, 'test')
    const values = Float32Array.from({ length: 3000 }, (_, i) =>
      i % 3 === 2 ? 7 : 1000 + 50 * (source.normal() + (i % 6 < 3 ? 4 : 0)),
    )
    const labels = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 'right' : 'left'))
    const dataset = pointsDataset(values, { dimension: 3, labels })
    const seen = standardizedBy(standardizationOf('auto', dataset), dataset)
    const flat = await trainClassifier(runtime, seen, { steps: 60, seed: 1 })
    const { accuracy, count } = await triedClassifier(runtime, seen, flat, '')
    expect(count).toBe(dataset.split!.heldOut)
    expect(accuracy).toBeGreaterThan(0.97)
  })

  test('repeats by its seed', async () => {
    const train = (seed: number) => trainClassifier(runtime, moons, { steps: 3, seed })
    const first = await train(1)
    expect(await train(1)).toEqual(first)
    expect(await train(2)).not.toEqual(first)
  })
})

describe('networks that come with the package', () => {
  test.each(readdirSync(SHIPPED))('%s says how good it is, and is small', file => {
    const bytes = readFileSync(new URL(file, SHIPPED))
    const { format, accuracy, tried, command } = readMetadata(bytes)
    expect(format).toBe('oxbow-features')
    expect(Number(accuracy)).toBeGreaterThan(
      file.startsWith('fashion') ? 0.9 : file === 'mnist.onnx' ? 0.98 : 0.995,
    )
    expect(tried).toBe('10000')
    expect(command).toMatch(/^npm run features -- /)
    expect(bytes.length).toBeLessThan(400_000)
  })

  test.each([16, 28])('tells fresh glyphs of size %i apart', async size => {
    const dataset = generatedDataset({ glyphs: { size } })
    const network = (await featuresFor(runtime, dataset, undefined))!
    const [points, classes] = [new Float32Array(1000 * size * size), new Float32Array(1000)]
    dataset.sample(random(8, 'fresh'), points, classes)
    const found = await network.extract(points)
    expect(found.size).toBe(64)
    const right = found.classes!.filter((k, i) => k === classes[i]).length
    expect(right).toBeGreaterThanOrEqual(995)
    await network.close()
  })

  test('there is none for other data, whatever its name', async () => {
    expect(pictureShape(generatedDataset('glyphs'))).toEqual([16, 16, 1])
    expect(await featuresFor(runtime, generatedDataset({ glyphs: { size: 20 } }), undefined)).toBeUndefined()
    const values = Float32Array.from({ length: 30 * 784 }, (_, i) => i % 256)
    const mine = pointsDataset(values, { dimension: 784, image: [28, 28, 1], name: 'mnist' })
    expect(await featuresFor(runtime, mine, undefined)).toBeUndefined()
  })
})
