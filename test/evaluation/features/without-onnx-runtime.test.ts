import { expect, test } from 'vitest'
import { openFeatures } from '../../../src/evaluation/features/open.ts'
import { nodeRuntime } from '../../../src/runtime/node.ts'
import { RuntimeLoadError } from '../../../src/runtime/program.ts'

const GLYPHS = { dimension: 256, image: [16, 16, 1], classes: 10 } as const

test("the package's own networks for features run without ONNX Runtime, as they do with it", async () => {
  const runtime = nodeRuntime()
  const missing = async () => {
    throw new RuntimeLoadError('not installed')
  }
  const points = Float32Array.from({ length: 3 * 256 }, (_, i) => 127 * (1 + Math.sin(i * i)))
  const [expected, found] = await Promise.all(
    [runtime, { ...runtime, openModel: missing }].map(async each => {
      const features = await openFeatures(each, 'features/glyphs-16.onnx', GLYPHS)
      const extracted = await features.extract(points)
      await features.close()
      return extracted
    }),
  )
  expect(found.size).toBe(expected.size)
  expect(found.classes).toEqual(expected.classes)
  found.values.forEach((value, i) => {
    expect(Math.abs(value - expected.values[i])).toBeLessThan(1e-3 * (1 + Math.abs(expected.values[i])))
  })
})
