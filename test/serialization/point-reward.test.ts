import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { constant, DYNAMIC, simplify, spec, trace } from '../../src/autodiff/index.ts'
import { rewardValue } from '../../src/objective/reward-value.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { lower } from '../../src/runtime/onnx.ts'
import { openReward, parseReward } from '../../src/serialization/point-reward.ts'
import { temporaryFolder } from '../helpers/folder.ts'

const folder = temporaryFolder('point-reward')
const at = (name: string) => join(folder, name)
const runtime = nodeRuntime()

/** Points of the data are `scale z + shift`. */
const by = { shift: [0.5, -1], scale: [2, 0.5] }
const plane = { dimension: 2, shape: [2], standardization: by }
const Z = Float32Array.of(0.3, -0.4, 1.2, 0.7)
const inData = Float64Array.from(Z, (value, i) => value * by.scale[i % 2] + by.shift[i % 2])

const rewards = [
  { kind: 'gaussian', center: [1, -1], scale: 1.5 },
  {
    kind: 'quadratic',
    A: [
      [2, 0.5],
      [0.5, 1],
    ],
    center: [1, 0],
    b: [0.3, -0.2],
  },
  { kind: 'linear', b: [1, 2] },
  { kind: 'observation', operator: { kind: 'matrix', rows: [[1, 0.5]] }, y: [0.7], sd: 0.4 },
  { kind: 'negative', of: { kind: 'gaussian', center: [1, -1], scale: 1.5 } },
]

describe('a reward of data, asked about what a network sees', () => {
  test.each(rewards)('$kind: values, and gradients by finite differences', async block => {
    const reward = parseReward(block, 'test')
    if (reward.kind === 'onnx') throw new Error('not of a file')
    const opened = await openReward(reward, plane, runtime)
    const value = rewardValue(reward, [2])
    const found = await opened.value(Z)
    const gradient = await opened.gradient!(Z)
    for (const row of [0, 1]) {
      const point = inData.slice(2 * row, 2 * row + 2)
      expect(found[row]).toBeCloseTo(value(point), 4)
      for (const d of [0, 1]) {
        const e = 1e-4
        const moved = (sign: number) => value(point.map((x, k) => (k === d ? x + sign * e : x)))
        expect(gradient[2 * row + d]).toBeCloseTo(((moved(1) - moved(-1)) / (2 * e)) * by.scale[d], 3)
      }
    }
    await opened.close()
  })

  test('a quadratic is that of the network, too', async () => {
    const opened = await openReward(parseReward(rewards[1], 'test'), plane, runtime)
    const { A, center, b, constant } = opened.quadratic!
    const values = await opened.value(Z)
    for (const row of [0, 1]) {
      const from = [0, 1].map(d => Z[2 * row + d] - center[d])
      const square = from.reduce((sum, x, i) => sum + x * A[i].reduce((s, a, j) => s + a * from[j], 0), 0)
      const slope = b.reduce((sum, value, d) => sum + value * Z[2 * row + d], 0)
      expect(constant + slope - square / 2).toBeCloseTo(values[row], 4)
    }
    await opened.close()
  })
})

describe('a reward of an ONNX file', () => {
  const x = { x: spec([DYNAMIC, 2]) }
  writeFileSync(
    at('sum.onnx'),
    lower(simplify(trace(({ x }) => ({ r: x.sum(-1), gradient: x.mul(0).add(1) }), x))),
  )
  writeFileSync(
    at('scores.onnx'),
    lower(
      simplify(trace(({ x }) => ({ scores: x.matmul(constant([1, 0, -1, 2, 1, 0], [2, 3], 'float32')) }), x)),
    ),
  )
  const open = (block: object) => openReward(parseReward({ kind: 'onnx', ...block }, 'test'), plane, runtime)

  test('is its first output, with the gradient that it gives', async () => {
    const opened = await open({ path: at('sum.onnx') })
    const values = await opened.value(Z)
    expect(values[0]).toBeCloseTo(inData[0] + inData[1], 5)
    expect([...(await opened.gradient!(Z))]).toEqual([2, 0.5, 2, 0.5])
    await opened.close()
  })

  test('is the log-probability of a class, without a gradient where the file gives none', async () => {
    const opened = await open({ path: at('scores.onnx'), class: 2 })
    const [a, b] = inData
    const scores = [a + 2 * b, b, -a]
    const total = Math.log(scores.reduce((sum, score) => sum + Math.exp(score), 0))
    expect((await opened.value(Z))[0]).toBeCloseTo(scores[2] - total, 4)
    expect(opened.gradient).toBeUndefined()
    await opened.close()
  })

  test.each([
    [{ path: 'none.onnx' }, /test: none.onnx: no such file|none.onnx/],
    [{ path: at('scores.onnx') }, /gives 3 numbers for a point, expected one; name a class/],
    [{ path: at('scores.onnx'), class: 3 }, /class: expected 0 to 2, found 3/],
    [{ path: 'glyphs-16', class: 1 }, /tells classes of points of \[16, 16, 1\], and this map's are \[2\]/],
  ])('%j is refused in a line', async (block, line) => {
    await expect(open(block).then(opened => opened.value(Z))).rejects.toThrow(line)
  })

  test('a classifier of this package has a gradient', async () => {
    const shape = [16, 16, 1]
    const opened = await openReward(
      parseReward({ kind: 'onnx', path: 'glyphs-16', class: 3 }, 'test'),
      { dimension: 256, shape },
      runtime,
    )
    const point = Float32Array.from({ length: 256 }, (_, i) => 40 + 30 * Math.sin(i))
    const gradient = await opened.gradient!(point)
    const along = gradient.map((g, i) => (i % 3 === 0 ? g : 0))
    const e = 20
    const moved = async (sign: number) =>
      (await opened.value(point.map((value, i) => value + sign * e * along[i])))[0]
    const slope = along.reduce((sum, g) => sum + g * g, 0)
    expect(((await moved(1)) - (await moved(-1))) / (2 * e * slope)).toBeCloseTo(1, 1)
    expect((await opened.value(point))[0]).toBeLessThanOrEqual(0)
    await opened.close()
  })
})
