import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { zipSync } from 'fflate'
import { beforeAll, describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/index.ts'
import { encodeNpy, encodeNpz } from '../../src/data/npy.ts'
import { importModel } from '../../src/importing/import.ts'
import { decodeNpzWeights } from '../../src/importing/weights-file.ts'
import { load, train } from '../../src/index.ts'
import { parameterCount } from '../../src/model/index.ts'
import {
  encodeModelFile,
  encodeOnnxModel,
  type Model,
  namedParameters,
} from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { RunError } from '../../src/serialization/run.ts'
import { decodeSafetensors, encodeSafetensors } from '../../src/serialization/safetensors.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('model-files')
const at = (name: string) => join(folder, name)
const write = (name: string, bytes: Uint8Array): string => {
  writeFileSync(at(name), bytes)
  return at(name)
}

const far = { gaussian: { mean: [50, -2], std: [4, 0.3] } }
beforeAll(() => train({ ...tiny, data: far, standardize: 'column', steps: 2 }, { directory: at('run') }))

/** Whatever went wrong was said in one line by an error of ours. */
function expectRefused(error: unknown, name: string): void {
  expect(error).toBeInstanceOf(RunError)
  const { message } = error as Error
  expect(message).toContain(name)
  expect(message).not.toContain('\n')
  expect(message.length).toBeLessThan(2000)
}

const network = fc.record({
  hidden: fc.integer({ min: 1, max: 6 }),
  layers: fc.integer({ min: 1, max: 4 }),
  embedding: fc.constantFrom('fourier' as const, 'raw' as const),
  frequencies: fc.integer({ min: 1, max: 4 }),
  conditioning: fc.constantFrom('s,t' as const, 's,s-t' as const, 's-t' as const),
  injection: fc.constantFrom('input' as const, 'layers' as const),
})

const model = fc
  .record({ network, dimension: fc.integer({ min: 1, max: 4 }), standardized: fc.boolean(), seed: fc.nat() })
  .map(({ network, dimension, standardized, seed }): Model => {
    const config = resolveConfig({ objective: 'psd', network })
    const size = parameterCount(config, { shape: [dimension] })
    const numbers = (k: number) => Array.from({ length: dimension }, (_, i) => 1.5 + Math.sin(seed + k + i))
    return {
      config,
      dimension,
      data: {
        name: 'any',
        dimension,
        fingerprint: { sha256: 'ab', rows: null, minimum: [], maximum: [] },
        ...(standardized && { standardization: { shift: numbers(1), scale: numbers(2) } }),
      },
      parameters: Float32Array.from({ length: size }, (_, i) => Math.sin(seed + i)),
    }
  })

describe('a model', () => {
  test('of any shape survives its safetensors file', () => {
    fc.assert(
      fc.property(model, given => {
        const file = write('any.safetensors', encodeModelFile(given))
        expect(readModel(file)).toEqual(given)
      }),
      { numRuns: 60 },
    )
  })

  test('of any shape survives its ONNX file, units included', async () => {
    await fc.assert(
      fc.asyncProperty(model, async given => {
        const [a, b] = [
          await load(write('any.safetensors', encodeModelFile(given))),
          await load(write('any.onnx', encodeOnnxModel(given))),
        ]
        const x = Float32Array.from({ length: 3 * given.dimension }, (_, i) => Math.cos(i))
        for (const [s, t] of [
          [1, 0],
          [0.7, 0.2],
        ]) {
          const [expected, found] = [await a.jump(x, s, t), await b.jump(x, s, t)]
          found.forEach((value, i) => {
            expect(Math.abs(value - expected[i])).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected[i])))
          })
        }
        expect([b.dimension, b.objective, b.standardization]).toEqual([
          a.dimension,
          a.objective,
          a.standardization,
        ])
        await Promise.all([a.close(), b.close()])
      }),
      { numRuns: 12 },
    )
  })
})

test('weights that are not finite are refused with the name of their tensor, and so are samples', async () => {
  const bytes = readFileSync(join(at('run'), 'model.safetensors'))
  const { tensors, metadata } = decodeSafetensors(bytes, 'run')
  const changed = (name: string, value: number) => {
    const data = tensors[name].data.map(() => value) as Float32Array
    return encodeSafetensors({ tensors: { ...tensors, [name]: { ...tensors[name], data } }, metadata })
  }
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const path = write('nan.safetensors', changed('1.weight', value))
    expect(() => readModel(path)).toThrow(`${path}: tensor 1.weight: holds values that are not finite`)
  }
  const huge = write('huge.safetensors', changed('1.weight', 3e38))
  const out = at('never.csv')
  const { code, stderr } = await runHere(['sample', huge, '--count', '20', '--out', out])
  expect(stderr).toMatch(
    /^oxbow: .*: gives samples that are not finite numbers \(sample \d+, coordinate \d\); nothing was written\n$/,
  )
  expect(code).toBe(2)
  expect(existsSync(out)).toBe(false)
})

test('a model of any shape, exported as arrays, is imported as it was', () => {
  const inputs = { 's,t': ['x', 's', 't'], 's,s-t': ['x', 's', 'd'], 's-t': ['x', 'd'] } as const
  fc.assert(
    fc.property(model, given => {
      const { objective, network } = given.config
      const { standardization } = given.data
      const arrays = decodeNpzWeights(encodeNpz(namedParameters(given)), 'any.npz')
      const { model: found } = importModel(arrays, 'any.npz', {
        convention: 'oxbow',
        inputs: inputs[network.conditioning as keyof typeof inputs],
        config: { objective },
        ...standardization,
      })
      expect(found.parameters).toEqual(given.parameters)
      expect({ ...found.config.network, frequencies: 0 }).toEqual({ ...network, frequencies: 0 })
      expect([found.dimension, found.data.standardization]).toEqual([given.dimension, standardization])
    }),
    { numRuns: 60 },
  )
})

const arrays = fc.dictionary(
  fc.stringMatching(/^[a-zA-Z0-9_.-]{1,12}$/),
  fc
    .tuple(fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 3 }), fc.boolean(), fc.nat())
    .map(([shape, wide, seed]) => {
      const values = Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
        Math.fround(Math.sin(seed + i)),
      )
      return { shape, data: wide ? Float64Array.from(values) : Float32Array.from(values) }
    }),
  { minKeys: 1, maxKeys: 4 },
)

describe('weights in an NPZ file', () => {
  test('survive writing and reading, compressed or not', () => {
    fc.assert(
      fc.property(arrays, given => {
        expect(decodeNpzWeights(encodeNpz(given), 'w.npz').tensors).toEqual({ ...given })
        const files = Object.entries(given).map(([name, array]) => [`${name}.npy`, encodeNpy(array)] as const)
        expect(decodeNpzWeights(zipSync(Object.fromEntries(files)), 'w.npz').tensors).toEqual({ ...given })
      }),
    )
  })

  const one = { w: { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) } }
  const bytes = encodeNpz(one)

  test('cut anywhere are refused', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(() => decodeNpzWeights(bytes.subarray(0, length), 'w.npz')).toThrow(RunError)
    }
  })

  test('with bytes changed are refused in a line, or still whole arrays', () => {
    const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 6,
    })
    for (const original of [bytes, zipSync({ 'w.npy': encodeNpy(one.w) })]) {
      fc.assert(
        fc.property(change, changes => {
          const damaged = original.slice()
          for (const [place, value] of changes) damaged[place % damaged.length] = value
          try {
            for (const { shape, data } of Object.values(decodeNpzWeights(damaged, 'w.npz').tensors)) {
              expect(data).toHaveLength(shape.reduce((a, b) => a * b, 1))
            }
          } catch (error) {
            expectRefused(error, 'w.npz')
          }
        }),
        { numRuns: 400 },
      )
    }
  })

  test('with a flipped bit in their numbers are refused, also where they are compressed', () => {
    for (const original of [bytes, zipSync({ 'w.npy': encodeNpy(one.w) })]) {
      const central = Buffer.from(original).indexOf(Buffer.from('PK\x01\x02', 'latin1'))
      for (let at = central - 24; at < central; at++) {
        const damaged = original.slice()
        damaged[at] ^= 4
        expect(() => decodeNpzWeights(damaged, 'w.npz')).toThrow(RunError)
      }
    }
  })

  test('with a damaged name, or number of arrays, are refused', () => {
    const named = encodeNpz({ 'net.0.weight': one.w, b: one.w })
    const archive = Buffer.from(named)
    const end = archive.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'))
    const changes = [
      [archive.indexOf('0.weight'), 1, /its name is written twice, the other is/],
      [archive.lastIndexOf('0.weight'), 1, /its name is written twice, the other is/],
      [end + 8, 2, /it holds more arrays, or fewer, than it says/],
      [end + 8, 3, /it holds more arrays, or fewer, than it says/],
    ] as const
    for (const [at, bits, message] of changes) {
      const damaged = named.slice()
      damaged[at] ^= bits
      expect(() => decodeNpzWeights(damaged, 'w.npz')).toThrow(message)
    }
  })

  test('of many arrays that unpack to gigabytes together are refused', () => {
    const small = encodeNpy(one.w)
    const bomb = Buffer.from(
      zipSync(Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.npy`, small]))),
    )
    for (let at = bomb.indexOf('PK\x01\x02', 0, 'latin1'); at >= 0; ) {
      bomb.writeUInt32LE(2_000_000, at + 24)
      at = bomb.indexOf('PK\x01\x02', at + 4, 'latin1')
    }
    expect(() => decodeNpzWeights(bomb, 'w.npz')).toThrow(/w\.npz: inflates to more than 67108864 bytes/)
  })

  test('that unpack to gigabytes are refused before they are unpacked', () => {
    const bomb = zipSync({ 'w.npy': new Uint8Array(3_000_000) }, { level: 9 })
    expect(bomb.length).toBeLessThan(10_000)
    // The size that the archive claims, at its entry in the directory and at the file itself.
    const claimed = new DataView(bomb.buffer, bomb.byteOffset)
    const [directory] = Array.from(bomb.keys()).filter(
      i => claimed.byteLength - i > 4 && claimed.getUint32(i, true) === 0x02014b50,
    )
    claimed.setUint32(directory + 24, 0xfffffff0, true)
    expect(() => decodeNpzWeights(bomb, 'w.npz')).toThrow(/w\.npz: inflates to more than 67108864 bytes/)
    // A smaller lie: what it unpacks to is bounded by what it claims.
    claimed.setUint32(directory + 24, 100, true)
    expect(() => decodeNpzWeights(bomb, 'w.npz')).toThrow(RunError)
  })

  const header = (text: string) => {
    const npy = encodeNpy(one.w)
    const start = Buffer.from(npy).indexOf('(3, 2)')
    const changed = npy.slice()
    changed.set(Buffer.from(text.padEnd(20)), start)
    return zipSync({ 'w.npy': changed })
  }
  test.each<[string, () => Uint8Array, RegExp]>([
    ['an absurd shape', () => header('(999999999999999, 9)'), /w\.npz: "w\.npy": cannot have the shape/],
    ['a shape beyond numbers', () => header(`(${'9'.repeat(16)}, )`), /w\.npy": cannot have the shape/],
    [
      'a file that is no array',
      () => zipSync({ 'readme.txt': Buffer.from('hello') }),
      /expected arrays \(\.npy\), found "readme.txt"/,
    ],
    [
      'a pickle under its name',
      () => zipSync({ 'w.npy': Buffer.from('\x80\x04K\x01.') }),
      /w\.npy": not an NPY file/,
    ],
    [
      'endless arrays',
      () =>
        zipSync(Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`a${i}.npy`, new Uint8Array(0)]))),
      /holds more than 1000 arrays/,
    ],
    ['no archive', () => Buffer.from('w = 1'), /w\.npz: not an NPZ file, or cut short/],
  ])('of %s are refused', (_, make, message) => {
    expect(() => decodeNpzWeights(make(), 'w.npz')).toThrow(message)
  })
})

describe('a model file', () => {
  const whole = () => readFileSync(at('run/model.safetensors'))

  test('with bytes changed is refused in a line, or is a model still', () => {
    const bytes = whole()
    const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(change, changes => {
        const damaged = Uint8Array.from(bytes)
        // Where the header ends, numbers begin, of which every one is as good as another.
        for (const [place, value] of changes) damaged[place % 3000] = value
        const file = write('damaged.safetensors', damaged)
        try {
          const { parameters, config, dimension } = readModel(file)
          expect(parameters).toHaveLength(parameterCount(config, { shape: [dimension] }))
        } catch (error) {
          expectRefused(error, 'damaged.safetensors')
        }
      }),
      { numRuns: 300 },
    )
  })

  const changed = (change: (metadata: Record<string, string>) => object) => {
    const { tensors, metadata } = decodeSafetensors(whole(), 'model')
    const bytes = encodeSafetensors({
      tensors,
      metadata: { ...metadata, ...change(metadata) } as Record<string, string>,
    })
    return write('hostile.safetensors', bytes)
  }
  const inData = (change: (data: Record<string, unknown>) => unknown) => () =>
    changed(({ data }) => ({ data: JSON.stringify(change(JSON.parse(data))) }))
  const inConfig = (change: (config: { network: object }) => unknown) => () =>
    changed(({ config }) => ({ config: JSON.stringify(change(JSON.parse(config))) }))

  test.each<[string, () => string, RegExp]>([
    [
      'an ONNX model under its name',
      () => write('hostile.safetensors', readFileSync(at('run/model.onnx'))),
      /not a safetensors file/,
    ],
    [
      'a network of other sizes',
      inConfig(c => ({ ...c, network: { ...c.network, hidden: 8192, layers: 64 } })),
      /tensor 0.weight: expected \[8192, 18\], found \[16, 18\]/,
    ],
    [
      'a dimension beyond reason',
      inData(d => ({ ...d, dimension: 2 ** 52 })),
      /record of its data is damaged|tensor 0.weight/,
    ],
    [
      'units of too few columns',
      inData(d => ({ ...d, standardization: { shift: [1], scale: [1] } })),
      /record of its data is damaged \(standardization\)/,
    ],
    [
      'a negative scale',
      inData(d => ({ ...d, standardization: { shift: [1, 1], scale: [1, -1] } })),
      /damaged \(standardization/,
    ],
    [
      'a scale that is text',
      inData(d => ({ ...d, standardization: { shift: [1, 1], scale: ['1', '1'] } })),
      /damaged \(standardization/,
    ],
    ['data that is no record', inData(() => null), /record of its data is damaged/],
    ['a configuration of another kind', inConfig(() => []), /config: expected keys and values/],
    ['deep nesting', () => changed(() => ({ config: '['.repeat(100_000) })), /hostile\.safetensors: /],
  ])('with %s is refused', (_, make, message) => {
    const file = make()
    expect(() => readModel(file)).toThrow(RunError)
    expect(() => readModel(file)).toThrow(message)
  })
})

describe('an ONNX file', () => {
  test('with bytes changed is refused in a line, or runs', { timeout: 60_000 }, async () => {
    const bytes = readFileSync(at('run/model.onnx'))
    const change = fc.array(fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(change, async changes => {
        const damaged = Uint8Array.from(bytes)
        for (const [place, value] of changes) damaged[place] = value
        const file = write('damaged.onnx', damaged)
        try {
          const map = await load(file)
          const found = await map.jump(Float32Array.of(1, 2), 1, 0).finally(() => map.close())
          expect(found).toHaveLength(2)
        } catch (error) {
          expectRefused(error, 'damaged.onnx')
        }
      }),
      { numRuns: 150 },
    )
  })

  test('cut at any of many places is refused', async () => {
    const bytes = readFileSync(at('run/model.onnx'))
    for (let length = 0; length < bytes.length; length += 97) {
      const file = write('cut.onnx', bytes.subarray(0, length))
      const error = await load(file).then(
        map => map.close().then(() => 'opened'),
        (error: unknown) => error,
      )
      if (error !== 'opened') expectRefused(error, 'cut.onnx')
    }
  })

  test('of other weights or of a folder is refused', async () => {
    const weights = write('weights.onnx', readFileSync(at('run/model.safetensors')))
    await expect(load(weights)).rejects.toThrow(/weights\.onnx: not an ONNX model that can be run/)
    mkdirSync(at('folder.onnx'))
    await expect(load(at('folder.onnx'))).rejects.toThrow(/expected an ONNX file, found a directory/)
  })
})
