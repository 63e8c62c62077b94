import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { BinaryWriter } from '@bufbuild/protobuf/wire'
import { beforeAll, describe, expect, test } from 'vitest'
import { openFeatures } from '../../src/evaluation/features/open.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { load } from '../../src/serialization/load.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('external')
const at = (...names: string[]) => join(folder, ...names)

type Field = [number: number, value: string | number | Uint8Array | readonly number[]]

/** A protocol buffer message. */
function message(...fields: Field[]): Uint8Array {
  const writer = new BinaryWriter()
  for (const [number, value] of fields) {
    if (typeof value === 'number') writer.tag(number, 0).int64(value)
    else if (typeof value === 'string') writer.tag(number, 2).string(value)
    else if (value instanceof Uint8Array) writer.tag(number, 2).bytes(value)
    else for (const each of value) writer.tag(number, 0).int64(each)
  }
  return writer.finish()
}

const [FLOAT, DOUBLE, HALF, INT64, INT32, STRING] = [1, 11, 10, 7, 6, 8]
const floats = (...numbers: number[]) => new Uint8Array(Float32Array.from(numbers).buffer)

const entry = (key: string, value: string): Field => [13, message([1, key], [2, value])]
/** A vector of two numbers in another file, as `onnx.external_data_helper` writes it. */
const external = (name: string, ...places: Record<string, string | number>[]): Uint8Array =>
  message(
    [1, [2]],
    [2, FLOAT],
    [8, name],
    ...Object.entries(Object.assign({}, ...places)).map(([key, value]) => entry(key, String(value))),
    [14, 1],
  )

const info = (name: string, type: number, ...dims: (string | number)[]): Uint8Array => {
  const shape = message(...dims.map((n): Field => [1, message(typeof n === 'string' ? [2, n] : [1, n])]))
  return message([1, name], [2, message([1, message([1, type], [2, shape])])])
}
const node = (op: string, inputs: string[], output: string, ...attributes: Field[]): Uint8Array =>
  message(...inputs.map((name): Field => [1, name]), [2, output], [4, op], ...attributes)

function model(
  inputs: Uint8Array[],
  output: Uint8Array,
  nodes: Uint8Array[],
  tensors: Uint8Array[] = [],
): Uint8Array {
  const graph = message(
    ...nodes.map((each): Field => [1, each]),
    [2, 'g'],
    ...tensors.map((each): Field => [5, each]),
    ...inputs.map((each): Field => [11, each]),
    [12, output],
  )
  return message([1, 8], [7, graph], [8, message([2, 18])])
}

const MAP_INPUTS = [info('x', FLOAT, 'batch', 2), info('s', FLOAT, 'batch'), info('t', FLOAT, 'batch')]
/** `y = x + w`, for a flow map; the weights are in another file. */
const mapWith = (weights: Uint8Array): Uint8Array =>
  model(MAP_INPUTS, info('y', FLOAT, 'batch', 2), [node('Add', ['x', 'w'], 'y')], [weights])

const write = (name: string, content: Uint8Array | string): string => {
  mkdirSync(dirname(at(name)), { recursive: true })
  writeFileSync(at(name), content)
  return at(name)
}

async function jumped(path: string): Promise<number[]> {
  const map = await load(path)
  const y = await map.jump(Float32Array.of(1, 2, 3, 4), 1, 0)
  await map.close()
  return [...y]
}

beforeAll(() => {
  write('map.onnx.data', floats(9, 9, 10, 20))
  write('sub/more.bin', floats(10, 20))
  write('outside/secret.bin', floats(10, 20))
})

const DATA = { location: 'map.onnx.data' }

describe('weights in a file beside the model', () => {
  test.each([
    ['with a place and a length', { ...DATA, offset: 8, length: 8 }],
    ['without a length', { ...DATA, offset: 8 }],
    ['in a folder below', { location: 'sub/more.bin' }],
  ])('are read, %s', async (_, place) => {
    expect(await jumped(write('map.onnx', mapWith(external('w', place))))).toEqual([11, 22, 13, 24])
  })

  test('are read in an attribute of a node and in a graph inside of the graph', async () => {
    const weights = external('w', { ...DATA, offset: 8 })
    const constant = node('Constant', [], 'w', [5, message([1, 'value'], [5, weights], [20, 4])])
    const bytes = model(MAP_INPUTS, info('y', FLOAT, 'batch', 2), [constant, node('Add', ['x', 'w'], 'y')])
    expect(await jumped(write('attribute.onnx', bytes))).toEqual([11, 22, 13, 24])
    const branch = (...fields: Field[]) => message(...fields, [2, 'branch'], [12, info('b', FLOAT, 2)])
    const both = branch([1, node('Identity', ['v'], 'b')], [5, external('v', { ...DATA, offset: 8 })])
    const choice = node(
      'If',
      ['yes'],
      'w',
      [5, message([1, 'then_branch'], [6, both], [20, 5])],
      [5, message([1, 'else_branch'], [6, both], [20, 5])],
    )
    const yes = message([2, 9], [8, 'yes'], [9, Uint8Array.of(1)])
    const nested = model(
      MAP_INPUTS,
      info('y', FLOAT, 'batch', 2),
      [choice, node('Add', ['x', 'w'], 'y')],
      [yes],
    )
    expect(await jumped(write('nested.onnx', nested))).toEqual([11, 22, 13, 24])
  })

  test('are read where the model is a link to another folder', async () => {
    write('map.onnx', mapWith(external('w', { ...DATA, offset: 8 })))
    mkdirSync(at('links'))
    symlinkSync(at('map.onnx'), at('links', 'linked.onnx'))
    expect(await jumped(at('links', 'linked.onnx'))).toEqual([11, 22, 13, 24])
  })

  test.each([
    [{ location: '../external/map.onnx.data' }, 'expected the name of a file in the same folder'],
    [{ location: 'sub/../../x' }, 'expected the name of a file in the same folder'],
    [{ location: '/etc/hostname' }, 'expected the name of a file in the same folder'],
    [{ location: 'C:\\weights' }, 'expected the name of a file in the same folder'],
    [{ location: '' }, 'expected the name of a file in the same folder'],
    [{ location: '.' }, 'expected the name of a file in the same folder'],
    [
      { location: 'gone.data' },
      'its weights are in "gone.data", which is not beside it; copy both files to one folder',
    ],
    [{ location: 'sub' }, 'which is not a file'],
    [{ location: 'leaves.data' }, 'a link that leads out of the folder'],
    [{ location: 'away/secret.bin' }, 'a link that leads out of the folder'],
    [{}, 'tensor w: no name of a file'],
    [{ ...DATA, offset: 12 }, 'tensor w: bytes 12 to 20 of map.onnx.data, which has 16'],
    [{ ...DATA, offset: -4 }, 'tensor w: offset: expected a whole number, found "-4"'],
    [{ ...DATA, offset: '1e99' }, 'tensor w: offset: expected a whole number, found "1e99"'],
    [{ ...DATA, length: 4 }, 'tensor w: 4 bytes, expected 8 for [2]'],
    [{ ...DATA, length: 16 }, 'tensor w: 16 bytes, expected 8 for [2]'],
  ])('are refused in a line: %o', async (place, message) => {
    for (const [link, to] of [
      ['leaves.data', at('outside', 'secret.bin')],
      ['away', at('outside')],
    ]) {
      rmSync(at('inner', link), { force: true })
      mkdirSync(at('inner'), { recursive: true })
      symlinkSync(to, at('inner', link))
    }
    copyFileSync(at('map.onnx.data'), at('inner', 'map.onnx.data'))
    mkdirSync(at('inner', 'sub'), { recursive: true })
    const path = write('inner/map.onnx', mapWith(external('w', place)))
    const error = await load(path).catch((error: Error) => error)
    expect(error).toMatchObject({ name: 'RunError' })
    expect((error as Error).message).toContain(`${path}: `)
    expect((error as Error).message).toContain(message)
    expect((error as Error).message).not.toContain('\n')
  })

  test('are not multiplied without bound by tensors that share them', async () => {
    const large = message([1, [2 ** 28]], [2, FLOAT], [8, 'w'], entry('location', 'map.onnx.data'), [14, 1])
    const bytes = model(
      MAP_INPUTS,
      info('y', FLOAT, 'batch', 2),
      [node('Add', ['x', 'w'], 'y')],
      [large, large],
    )
    await expect(load(write('large.onnx', bytes))).rejects.toThrow('its weights are more than 2 GB')
  })
})

describe('features', () => {
  const points = Float32Array.of(1, 2, 3, 4)
  const cast = (type: number): Uint8Array =>
    model([info('img', FLOAT, 'batch', 2)], info('feat', type, 'batch', 2), [
      node('Cast', ['img'], 'feat', [5, message([1, 'to'], [3, type], [20, 2])]),
    ])

  test('of a network with its weights in a file beside it', async () => {
    const bytes = model(
      [info('img', FLOAT, 'batch', 2)],
      info('feat', FLOAT, 'batch', 2),
      [node('Add', ['img', 'w'], 'feat')],
      [external('w', { ...DATA, offset: 8 })],
    )
    const features = await openFeatures(nodeRuntime(), write('features.onnx', bytes), { dimension: 2 })
    expect([...(await features.extract(points)).values]).toEqual([11, 22, 13, 24])
    await features.close()
    await expect(
      openFeatures(nodeRuntime(), write('inner/features.onnx', bytes), { dimension: 2 }),
    ).resolves.toBeDefined()
    rmSync(at('inner', 'map.onnx.data'))
    await expect(openFeatures(nodeRuntime(), at('inner', 'features.onnx'), { dimension: 2 })).rejects.toThrow(
      `features: ${at('inner', 'features.onnx')}: its weights are in "map.onnx.data", which is not beside it`,
    )
  })

  test.each([
    ['float64', DOUBLE],
    ['float16', HALF],
  ])('of %s are taken', async (name, type) => {
    const features = await openFeatures(nodeRuntime(), write(`${name}.onnx`, cast(type)), { dimension: 2 })
    expect((await features.extract(Float32Array.of(1, -2.5, 65504, 2 ** -14))).values).toEqual(
      Float64Array.of(1, -2.5, 65504, 2 ** -14),
    )
    await features.close()
  })

  test.each([
    ['int64', INT64],
    ['int32', INT32],
    ['string', STRING],
  ])('of %s are refused by name', async (name, type) => {
    const path = write(`${name}.onnx`, cast(type))
    await expect(openFeatures(nodeRuntime(), path, { dimension: 2 })).rejects.toThrow(
      `features: ${path}: its first output feat is ${name}; expected features of float32, float64 or float16`,
    )
  })
})

test('a map of another type of numbers is refused by its name', async () => {
  const y = node('Cast', ['x'], 'y', [5, message([1, 'to'], [3, DOUBLE], [20, 2])])
  const path = write('double.onnx', model(MAP_INPUTS, info('y', DOUBLE, 'batch', 2), [y]))
  await expect(load(path)).rejects.toThrow(
    `${path}: expected output y [batch, ...D] of float32, found y float64`,
  )
  expect(readFileSync(path).length).toBeGreaterThan(0)
})
