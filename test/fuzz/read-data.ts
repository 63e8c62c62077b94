import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type DatasetSpec, openDataset } from '../../src/data/catalogue.ts'
import { random } from '../../src/random/random.ts'
import type { Form } from './forms/form.ts'
import type { Target } from './target.ts'

/** Opens a file of data; all that may come of it is finite numbers or one clear line. */
export const dataTarget = (
  name: string,
  form: Form,
  share: number,
  corpus: () => Promise<readonly Uint8Array[]>,
  { words, spec = path => path }: { words?: readonly string[]; spec?: (path: string) => DatasetSpec } = {},
): Target => ({
  form,
  words,
  errors: ['DataError'],
  share,
  async open(folder) {
    const [data, cache] = ['data', 'cache'].map(each => join(folder, each))
    mkdirSync(data)
    const path = join(data, name)
    const valid = await corpus()
    // One picture is no data.
    if (name.endsWith('.png')) writeFileSync(join(data, 'whole.png'), valid[0])
    return {
      corpus: valid,
      async read(input) {
        writeFileSync(path, input)
        const dataset = await openDataset(spec(path), { cache })
        const points = new Float32Array(4 * dataset.dimension)
        dataset.sample(random(1), points)
        const { minimum, maximum, rows } = dataset.fingerprint
        if (![...points, ...minimum, ...maximum, rows ?? 0].every(Number.isFinite))
          throw new Error('points that are not finite')
      },
    }
  },
})

export const numbers = Float32Array.from({ length: 60 }, (_, i) => Math.sin(3 * i))
export const table = Array.from({ length: 20 }, (_, i) => [...numbers.subarray(3 * i, 3 * i + 3)])
export const pixels = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (37 * i) % 256)
