import { describe, expect, test } from 'vitest'
import { resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { kindOf, networkOf, rowsAtOnce, rowsOfUnknown, sizeOfNetwork } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { compile } from '../../src/runtime/node.ts'
import type { Buffer, Program } from '../../src/runtime/program.ts'
import { modelGraph } from '../../src/serialization/model.ts'
import { inBlocks, MOST_ROWS } from '../../src/serialization/onnx-map.ts'

const rowsFor = (network: UserConfig['network'], shape: readonly number[]): number =>
  rowsAtOnce(resolveConfig({ objective: 'psd', network }).network, { shape }, MOST_ROWS)

describe('points that go through a network at once', () => {
  test('in the plane are as many as ever', () => {
    expect(rowsFor({}, [2])).toBe(8192)
    expect(rowsFor({ hidden: 512, layers: 4 }, [2])).toBe(8192)
    expect(rowsOfUnknown(2, MOST_ROWS)).toBe(8192)
  })

  test('of pictures are so few that memory is bounded', () => {
    const patches = { kind: 'dit', patch: 4, width: 128, depth: 6 }
    expect(rowsFor(patches, [28, 28, 1])).toBeLessThan(200)
    expect(rowsFor({ ...patches, patch: 2 }, [28, 28, 1])).toBeLessThan(rowsFor(patches, [28, 28, 1]) / 4)
    for (const side of [16, 64, 256]) {
      const { network } = resolveConfig({ objective: 'psd', network: patches })
      const point = { shape: [side, side, 1] }
      const rows = rowsAtOnce(network, point, MOST_ROWS)
      const numbers = rows * kindOf(network).activations(network, point)
      expect(rows === 1 || numbers <= 2 ** 26).toBe(true)
    }
    expect(rowsOfUnknown(784, MOST_ROWS)).toBeLessThan(100)
  })
})

describe('a map on many points', () => {
  test('is asked for so many at a time, each told its own', async () => {
    const asked: number[] = []
    const told: [number, number, number][] = []
    const program: Program = {
      run: async ([x]: readonly Buffer[]) => {
        asked.push(x.length / 3)
        return [Float32Array.from(x as Float32Array, value => 2 * value)]
      },
      close: async () => {},
    }
    const x = Float32Array.from({ length: 30 }, (_, i) => i)
    const y = await inBlocks('map', program, 3, 4, x, 1, 0, (...range) => {
      told.push(range)
      return []
    })
    expect(asked).toEqual([4, 4, 2])
    expect(told).toEqual([
      [0, 4, 10],
      [4, 4, 10],
      [8, 2, 10],
    ])
    expect([...y]).toEqual([...x].map(value => 2 * value))
  })

  test('gives the same however many at a time', async () => {
    const shape = [8, 8, 1]
    const config = resolveConfig({
      objective: 'psd',
      data: 'glyphs',
      network: { kind: 'dit', patch: 2, width: 16, depth: 2, heads: 2 },
    })
    const source = random(5, 'blocks')
    const normals = (size: number) => Float32Array.from({ length: size }, () => 0.3 * source.normal())
    const fingerprint = { sha256: '', rows: null, minimum: [], maximum: [] }
    const program = await compile(
      modelGraph({
        config,
        dimension: 64,
        data: { name: 'glyphs', dimension: 64, shape, fingerprint },
        parameters: normals(sizeOfNetwork(networkOf(config.network, { shape }))),
      }),
    )
    const x = normals(20 * 64)
    const [one, other] = [
      await inBlocks('map', program, 64, 20, x, 1, 0.2),
      await inBlocks('map', program, 64, 3, x, 1, 0.2),
    ]
    await program.close()
    one.forEach((value, i) => {
      expect(Math.abs(value - other[i])).toBeLessThan(1e-5 * (1 + Math.abs(value)))
    })
    expect(one.some(value => Math.abs(value) > 0.1)).toBe(true)
  })
})
