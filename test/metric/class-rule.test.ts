import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { collectDataset, pointsDataset } from '../../src/data/in-memory.ts'
import { classRule } from '../../src/metric/class-rule.ts'
import { type Random, random } from '../../src/random/random.ts'

describe('the class of a point', () => {
  test('of a mixture is the component that is most probable there', () => {
    const dataset = generatedDataset('eight-gaussians')
    const { components } = dataset.mixture!
    const centers = Float32Array.from(components.flatMap(({ mean }) => [...mean]))
    expect([...classRule(dataset)(centers)]).toEqual([...components.keys()])
    // So far away that no density is left.
    expect([...classRule(dataset)(Float32Array.of(1e30, Number.NaN))]).toEqual([-1])
  })

  test('of rows is that of the nearest row, and none where a coordinate is not finite', async () => {
    async function* rows() {
      for (let i = 0; i < 400; i++) {
        const value = (i % 2 ? 5 : -5) + Math.sin(i)
        yield { values: [value, 0], label: value > 0 ? 'right' : 'left' }
      }
    }
    const dataset = await collectDataset(rows(), { dimension: 2 })
    const found = classRule(dataset)(Float32Array.of(-4, 0, 6, 1, 0.7, 0, -100, 50, 1, Number.NaN))
    const names = [...found].map(i => dataset.labels!.names[i] ?? 'none')
    expect(names).toEqual(['left', 'right', 'right', 'left', 'none'])
  })

  test('is none without a training row', async () => {
    async function* rows() {
      for (let i = 0; i < 400; i++) yield { values: [i, 0], label: i === 7 ? 'rare' : 'common' }
    }
    const dataset = await collectDataset(rows(), { dimension: 2 })
    const { names } = dataset.labels!
    const rare = names.indexOf('rare')
    const split = {
      ...dataset.split!,
      take: (_: unknown, source: Random, points: Float32Array, classes: Uint16Array) => {
        dataset.split!.take('training', source, points, classes)
        classes.fill(1 - rare)
      },
    } as never
    expect([...classRule({ ...dataset, split })(Float32Array.of(7, 0))]).toEqual([1 - rare])
  })
})

test('of many coordinates it is that of the nearest row too', () => {
  const [dimension, count] = [40, 300]
  const source = random(3, 'rows')
  const values = Float32Array.from({ length: count * dimension }, () => source.normal())
  const labels = Array.from({ length: count }, (_, i) => i % 3)
  const dataset = pointsDataset(values, { dimension, labels, holdOut: 0 })
  const points = Float32Array.from({ length: 20 * dimension }, () => source.normal())
  points[5 * dimension + 1] = Number.NaN
  const nearest = (i: number): number => {
    const squares = labels.map((_, row) =>
      points
        .subarray(i * dimension, (i + 1) * dimension)
        .reduce((sum, value, k) => sum + (value - values[row * dimension + k]) ** 2, 0),
    )
    return labels[squares.indexOf(Math.min(...squares))]
  }
  expect([...classRule(dataset)(points)]).toEqual(
    Array.from({ length: 20 }, (_, i) => (i === 5 ? -1 : nearest(i))),
  )
})
