import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { generatedDataset, openDataset } from '../../src/config/dataset.ts'
import type { DatasetSpec } from '../../src/data/catalogue.ts'
import { formatKeys, formatNames } from '../../src/data/formats.ts'

const text = readFileSync('docs/data.md', 'utf8')

test('docs/data.md has every format', () => {
  const written = [...text.matchAll(/^\| `(\w+)` \| [^|]*\.\w+[^|]*\||^\| `(images)` \| any/gm)]
  expect(written.map(([, name, folder]) => name ?? folder).sort()).toEqual([...formatNames].sort())
})

test('docs/data.md has every key of every format', () => {
  const section = text.slice(text.indexOf('| key | of |'), text.indexOf('## From code'))
  const written = [...section.matchAll(/^\| `(\w+)` \| ([^|]*) \|/gm)].flatMap(([, key, of]) =>
    (of === 'all' ? formatNames : [...of.matchAll(/`(\w+)`/g)].map(([, name]) => name)).map(
      name => `${name}.${key}`,
    ),
  )
  const real = formatNames.flatMap(name => formatKeys(name).map(key => `${name}.${key}`))
  expect(written.sort()).toEqual(real.sort())
})

test('the blocks of docs/data.md are accepted', async () => {
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map(([, block]) => parse(block).data)
  expect(blocks.length).toBeGreaterThan(3)
  for (const block of blocks) {
    // Drawn from a formula, it reads no file.
    if (['glyphs', 'tilted', 'markov'].some(key => key in block)) generatedDataset(block)
    else await expect(openDataset(block as DatasetSpec)).rejects.toThrow(/^[\w.]+: no such file$/)
  }
})
