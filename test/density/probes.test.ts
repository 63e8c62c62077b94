import { describe, expect, test } from 'vitest'
import { constant, type Tensor } from '../../src/autodiff/index.ts'
import { drawProbe, slopesOf } from '../../src/density/flow.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'

const J = [
  [0.8, -1.2, 0.4],
  [0.6, -0.5, 0.9],
  [-0.7, 1.5, 0.3],
]
/** `v = J x`, whose divergence is the trace. */
const field = {
  velocity: (x: Tensor) => x.matmul(constant(J.flat(), [3, 3], x.dtype), { transposeB: true }),
}
const trace = J[0][0] + J[1][1] + J[2][2]
const symmetric = J.map((row, i) => row.map((value, j) => (value + J[j][i]) / 2))
const square = symmetric.flat().reduce((sum, value) => sum + value ** 2, 0)
const diagonal = symmetric.reduce((sum, row, i) => sum + row[i] ** 2, 0)
const COUNT = 60_000

async function moments(divergence: 'rademacher' | 'gaussian', probes = 1) {
  const slopes = await slopesOf(nodeRuntime(), field, 3, COUNT, { divergence, probes })
  const { divergence: values } = await slopes.run(new Float64Array(3 * COUNT).fill(0.3), 0.5)
  await slopes.close()
  const mean = values.reduce((sum, value) => sum + value, 0) / COUNT
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / COUNT
  return { mean, variance }
}

describe('probes of a divergence', () => {
  const known = { rademacher: 2 * (square - diagonal), gaussian: 2 * square }

  test.each(['rademacher', 'gaussian'] as const)(
    '%s: no bias, and the variance of the formula',
    async kind => {
      const { mean, variance } = await moments(kind)
      expect(Math.abs(mean - trace)).toBeLessThan(3.5 * Math.sqrt(known[kind] / COUNT))
      expect(Math.abs(variance / known[kind] - 1)).toBeLessThan(0.03)
    },
  )

  test('several are averaged', async () => {
    const { variance } = await moments('rademacher', 4)
    expect(Math.abs((4 * variance) / known.rademacher - 1)).toBeLessThan(0.03)
  })

  test('signs are told from normal numbers by the variance', async () => {
    const { variance } = await moments('gaussian')
    expect(Math.abs(variance / known.rademacher - 1)).toBeGreaterThan(0.1)
  })

  test('stay the same along a trajectory: a point asked for twice has one answer', async () => {
    const slopes = await slopesOf(nodeRuntime(), field, 3, 4, { divergence: 'gaussian' })
    const x = Float64Array.from({ length: 12 }, (_, i) => i)
    const [first, second] = [await slopes.run(x, 0.2), await slopes.run(x, 0.9)]
    expect([...first.divergence]).toEqual([...second.divergence])
    await slopes.close()
  })

  test('are drawn by their seed, each number its own', () => {
    const [a, b, c, d] = [
      drawProbe('rademacher', 50, 2, 1),
      drawProbe('rademacher', 50, 2, 1),
      drawProbe('rademacher', 50, 2, 2),
      drawProbe('rademacher', 50, 2, 1, 1),
    ]
    expect([...a]).toEqual([...b])
    expect([...a]).not.toEqual([...c])
    expect([...a]).not.toEqual([...d])
    expect(new Set(a)).toEqual(new Set([-1, 1]))
  })
})
