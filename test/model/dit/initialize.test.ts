import { describe, expect, test } from 'vitest'
import { initializeDit, largestSingularValue } from '../../../src/model/dit/initialize.ts'
import type { DitOptions } from '../../../src/model/dit/options.ts'
import { ditParameters } from '../../../src/model/dit/parameters.ts'
import { random } from '../../../src/random/random.ts'
import { small, variants } from './variants.ts'

const wide: DitOptions = { ...small, width: 64, hidden: 96, frequencies: 16, heads: 4, scale: 'inverse' }
const drawn = (options: DitOptions) => initializeDit(options, random(5, 'initialization'))

const deviation = (values: Float32Array): number =>
  Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)

describe('parameters to begin with', () => {
  test.each(Object.entries(variants))('fill the shapes of their names: %s', (_, options) => {
    const values = drawn(options)
    const specs = ditParameters(options)
    expect(Object.keys(values)).toEqual(Object.keys(specs))
    for (const [name, { shape }] of Object.entries(specs)) {
      expect(values[name].length, name).toBe(shape.reduce((a, b) => a * b))
    }
  })

  test('xavier: uniform by both sides of a layer, small in embedders and tables, zero where a block begins', () => {
    const values = drawn(wide)
    const bound = Math.sqrt(6 / (64 + 192))
    const qkv = values['blocks.0.qkv.weight']
    expect(Math.max(...qkv)).toBeLessThanOrEqual(bound)
    expect(deviation(qkv)).toBeCloseTo(bound / Math.sqrt(3), 2)
    for (const name of ['time.0.0.weight', 'time.1.1.weight', 'scale.1.weight', 'class.table']) {
      expect(deviation(values[name]), name).toBeGreaterThan(0.017)
      expect(deviation(values[name]), name).toBeLessThan(0.023)
    }
    for (const name of [
      'blocks.1.modulation.weight',
      'final.modulation.weight',
      'final.out.weight',
      'patch.bias',
    ]) {
      expect(deviation(values[name]), name).toBe(0)
    }
  })

  test('spectral: the largest singular value of every layer is 1, of embedders too', () => {
    const values = drawn({ ...wide, initialization: 'spectral' })
    const specs = ditParameters(wide)
    for (const name of ['patch.weight', 'time.0.0.weight', 'blocks.0.qkv.weight', 'blocks.1.mlp.1.weight']) {
      const found = largestSingularValue(values[name], specs[name].shape, random(9, 'other start'))
      expect(found, name).toBeCloseTo(1, 2)
    }
    expect(deviation(values['final.out.weight'])).toBe(0)
  })

  test('scaled: variance 0.32 over the inputs; token tables have 1 over the width', () => {
    const values = drawn({ ...wide, injection: 'tokens', labelTokens: 64, initialization: 'scaled' })
    expect(deviation(values['blocks.0.qkv.weight'])).toBeCloseTo(Math.sqrt(0.32 / 64), 2)
    expect(deviation(values['time.0.1.weight'])).toBeCloseTo(Math.sqrt(0.32 / 64), 2)
    expect(deviation(values['tokens.label'])).toBeCloseTo(1 / 8, 2)
    expect([...values['blocks.0.norm1.scale']]).toEqual(new Array(64).fill(1))
    expect(deviation(values['blocks.0.gate2'])).toBe(0)
  })
})

test('the largest singular value of a matrix that is known', () => {
  // Rotated by the same angle on both sides of diag(3, 1).
  const [c, s] = [Math.cos(0.4), Math.sin(0.4)]
  const matrix = Float32Array.of(3 * c * c + s * s, 2 * c * s, 2 * c * s, 3 * s * s + c * c)
  expect(largestSingularValue(matrix, [2, 2], random(1, 'start'))).toBeCloseTo(3, 5)
})
