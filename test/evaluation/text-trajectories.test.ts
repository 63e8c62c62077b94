import { describe, expect, test } from 'vitest'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { largestSymbols } from '../../src/data/text/one-hot.ts'
import { exactTextEnds } from '../../src/evaluation/text-trajectories.ts'
import { openVelocity } from '../../src/evaluation/trajectories.ts'
import { exactText } from '../../src/model/categorical/exact-text.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { solve } from '../../src/sampler/adaptive.ts'

describe.each(['words', 'sums', 'markov'])('exact ends of %s', name => {
  const { language, shape, dimension } = generatedDataset(name)
  const size = shape as readonly [number, number]
  const [L, K] = size
  const N = 200
  const source = random(1, 'ends')
  const noise = Float32Array.from({ length: N * dimension }, () => source.normal())
  const runtime = nodeRuntime()

  test('are sequences of the language', async () => {
    const ends = await exactTextEnds(runtime, language!, size, noise)
    const decided = ends.filter(value => value > 0.999).length / (N * L)
    expect(decided).toBeGreaterThan(0.97)
    const tokens = largestSymbols(ends, K)
    let valid = 0
    for (let at = 0; at < tokens.length; at += L)
      valid += Number(language!.isValid(tokens.subarray(at, at + L)))
    expect(valid / N).toBeGreaterThan(0.98)
    expect(
      new Set(Array.from({ length: N }, (_, i) => tokens.subarray(i * L, (i + 1) * L).join())).size,
    ).toBeGreaterThan(7)
  })

  test('are those of a solver that adapts its steps', async () => {
    const some = noise.subarray(0, 20 * dimension)
    const exact = exactText(language!, size)
    const { velocity, close } = await openVelocity(runtime, exact, dimension)
    const near = await solve(velocity, Float64Array.from(some), 1, 0.02, { tolerance: 1e-8 })
    await close()
    const ends = await exactTextEnds(runtime, language!, size, some)
    expect(largestSymbols(near, K)).toEqual(largestSymbols(ends, K))
  })
})
