import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type DatasetSpec, openDataset } from '../../src/data/catalogue.ts'
import { inOrderOf } from '../../src/data/column-order.ts'
import type { Dataset } from '../../src/data/dataset.ts'
import { collectDataset, pointsDataset } from '../../src/data/in-memory.ts'
import { encodeNpz } from '../../src/data/npy.ts'
import { standardizedBy } from '../../src/data/standardized.ts'
import { random } from '../../src/random/random.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { encodeParquet } from './files.ts'

const folder = temporaryFolder('row-vectors')
const file = (name: string, content: string | Uint8Array): string => {
  writeFileSync(join(folder, name), content)
  return join(folder, name)
}

/** Row `i` is the point `(i, 2 i)` with the vector `(i / 4, 5 - i)` and the class `i % 3`. */
const ROWS = 200
const rows = Array.from({ length: ROWS }, (_, i) => ({
  x: i,
  y: 2 * i,
  a: i / 4,
  b: 5 - i,
  kind: `k${i % 3}`,
}))
const pointsOf = Float32Array.from(rows.flatMap(({ x, y }) => [x, y]))
const vectorsOf = Float32Array.from(rows.flatMap(({ a, b }) => [a, b]))
const text = (keys: readonly (keyof (typeof rows)[number])[]) =>
  [keys.join(), ...rows.map(row => keys.map(key => row[key]).join())].join('\n')

/** Checks that each point that is drawn comes with its own vector, whichever side it is on. */
function checkRows(dataset: Dataset): void {
  expect([dataset.dimension, dataset.vector!.size]).toEqual([2, 2])
  const { training, heldOut } = dataset.split!
  expect([training + heldOut, heldOut > 0]).toEqual([ROWS, true])
  const draws: [number, (points: Float32Array, vectors: Float32Array) => void][] = [
    [300, (points, vectors) => dataset.sample(random(1), points, undefined, vectors)],
    [training, (points, vectors) => dataset.split!.take('training', random(1), points, undefined, vectors)],
    [heldOut, (points, vectors) => dataset.split!.take('heldOut', random(1), points, undefined, vectors)],
  ]
  for (const [count, draw] of draws) {
    const [points, vectors] = [new Float32Array(2 * count), new Float32Array(2 * count)]
    draw(points, vectors)
    for (let i = 0; i < count; i++) {
      const x = points[2 * i]
      expect([points[2 * i + 1], vectors[2 * i], vectors[2 * i + 1]]).toEqual([2 * x, x / 4, 5 - x])
    }
  }
  expect(dataset.vector).toMatchObject({ minimum: [0, -194], maximum: [199 / 4, 5] })
  expect(dataset.statistics!.mean).toHaveLength(2)
  expect(dataset.fingerprint.maximum).toEqual([199, 398])
}

const jsonl = (row: (typeof rows)[number]): object => ({ at: [row.x, row.y], told: [row.a, row.b] })

const specs: [string, () => DatasetSpec][] = [
  [
    'csv, by name',
    () => ({ csv: { path: file('n.csv', text(['a', 'x', 'b', 'y'])), condition: ['a', 'b'] } }),
  ],
  [
    'csv, by number, with a label',
    () => ({ csv: { path: file('l.csv', text(['kind', 'x', 'y', 'a', 'b'])), label: 1, condition: [4, 5] } }),
  ],
  [
    'csv, of chosen columns',
    () => ({
      csv: { path: file('c.csv', text(['b', 'y', 'x', 'a'])), columns: ['x', 'y'], condition: ['a', 'b'] },
    }),
  ],
  [
    'parquet',
    () => ({
      parquet: {
        path: file(
          't.parquet',
          encodeParquet(
            (['a', 'x', 'y', 'b'] as const).map(name => ({
              name,
              data: rows.map(row => row[name]),
              type: 'DOUBLE',
            })),
          ),
        ),
        condition: ['a', 'b'],
      },
    }),
  ],
  [
    'json lines, of keys',
    () => ({
      jsonl: {
        path: file('k.jsonl', rows.map(row => JSON.stringify(row)).join('\n')),
        label: 'kind',
        condition: ['a', 'b'],
      },
    }),
  ],
  [
    'json lines, of lists',
    () => ({
      jsonl: {
        path: file('f.jsonl', rows.map(row => JSON.stringify(jsonl(row))).join('\n')),
        field: 'at',
        condition: 'told',
      },
    }),
  ],
  [
    'npz',
    () => ({
      npz: {
        path: file(
          'v.npz',
          encodeNpz({ x: { shape: [ROWS, 2], data: pointsOf }, c: { shape: [ROWS, 2], data: vectorsOf } }),
        ),
        condition: 'c',
      },
    }),
  ],
]

describe('each row has its vector', () => {
  test.each(specs)('in %s', async (_, spec) => checkRows(await openDataset(spec())))

  test('in rows that are kept in a file and found again', async () => {
    const options = { memory: 0, cache: join(folder, 'cache') }
    const [, spec] = specs[0]
    const first = await openDataset(spec(), options)
    checkRows(first)
    const again = await openDataset(spec(), options)
    checkRows(again)
    expect(again.vector).toEqual(first.vector)
  })

  test('from code, and with pictures', async () => {
    checkRows(pointsDataset(pointsOf, { dimension: 2, conditions: vectorsOf }))
    const items = rows.map(({ x, y, a, b, kind }) => ({ values: [x, y], condition: [a, b], label: kind }))
    checkRows(await collectDataset(items, { dimension: 2 }))
    const pictures = pointsDataset(
      Uint8Array.from({ length: 12 * 40 }, (_, i) => i % 251),
      {
        dimension: 12,
        image: [2, 2, 3],
        conditions: Float32Array.from({ length: 40 }, (_, i) => 1000 + i),
      },
    )
    expect(pictures.shape).toEqual([2, 2, 3])
    expect(pictures.vector).toMatchObject({ size: 1, minimum: [1000], maximum: [1039] })
    expect(pictures.fingerprint.maximum).toHaveLength(3)
  })

  test('in standardised and reordered points, in its own units', async () => {
    const dataset = await openDataset(specs[0][1]())
    const turned = inOrderOf(dataset, { name: 'x', columns: ['y', 'x'] })
    const seen = standardizedBy({ shift: [5, 5], scale: [2, 4] }, turned)
    const [points, vectors] = [new Float32Array(20), new Float32Array(20)]
    seen.split!.take('heldOut', random(3), points, undefined, vectors)
    for (let i = 0; i < 10; i++) {
      const x = 4 * points[2 * i + 1] + 5
      expect([2 * points[2 * i] + 5, vectors[2 * i], vectors[2 * i + 1]]).toEqual([2 * x, x / 4, 5 - x])
    }
  })

  test('has the scale of its training rows, 0 where it is constant, and its names', async () => {
    const dataset = await openDataset(specs[0][1]())
    expect(dataset.columns).toEqual(['x', 'y'])
    expect(dataset.vector!.columns).toEqual(['a', 'b'])
    const { shift, scale } = dataset.vector!.standardization
    expect(5 - 4 * shift[0]).toBeCloseTo(shift[1], 3)
    expect(4 * scale[0]).toBeCloseTo(scale[1], 3)
    const constant = pointsDataset(pointsOf, { dimension: 2, conditions: new Float32Array(ROWS).fill(3) })
    expect(constant.vector!.standardization).toEqual({ shift: [3], scale: [0] })
  })
})

describe('what is no vector of each row is refused', () => {
  const path = file('bad.csv', text(['x', 'y', 'a', 'kind']))
  const x = { shape: [ROWS, 2], data: pointsOf }
  test.each<[DatasetSpec, RegExp]>([
    [{ csv: { path, label: 'kind', condition: ['z'] } }, /no column "z"/],
    [{ csv: { path, columns: ['x', 'a'], condition: ['a'] } }, /column "a" is chosen twice/],
    [{ csv: { path, condition: ['x', 'kind'] } }, /row 2, column 4 \("kind"\): expected a number/],
    [
      { csv: { path, label: 'kind', condition: ['kind'] } },
      /"kind" is the label, it cannot be a coordinate or a condition/,
    ],
    [{ csv: { path, label: 'kind', condition: ['x', 'y', 'a'] } }, /no column is left for coordinates/],
    [
      {
        npz: {
          path: file('s.npz', encodeNpz({ x, c: { shape: [3, 1], data: vectorsOf.slice(0, 3) } })),
          condition: 'c',
        },
      },
      /expected a vector for each of 200 rows, found 3 vectors/,
    ],
    [
      {
        jsonl: {
          path: file('s.jsonl', '{"x":[1],"c":[1,2]}\n{"x":[1],"c":[1]}\n'),
          field: 'x',
          condition: 'c',
        },
      },
      /row 2: expected 3 numbers, found 2/,
    ],
    [{ jsonl: { path: file('m.jsonl', '{"x":1}\n{"x":2}\n'), condition: ['c'] } }, /row 1: no key "c"/],
  ])('%j', async (spec, message) => {
    await expect(openDataset(spec)).rejects.toThrow(message)
  })

  test('from code', async () => {
    expect(() => pointsDataset(pointsOf, { dimension: 2, conditions: vectorsOf.slice(1) })).toThrow(
      /expected conditions of as many numbers for each of 200 points, found 399 numbers/,
    )
    expect(() => pointsDataset([1, 2], { dimension: 1, conditions: [1, Number.NaN] })).toThrow(
      /row 2, column 2: expected a finite/,
    )
    const items = [{ values: [1], condition: [1] }, { values: [2] }]
    await expect(collectDataset(items, { dimension: 1 })).rejects.toThrow(
      /expected a condition of 1 numbers for each point, as for the first, found 0/,
    )
  })
})
