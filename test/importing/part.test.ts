import { readFileSync, writeFileSync } from 'node:fs'
import { zipSync } from 'fflate'
import { describe, expect, test } from 'vitest'
import { encodeNpy } from '../../src/data/npy.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { foreignNetwork } from './foreign.ts'

const folder = temporaryFolder('part')
let files = 0

interface Raw {
  readonly dtype: string
  readonly shape: readonly number[]
  readonly bytes: Uint8Array
}

/** A safetensors file of any types of numbers. */
function save(tensors: Readonly<Record<string, Raw>>): string {
  let offset = 0
  const entries = Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => [
    name,
    { dtype, shape, data_offsets: [offset, (offset += bytes.length)] },
  ])
  const header = Buffer.from(JSON.stringify(Object.fromEntries(entries)))
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(header.length))
  const file = `${folder}/${files++}.safetensors`
  writeFileSync(file, Buffer.concat([length, header, ...Object.values(tensors).map(({ bytes }) => bytes)]))
  return file
}

const bytesOf = (array: { buffer: ArrayBufferLike }): Uint8Array =>
  new Uint8Array(array.buffer as ArrayBuffer)
const float32 = (shape: readonly number[], numbers: readonly number[]): Raw => ({
  dtype: 'F32',
  shape,
  bytes: bytesOf(Float32Array.from(numbers)),
})
/** The upper half of each float32: exact for the numbers that these tests have. */
const bfloat16 = ({ shape, bytes }: Raw): Raw => ({
  dtype: 'BF16',
  shape,
  bytes: bytesOf(Uint16Array.from(new Uint32Array(bytes.buffer as ArrayBuffer), bits => bits >>> 16)),
})

interface Options {
  readonly prefix?: string
  readonly seed?: number
  readonly bias?: boolean
  readonly everywhere?: boolean
}

/** A network of a point and one time, its numbers multiples of 1/16 below 2. */
function network({
  prefix = '',
  seed = 1,
  bias = true,
  everywhere = false,
}: Options = {}): Record<string, Raw> {
  const { layers } = foreignNetwork({
    ...{
      dimension: 2,
      hidden: 6,
      times: 1,
      frequencies: 0,
      features: 'sin,cos',
      pointAt: 0,
      everywhere,
      seed,
    },
  })
  const round = (values: readonly number[]) => values.map(value => Math.round(8 * value) / 16)
  return Object.fromEntries(
    layers.flatMap(({ weight, bias: shift }, i) => [
      [`${prefix}${2 * i}.weight`, float32([weight.length, weight[0].length], round(weight.flat()))],
      ...(bias ? [[`${prefix}${2 * i}.bias`, float32([shift.length], round(shift))]] : []),
    ]),
  )
}

async function importing(file: string, ...flags: string[]) {
  const run = `${file}-${files++}`
  const { code, stderr } = await runHere([
    'import',
    file,
    '--convention',
    'flow-matching',
    '--out',
    run,
    ...flags,
  ])
  return { code, stderr, run }
}

/** The weights of a run that was made without a word, or with this one. */
async function weightsOf(
  file: string,
  flags: string[] = [],
  words: RegExp = /^$/,
): Promise<Record<string, number[]>> {
  const { code, stderr, run } = await importing(file, ...flags)
  expect(stderr).toMatch(words)
  expect(code).toBe(0)
  const { tensors } = decodeSafetensors(readFileSync(`${run}/model.safetensors`), file)
  return Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, [...data]]))
}

describe('a file that holds two networks', () => {
  const two = () =>
    save({ ...network({ prefix: 'online_model.' }), ...network({ prefix: 'ema_model.', seed: 2 }) })

  test.each([false, true])('says which, and what it says works (times everywhere: %s)', async everywhere => {
    const online = network({ prefix: 'online_model.', everywhere })
    const averaged = network({ prefix: 'ema_model.', seed: 2, everywhere })
    const file = save({ ...online, ...averaged })
    const { code, stderr } = await importing(file)
    expect(code).toBe(2)
    expect(stderr).toBe(
      `oxbow: ${file}: holds 2 networks; choose one of them: --layers ema_model.0,ema_model.2,ema_model.4 or --layers online_model.0,online_model.2,online_model.4\n`,
    )
    const advised = [...stderr.matchAll(/--layers (\S+)/g)].map(([, names]) => names)
    const rest = /^oxbow: \S+: not read: (ema|online)_model\.0\.(weight|bias), .*\n$/
    const chosen = []
    for (const names of advised) chosen.push(await weightsOf(file, ['--layers', names], rest))
    expect(chosen).toEqual([await weightsOf(save(averaged)), await weightsOf(save(online))])
  })

  test('of other shapes too', async () => {
    const critic = {
      'critic.0.weight': float32([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]),
      'critic.1.weight': float32([1, 4], [1, 2, 3, 4]),
    }
    const file = save({ ...network({ prefix: 'actor.' }), ...critic })
    const { stderr } = await importing(file)
    const [, names] = /--layers (actor\S+)/.exec(stderr)!
    expect(await weightsOf(file, ['--layers', names], /not read: critic/)).toEqual(
      await weightsOf(save(network())),
    )
  })

  test('a layer that is left out, named twice or not there is refused', async () => {
    for (const names of [
      'ema_model.0,ema_model.2',
      'ema_model.0,ema_model.2,ema_model.2',
      'ema_model.0,none',
    ]) {
      const { code, stderr } = await importing(two(), '--layers', names)
      expect(code).toBe(2)
      expect(stderr).toContain(`--layers: expected the names ema_model.0, ema_model.2, ema_model.4`)
    }
  })

  test('a network of two modules is one', async () => {
    const { '0.weight': a, '0.bias': b, ...rest } = network()
    const parts = Object.entries(rest).map(([name, tensor]) => [`decoder.${name}`, tensor] as const)
    const file = save({ 'coder.0.weight': a, 'coder.0.bias': b, ...Object.fromEntries(parts) })
    expect(await weightsOf(file)).toEqual(await weightsOf(save(network())))
  })
})

describe('what else a file holds', () => {
  const count = { dtype: 'I64', shape: [], bytes: bytesOf(BigInt64Array.of(500n)) }

  test('is no obstacle where it is whole numbers, truth values, counters or small floats', async () => {
    const file = save({
      ...network(),
      step: count,
      initted: { dtype: 'BOOL', shape: [], bytes: Uint8Array.of(1) },
      positions: { dtype: 'I32', shape: [1, 4], bytes: new Uint8Array(16) },
      decay: float32([1], [0.5]),
      quantized: { dtype: 'F8_E4M3', shape: [3], bytes: new Uint8Array(3) },
    })
    const said = /^oxbow: \S+: not read: decay, step, initted, positions, quantized\n$/
    expect(await weightsOf(file, [], said)).toEqual(await weightsOf(save(network())))
    expect(await weightsOf(file, ['--layers', '0,2,4'], said)).toEqual(await weightsOf(save(network())))
  })

  test('is no obstacle in an NPZ file', async () => {
    const arrays = Object.entries(network()).map(([name, { shape, bytes }]) => [
      `${name}.npy`,
      encodeNpy({ shape, data: new Float32Array(bytes.buffer as ArrayBuffer) }),
    ])
    const header = "{'descr': '<i8', 'fortran_order': False, 'shape': (), }".padEnd(117) + '\n'
    const step = Buffer.concat([
      Buffer.from('\x93NUMPY\x01\x00v\x00', 'latin1'),
      Buffer.from(header),
      bytesOf(BigInt64Array.of(5n)),
    ])
    const file = `${folder}/counter.npz`
    writeFileSync(file, zipSync({ ...Object.fromEntries(arrays), 'step.npy': step }))
    expect(await weightsOf(file, [], /not read: step\n$/)).toEqual(await weightsOf(save(network())))
  })

  test('is refused where a layer may be missing: weights of whole numbers, or of a norm', async () => {
    const { '2.weight': weight, ...rest } = network()
    const whole = { ...rest, '2.weight': { dtype: 'I8', shape: weight.shape, bytes: new Uint8Array(36) } }
    expect((await importing(save(whole))).stderr).toContain('layer "2" has no weight')
    expect((await importing(save(whole))).stderr).toContain('2.weight [6, 6] of I8')
    const norm = { ...network(), 'norm.weight': float32([6], [1, 1, 1, 1, 1, 1]) }
    expect((await importing(save(norm))).stderr).toContain(
      'norm.weight [6] is no weight or bias of a perceptron',
    )
  })
})

describe('weights', () => {
  test('of 16 bits are read', async () => {
    const halves = Object.entries(network()).map(([name, tensor]) => [name, bfloat16(tensor)])
    expect(await weightsOf(save(Object.fromEntries(halves)))).toEqual(await weightsOf(save(network())))
    const shape = [8]
    const bits = Uint16Array.of(0x3c00, 0xc100, 0x7bff, 0x0001, 0x0400, 0x8000, 0x7c00, 0x7e00)
    const { tensors } = decodeSafetensors(
      readFileSync(save({ h: { dtype: 'F16', shape, bytes: bytesOf(bits) } })),
      'h',
    )
    expect([...tensors.h.data]).toEqual([1, -2.5, 65504, 2 ** -24, 2 ** -14, -0, Infinity, Number.NaN])
  })

  test.each(['0.bias', '4.bias'])('without %s have zeros there', async name => {
    const { [name]: bias, ...rest } = network()
    const zeros = { ...bias, bytes: new Uint8Array(bias.bytes.length) }
    expect(await weightsOf(save(rest))).toEqual(await weightsOf(save({ ...rest, [name]: zeros })))
  })

  test('without any bias are read either way round', async () => {
    const all = Object.entries(network({ bias: false }))
    const zeros = Object.entries(network()).filter(([name]) => name.endsWith('bias'))
    const cleared = zeros.map(([name, each]) => [name, { ...each, bytes: new Uint8Array(each.bytes.length) }])
    const expected = await weightsOf(save(Object.fromEntries([...all, ...cleared])))
    expect(await weightsOf(save(Object.fromEntries(all)))).toEqual(expected)
    const turned = all.map(
      ([
        name,
        {
          shape: [rows, columns],
          bytes,
        },
      ]) => {
        const values = new Float32Array(bytes.buffer as ArrayBuffer)
        const at = (k: number) => values[(k % rows) * columns + Math.floor(k / rows)]
        return [
          name,
          float32(
            [columns, rows],
            Array.from(values, (_, k) => at(k)),
          ),
        ] as const
      },
    )
    expect(await weightsOf(save(Object.fromEntries(turned)))).toEqual(expected)
  })
})
