import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { type DatasetSpec, generatedDataset, openDataset } from '../../src/data/catalogue.ts'
import { collectDataset, pointsDataset } from '../../src/data/in-memory.ts'
import { encodeNpy } from '../../src/data/npy.ts'
import { readPoints } from '../../src/data/points.ts'
import { standardizationOf } from '../../src/data/standardized.ts'
import { tiltedDataset } from '../../src/data/tilted.ts'
import { random } from '../../src/random/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'oxbow-space-'))
afterAll(() => rmSync(folder, { recursive: true }))
const path = join(folder, 'rows.csv')

/** The points of a file, row by row, rounded. */
async function pointsOf(content: string, options: object): Promise<number[][]> {
  writeFileSync(path, content)
  const { points, dimension } = await readPoints({ csv: { path, ...options } })
  return Array.from({ length: points.length / dimension }, (_, i) =>
    [...points.subarray(i * dimension, (i + 1) * dimension)].map(x => Number(x.toFixed(5)) + 0),
  )
}
const open = (content: string, options: object) => {
  writeFileSync(path, content)
  return openDataset({ csv: { path, ...options } } as DatasetSpec)
}

const HALF = Number(Math.SQRT1_2.toFixed(5))

describe('places', () => {
  const POINTS = [
    [1, 0, 0],
    [0, 0, 1],
    [0, HALF, HALF],
    [0, -1, 0],
  ]
  test.each([
    ['named in columns', 'mag,Lat,LON\n5,0,0\n6,90,17\n5,45,90\n7,0,270\n', { columns: ['Lat', 'LON'] }],
    ['in the other order', 'lng,latitude\n0,0\n17,90\n90,45\n-90,0\n', {}],
    ['in a header of such columns alone', 'latitude,longitude\n0,360\n90,17\n45,90\n0,-90\n', {}],
    ['beside a label', 'latitude,kind,longitude\n0,a,0\n90,b,17\n45,a,90\n0,b,-90\n', { label: 'kind' }],
  ])('%s are unit vectors', async (_, content, options) => {
    expect(await pointsOf(content, { ...options, space: 'sphere' })).toEqual(POINTS)
  })

  test('a dataset of them names its space, and keeps the file and its rows', async () => {
    const source = random(1, 'places')
    const rows = Array.from(
      { length: 300 },
      () => `${160 * source.uniform() - 80},${360 * source.uniform()},${source.integer(3)}`,
    )
    const content = `latitude,longitude,depth\n${rows.join('\n')}\n`
    const dataset = await open(content, { condition: 'depth', space: 'sphere' })
    expect(dataset).toMatchObject({ space: 'sphere', dimension: 3, shape: [3], columns: ['x', 'y', 'z'] })
    expect(dataset.vector).toMatchObject({ size: 1, columns: ['depth'], minimum: [0], maximum: [2] })
    expect(dataset.fingerprint.sha256).toBe(createHash('sha256').update(content).digest('hex'))
    expect(dataset.fingerprint.rows).toBe(300)
    expect(dataset.split!.training + dataset.split!.heldOut).toBe(300)
    expect(dataset.split!.heldOut).toBeGreaterThan(10)
    expect(dataset.warnings).toEqual([])
    expect(standardizationOf('auto', dataset)).toBeUndefined()
    const points = new Float32Array(dataset.split!.heldOut * 3)
    dataset.split!.take('heldOut', random(1, 'x'), points)
    for (let i = 0; i < points.length; i += 3)
      expect(Math.hypot(...points.subarray(i, i + 3))).toBeCloseTo(1, 6)
  })

  test('rows that are kept in a file and found there again are the same points', async () => {
    const content = `latitude,longitude\n${Array.from({ length: 50 }, (_, i) => `${i},${3 * i}`).join('\n')}\n`
    writeFileSync(path, content)
    const spec = { csv: { path, space: 'sphere' } }
    const options = { memory: 0, cache: join(folder) }
    const drawn = [
      await openDataset(spec, options),
      await openDataset(spec, options),
      await openDataset(spec),
    ].map(dataset => {
      const points = new Float32Array(60)
      dataset.sample(random(1, 'x'), points)
      return { points, space: dataset.space, fingerprint: dataset.fingerprint }
    })
    expect(drawn[1]).toEqual(drawn[0])
    expect(drawn[2]).toEqual(drawn[0])
    // The same file without a space is another table.
    expect((await openDataset({ csv: { path } }, options)).dimension).toBe(2)
  })
})

test('angles of degrees and radians come to a turn about 0', async () => {
  expect(await pointsOf('a,b\n190,90\n-270,359\n', { space: 'torus', unit: 'degrees' })).toEqual([
    [-2.96706, 1.5708],
    [1.5708, -0.01745],
  ])
  expect(await pointsOf('4,1\n-4,0\n', { space: 'torus' })).toEqual([
    [-2.28319, 1],
    [2.28319, 0],
  ])
})

test('lengths are made 1, and rotations rotations', async () => {
  expect(await pointsOf('0.6004,0.8004\n1,0\n', { space: 'sphere' })).toEqual([
    [0.60006, 0.79995],
    [1, 0],
  ])
  const turned = '0,-1,0,1,0,0,0,0,1'
  expect(
    await pointsOf(`${turned}\n${turned.replace('0,-1', '0.0004,-1')}\n`, { space: 'rotations' }),
  ).toEqual([
    [0, -1, 0, 1, 0, 0, 0, 0, 1],
    [0.0004, -1, 0, 1, 0.0004, 0, 0, 0, 1],
  ])
})

test('quaternions are matrices, their real part first or where its name says', async () => {
  const h = Math.SQRT1_2
  const turned = [0, -1, 0, 1, 0, 0, 0, 0, 1]
  expect(await pointsOf(`${h},0,0,${h}\n1,0,0,0\n`, { space: 'rotations' })).toEqual([
    turned,
    [1, 0, 0, 0, 1, 0, 0, 0, 1],
  ])
  expect(await pointsOf(`qx,qy,qz,qw\n0,0,${h},${h}\n0,0,-${h},-${h}\n`, { space: 'rotations' })).toEqual([
    turned,
    turned,
  ])
})

test('points of the hyperboloid, and blocks side by side', async () => {
  const [c, s] = [Math.cosh(2), Math.sinh(2)]
  expect(await pointsOf(`${c.toFixed(3)},0,${s.toFixed(3)}\n1,0,0\n`, { space: 'hyperbolic' })).toEqual([
    [Number(Math.hypot(1, Number(s.toFixed(3))).toFixed(5)), 0, 3.627],
    [1, 0, 0],
  ])
  const space = 'sphere(2) x torus(1) x flat(1)'
  expect(await pointsOf('a,b,c,d\n0,1,90,7\n1,0,270,8\n', { space, unit: 'degrees' })).toEqual([
    [0, 1, 1.5708, 7],
    [1, 0, -1.5708, 8],
  ])
})

test('points of the Poincare disc', async () => {
  const half = Math.tanh(1) / Math.SQRT2
  // At the distance 2 from the middle.
  const [c, s] = [Math.cosh(2), Math.sinh(2) / Math.SQRT2].map(x => Number(x.toFixed(5)))
  const rows = `u,v\n0,0\n${half},${-half}\n`
  expect(await pointsOf(rows, { space: 'hyperbolic', unit: 'disc' })).toEqual([
    [1, 0, 0],
    [c, s, -s],
  ])
  const refused = (row: string, keys: object) => expect(pointsOf(`u,v\n${row}\n`, keys)).rejects
  const inDisc = { space: 'hyperbolic', unit: 'disc' }
  await refused('0.8,0.8', inDisc).toThrow(
    /expected a point of the Poincare disc, of length below 1 .* found 1\.13/,
  )
  await refused('0,0.999', inDisc).toThrow(/within the distance 6 .* found one of 0\.999, at 7\.6/)
  await refused('0,0', { space: 'sphere', unit: 'disc' }).toThrow(
    /unit: disc belongs to points of the Poincare disc; say space: hyperbolic/,
  )
})

test('arrays and JSON lines are read likewise', async () => {
  const npy = join(folder, 'rows.npy')
  writeFileSync(npy, encodeNpy({ shape: [2, 2], data: Float32Array.of(0, 0.9995, 1, 0) }))
  const array = await openDataset({ npy: { path: npy, space: 'sphere' } })
  expect([array.space, array.fingerprint.maximum]).toEqual(['sphere', [1, 1]])
  const jsonl = join(folder, 'rows.jsonl')
  writeFileSync(jsonl, '{"lat": 0, "lon": 90}\n{"lat": 90, "lon": 0}\n')
  const { points, columns } = await readPoints({ jsonl: { path: jsonl, space: 'sphere' } })
  expect([...points].map(Math.round)).toEqual([0, 1, 0, 0, 0, 1])
  expect(columns).toEqual(['x', 'y', 'z'])
})

const wrong: [string, string, object, string][] = [
  [
    'a latitude',
    'id,lat,lon\n1,10,20\n2,91.5,20\n',
    { columns: ['lat', 'lon'], space: 'sphere' },
    'row 3, column 2 ("lat"): expected a latitude in degrees from -90 to 90, found 91.5',
  ],
  [
    'a longitude',
    'lat,lon\n1,-181\n2,0\n',
    { space: 'sphere' },
    'row 2, column 2 ("lon"): expected a longitude in degrees from -180 to 360, found -181',
  ],
  [
    'places without names',
    '10,20\n30,40\n',
    { space: 'sphere' },
    'row 1: expected a vector of length 1, found one of 22.3607; of latitude and longitude, name the columns so: columns: [latitude, longitude] (and 1 more: row 2)',
  ],
  [
    'what is no number',
    'lat,lon\n1,oops\n2,0\n',
    { space: 'sphere' },
    'row 2, column 2 ("lon"): expected a number, found "oops"',
  ],
  [
    'degrees that are not said to be so',
    'a,b\n90,1\n0,0\n',
    { space: 'torus' },
    'row 2, column 1 ("a"): expected an angle in radians from -2 pi to 2 pi, found 90; of degrees, say unit: degrees',
  ],
  [
    'a mirror',
    '1,0,0,0,1,0,0,0,-1\n1,0,0,0,1,0,0,0,1\n',
    { space: 'rotations' },
    'row 1: expected a rotation, found one that mirrors: its determinant is -1',
  ],
  [
    'a matrix',
    '1,0,0,0,1,0,0,0,1\n1,0,0,0.5,0.8,0,0,0,1\n',
    { space: 'rotations' },
    'row 2: expected a rotation, row after row: row 2 times row 1 is 0.5, not 0',
  ],
  [
    'a quaternion',
    '1,0,0,1\n1,0,0,0\n',
    { space: 'rotations' },
    'row 1: expected a quaternion of length 1, found one of 1.41421',
  ],
  [
    'a number of columns',
    'a,b,c,d,e\n1,0,0,1,2\n1,0,0,0,2\n',
    { space: 'rotations' },
    'space rotations: expected the 9 entries of a matrix, or the 4 of a quaternion in each row, found 5 ("a, b, c, d, e")',
  ],
  [
    'what is off the hyperboloid',
    '1.5,0,0\n1,0,0\n',
    { space: 'hyperbolic' },
    'row 1: expected a point of the hyperboloid, x0^2 - |x|^2 = 1 with x0 > 0, found x0 = 1.5 and x0^2 - |x|^2 = 2.25',
  ],
  [
    'what is far out',
    `${Math.cosh(6.5)},0,${Math.sinh(6.5)}\n1,0,0\n`,
    { space: 'hyperbolic' },
    'row 1: expected a point within the distance 6 of the lowest point (1, 0, ...), where 32-bit floats tell points apart, found one at 6.5',
  ],
  [
    'a block of a product',
    'a,b,c\n0.5,0,1\n1,0,2\n',
    { space: 'sphere(2) x flat(1)' },
    'row 2: sphere: expected a vector of length 1, found one of 0.5; of latitude and longitude',
  ],
]
test.each(wrong)('%s that is wrong is named in one line', async (_, content, options, message) => {
  await expect(open(content, options)).rejects.toThrow(`${path}: ${message}`)
})

test('a space that is not known, and a unit of no angles, are refused', async () => {
  await expect(open('1,2\n', { space: 'ball' })).rejects.toThrow(
    'csv.space: expected flat, sphere, torus, rotations, hyperbolic, or a product such as "sphere(3) x flat(1)"; found "ball"',
  )
  await expect(open('1,2\n', { space: 'sphere', unit: 'degrees' })).rejects.toThrow(
    'unit: degrees belongs to angles; say space: torus',
  )
})

test('points from code name their space, and must lie there', async () => {
  const points = pointsDataset([1, 0, 0, 0, 0.6, 0.8], { dimension: 3, space: 'sphere' })
  expect(points).toMatchObject({ space: 'sphere', dimension: 3 })
  const turns = await collectDataset(
    [
      [1, 0, 0, 0],
      [0, 1, 0, 0],
    ],
    { dimension: 4, space: 'rotations' },
  )
  expect(turns).toMatchObject({
    space: 'rotations',
    dimension: 9,
    fingerprint: { minimum: expect.any(Array), rows: 2 },
  })
  expect(() => pointsDataset([1, 0, 0, 0, 0.6, 0.9], { dimension: 3, space: 'sphere' })).toThrow(
    'points: row 2: expected a vector of length 1, found one of 1.08167',
  )
  expect(() => pointsDataset([1, 0], { dimension: 2, space: 'ball' })).toThrow(
    'pointsDataset: space: expected flat, sphere, torus',
  )
})

test('tilted data stays in its space', () => {
  const base = generatedDataset('sphere-vmf')
  const tilted = tiltedDataset(base, { parameters: {}, tilt: point => point[0], most: 1 })
  expect(tilted.space).toBe('sphere')
  expect(tilted.logDensity).toBeUndefined()
})
