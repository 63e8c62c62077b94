import { describe, expect, test } from 'vitest'
import { pointOf, resolveConfig } from '../../../src/config/index.ts'
import { optionsOf } from '../../../src/model/dit/keys.ts'
import { kindOf, networkOf, sizeOfNetwork } from '../../../src/model/index.ts'

const config = (network: object, more: object = {}) =>
  resolveConfig({ objective: 'psd', network: { kind: 'dit', ...network }, ...more })

describe('the keys of dit', () => {
  test.each<[string, object, RegExp]>([
    ['heads', { width: 96, heads: 5 }, /^network\.heads: expected a divisor of the width 96, found 5$/],
    [
      'a width for sincos',
      { width: 102, heads: 3 },
      /^network\.width: .*"sincos" needs a multiple of 4, found 102$/,
    ],
    ['odd heads', { width: 36, heads: 4, position: 'rotary' }, /^network\.heads: .*multiple of 2, found 9/],
    [
      'rotary2d',
      { width: 24, heads: 4, position: 'rotary2d' },
      /^network\.heads: .*by row and by column.* multiple of 4, found 6/,
    ],
    [
      'tokens',
      { injection: 'tokens', conditioning: 'decoupled' },
      /^network\.injection: "tokens" .*use "adaln"$/,
    ],
    [
      'a modulation',
      { injection: 'tokens', modulationNorm: true },
      /^network\.modulationNorm: .*no modulation/,
    ],
    ['a split', { split: 2 }, /^network\.split: only the conditioning "decoupled".*found 2 with "s,t"/],
    ['its range', { conditioning: 'decoupled', split: 5 }, /^network\.split: expected 1 to 4.*found 5/],
    ['the head', { velocityHead: 5 }, /^network\.velocityHead: expected 0 to 4.*found 5/],
    [
      'a scale',
      { embedding: 'fourier', frequencies: 4, timeScale: 2 },
      /^network\.timeScale: only .*"sinusoidal"/,
    ],
    ['frequencies', { embedding: 'fourier' }, /^network\.frequencies: .*at most 24, found 64/],
    ['another kind', { layers: 3 }, /^unknown key network\.layers/],
    ['a value', { norm: 'batch' }, /^network\.norm: .*"layer".*"rms".*found "batch"/],
  ])('refuse %s in one line', (_, network, message) => {
    expect(() => config(network)).toThrow(message)
    expect(() => config(network)).toThrow(/^[^\n]*$/)
  })

  test('refuse fast times where they are differentiated, and say why', () => {
    const fast = (objective: string, timeScale: number) =>
      resolveConfig({ objective, network: { kind: 'dit', timeScale } })
    expect(() => fast('meanflow', 1000)).toThrow(
      /^network\.timeScale: meanflow differentiates the network by its times.*at most 30.*found 1000$/,
    )
    expect(() => fast('lsd', 31)).toThrow('network.timeScale')
    for (const [objective, scale] of [
      ['meanflow', 30],
      ['psd', 1000],
      ['flow-matching', 1000],
    ] as const) {
      expect(fast(objective, scale).network.timeScale).toBe(scale)
    }
  })

  test('are for pictures of sides that the patch divides', () => {
    const { network, condition } = config({})
    const at = (shape: number[]) => () =>
      pointOf({ network, condition }, { dimension: shape.reduce((a, b) => a * b), shape })
    expect(at([28, 28, 1])()).toEqual({ shape: [28, 28, 1] })
    expect(at([28, 30, 1])).toThrow(
      /^network\.patch: expected a divisor of both sides of the pictures, 28 x 30 \(1, 2\); found 4$/,
    )
    expect(at([23, 23, 3])).toThrow(
      /, 23 x 23 \(1, 23\); found 4; pictures of another size have more divisors$/,
    )
    expect(at([2])).toThrow(/^network\.kind: dit is for pictures .*found points \[2\]; use mlp$/)
    expect(at([6, 12])).toThrow(/^network\.kind: .*found points \[6, 12\]; use transformer$/)
  })

  test('have the defaults of the width where they are null', () => {
    const count = (network: object) =>
      sizeOfNetwork(networkOf(config(network).network, { shape: [16, 16, 1] }))
    expect(count({ width: 96, hidden: null })).toBe(count({ width: 96, hidden: 384 }))
    expect(count({ width: 96, activation: 'swiglu' })).toBe(
      count({ width: 96, activation: 'swiglu', hidden: 256 }),
    )
  })

  test('make the network that was measured: 0.71 million parameters', () => {
    const { network } = config({ width: 96, conditioning: 's' }, { objective: 'flow-matching' })
    const point = { shape: [16, 16, 1], condition: { kind: 'class', classes: 10 } as const }
    expect(sizeOfNetwork(networkOf(network, point))).toBe(713_872)
    expect(kindOf(network).describe(network)).toBe('4 blocks x 96 (4 heads) on patches of 4, told by adaln')
  })
})

describe('the keys of transformer', () => {
  const config = (network: object) =>
    resolveConfig({ objective: 'psd', network: { kind: 'transformer', ...network } })
  const at = (shape: number[], network: object = {}) =>
    pointOf(config(network), { dimension: shape.reduce((a, b) => a * b), shape })

  test('are those of dit, without a second direction and with a position for a token', () => {
    expect(config({}).batch).toBe(128)
    expect(config({}).network).toMatchObject({ patch: 1, width: 128, depth: 4, heads: 4, position: 'sincos' })
    expect(() => config({ position: 'rotary2d' })).toThrow(
      /^network\.position: .*"learned".*found "rotary2d"/,
    )
    for (const position of ['sincos', 'learned']) {
      expect(() => config({ position, width: 27, heads: 3 })).toThrow(
        `network.width: the position "${position}" needs a multiple of 2, found 27`,
      )
      expect(config({ position, width: 30, heads: 3 }).network.width).toBe(30)
    }
    expect(() => config({ heads: 5 })).toThrow(/^network\.heads: expected a divisor of the width 128/)
  })

  test('are for sequences of a length that the patch divides', () => {
    expect(at([6, 12])).toEqual({ shape: [6, 12] })
    expect(at([6, 12], { patch: 3 })).toEqual({ shape: [6, 12] })
    expect(() => at([6, 12], { patch: 4 })).toThrow(
      /^network\.patch: expected a divisor of the 6 positions \(1, 2, 3, 6\); found 4$/,
    )
    expect(() => at([2])).toThrow(
      /^network\.kind: transformer is for sequences .*found points \[2\]; use mlp$/,
    )
    expect(() => at([8, 8, 1])).toThrow(/^network\.kind: .*found points \[8, 8, 1\]; use dit$/)
  })

  test('say what it is, and what a training keeps', () => {
    const { describe, activations } = kindOf({ kind: 'transformer' })
    const [plain, patched] = [config({}).network, config({ patch: 2 }).network]
    expect(describe(plain)).toBe('4 blocks x 128 (4 heads) on positions, told by adaln')
    expect(describe(patched)).toBe('4 blocks x 128 (4 heads) on patches of 2 positions, told by adaln')
    expect(activations(plain, { shape: [6, 12] })).toBe(4 * (6 * (8 * 128 + 2 * 512) + 4 * 36))
    expect(activations(patched, { shape: [6, 12] })).toBe(4 * (3 * (8 * 128 + 2 * 512) + 4 * 9))
  })

  test('scale what it sees of symbols alone', () => {
    const { network } = config({})
    const inputs = (space?: string) => optionsOf(network as never, { shape: [6, 12], space }).scalesInput
    expect([inputs(), inputs('flat'), inputs('simplex')]).toEqual([false, false, true])
  })
})
