import { expect, test } from 'vitest'
import { drawNoise } from '../../../src/sampler/sampler.ts'
import { slerp } from '../../../src/studio/page/views/play/digits/slerp.ts'

const length = (values: Float32Array): number => Math.sqrt(values.reduce((sum, value) => sum + value ** 2, 0))

test('the way between two noises begins and ends at them and stays as far from zero', () => {
  const [a, b] = [drawNoise(1, 784, 1), drawNoise(1, 784, 2)]
  expect(slerp(a, b, 0)).toEqual(a)
  slerp(a, b, 1).forEach((value, i) => {
    expect(Math.abs(value - b[i])).toBeLessThan(1e-6)
  })
  for (const share of [0.25, 0.5, 0.75]) {
    const part = length(slerp(a, b, share)) / length(a)
    expect(Math.abs(part - 1)).toBeLessThan(0.06)
  }
  // Halfway on a straight line it would be 0.7 times as far.
  expect(length(a.map((value, i) => (value + b[i]) / 2)) / length(a)).toBeLessThan(0.75)
})

test('it turns at an even pace', () => {
  const [a, b] = [Float32Array.of(1, 0), Float32Array.of(0, 2)]
  const angles = [0.25, 0.5, 0.75].map(share => {
    const [x, y] = slerp(a, Float32Array.of(0, 1), share)
    return Math.atan2(y, x)
  })
  angles.forEach((angle, i) => {
    expect(angle).toBeCloseTo((Math.PI / 8) * (i + 1), 5)
  })
  // Noise that is its own end stays.
  expect(slerp(b, b, 0.3)).toEqual(b)
})
