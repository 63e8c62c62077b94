import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openDataset } from '../../src/data/catalogue.ts'
import { encodeNpy } from '../../src/data/npy.ts'
import { evaluateSamples } from '../../src/evaluation/saved-samples.ts'
import { spaceNamed } from '../../src/model/spaces/table.ts'
import { random } from '../../src/random/random.ts'

const folder = mkdtempSync(join(tmpdir(), 'oxbow-spaces-'))
afterAll(() => rmSync(folder, { recursive: true }))

const COUNT = 300

/** Measures the data itself, or its noise in its place. */
async function measure(name: string, of: 'data' | 'noise', metrics?: readonly string[]) {
  const dataset = await openDataset(name)
  const points = new Float32Array(COUNT * dataset.dimension)
  const source = random(9, 'samples')
  if (of === 'data') dataset.sample(source, points)
  else spaceNamed(dataset.space!)!.noise.draw(source, points, dataset.dimension)
  const file = join(folder, 'samples.npy')
  writeFileSync(file, encodeNpy({ shape: [COUNT, dataset.dimension], data: points }))
  return evaluateSamples(file, dataset, { count: COUNT, seed: 0, ...(metrics && { metrics: [...metrics] }) })
}

test.each(['sphere-vmf', 'torus-ramachandran', 'so3-mixture', 'hyperbolic-tree'])(
  'samples of %s are measured by its own metrics beside their floors',
  async name => {
    const all = ['energyDistance', 'wasserstein2', 'mmd', 'mmdPublished']
    const good = await measure(name, 'data', all)
    const far = await measure(name, 'noise', all)
    expect(Object.keys(good.metrics).sort()).toEqual([...all].sort())
    for (const metric of all) {
      const { value, floor } = good.metrics[metric]
      expect(value!, metric).toBeLessThan(3 * floor!)
      expect(far.metrics[metric].value!, metric).toBeGreaterThan(1.5 * value!)
    }
  },
)

test('what is quick is measured where nothing is asked for', async () => {
  expect(Object.keys((await measure('sphere-vmf', 'data')).metrics)).toEqual(['offData', 'energyDistance'])
})

test('metrics of other spaces are refused with what they need', async () => {
  await expect(measure('sphere-vmf', 'data', ['histogramKL'])).rejects.toThrow(
    'metrics: histogramKL needs points of flat space, not of sphere',
  )
  const file = join(folder, 'flat.csv')
  writeFileSync(file, '1,2\n3,4\n')
  const asked = { count: 2, seed: 0, metrics: ['mmdPublished'] }
  await expect(evaluateSamples(file, await openDataset('ring'), asked)).rejects.toThrow(
    'metrics: mmdPublished needs points of a curved space',
  )
})

test('samples off the cells are seen where the energy distance is blind', async () => {
  const asked = ['offData', 'energyDistance']
  const [data, uniform] = [
    await measure('sphere-checkerboard', 'data', asked),
    await measure('sphere-checkerboard', 'noise', asked),
  ]
  expect(uniform.metrics.energyDistance.value!).toBeLessThan(3 * data.metrics.energyDistance.value! + 0.01)
  expect(data.metrics.offData.value!).toBe(0)
  expect(Math.abs(uniform.metrics.offData.value! - 0.5)).toBeLessThan(0.1)
})
