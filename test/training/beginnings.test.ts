import { describe, expect, test } from 'vitest'
import { resolveConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { batchSource } from '../../src/training/batches.ts'
import { buildStep } from '../../src/training/step.ts'

const dataset = generatedDataset('arithmetic')
const [length, symbols] = dataset.shape
const size = length * symbols

/** The first batch of cross-entropy: data, and the noise that it is mixed with. */
function drawn(prefix: number): { readonly x0: Float32Array; readonly eps: Float32Array } {
  const config = resolveConfig({
    data: 'arithmetic',
    objective: 'cross-entropy',
    prefix,
    batch: 400,
    network: { hidden: 8 },
  })
  const step = buildStep(config, { shape: dataset.shape, space: 'simplex' })
  const arrays = batchSource(config, dataset, step.turns).draw(1, 1)
  const at = (name: string) => arrays[step.terms[0].inputs.indexOf(name as never)] as Float32Array
  return { x0: at('x0').slice(), eps: at('eps').slice() }
}

/** How many symbols of each sample have no noise. */
function givenOf({ x0, eps }: ReturnType<typeof drawn>): number[] {
  return Array.from({ length: x0.length / size }, (_, i) => {
    let given = 0
    while (
      given < length &&
      Array.from({ length: symbols }, (_, k) => i * size + given * symbols + k).every(
        at => x0[at] === eps[at],
      )
    )
      given++
    return given
  })
}

describe('a beginning that is given', () => {
  test('has no noise, in its part of the samples and in every length', () => {
    const given = givenOf(drawn(0.5))
    const some = given.filter(count => count > 0)
    expect(some.length / given.length).toBeGreaterThan(0.42)
    expect(some.length / given.length).toBeLessThan(0.58)
    expect([...new Set(some)].sort()).toEqual([1, 2, 3, 4, 5])
  })

  test('is no one without prefixes, and changes no other draw', () => {
    const [without, all] = [drawn(0), drawn(1)]
    expect(givenOf(without).every(count => count === 0)).toBe(true)
    expect(all.x0).toEqual(without.x0)
    const last = (points: Float32Array) =>
      points.filter((_, at) => at % size >= (length - 1) * symbols).slice(0, symbols * 50)
    expect(last(all.eps)).toEqual(last(without.eps))
  })
})
