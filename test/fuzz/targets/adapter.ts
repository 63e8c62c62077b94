import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeAdapterFile } from '../../../src/serialization/adapter.ts'
import { mergeAdapters, readAdapter } from '../../../src/serialization/merge.ts'
import { encodeNoiseAdapter, readNoiseAdapter } from '../../../src/serialization/noise-adapter-file.ts'
import { safetensors } from '../forms/safetensors.ts'
import type { Target } from '../target.ts'
import { trainedIn } from '../trained.ts'

export const target: Target = {
  form: safetensors,
  words: [
    'rank',
    'adapter',
    'base',
    'operator',
    'mask',
    'hidden',
    'shape',
    'center',
    'scale',
    'oxbow-adapter',
    'oxbow-noise-adapter',
  ],
  errors: ['RunError', 'ConfigError'],
  share: 20_000,
  async open(folder) {
    const base = await trainedIn(folder)
    const tuned = await trainedIn(folder, { initFrom: base, adapter: { rank: 2 } }, 'tuned')
    const file = join(folder, 'x.safetensors')
    const noise = {
      ...{
        operator: { kind: 'mask', known: [0] },
        sd: 0.1,
        shape: [2],
        map: 'x',
        hidden: 4,
        center: [0],
        scale: [1],
      },
      parameters: new Float32Array(1000),
    }
    const corpus = [encodeAdapterFile(readAdapter(tuned))]
    try {
      corpus.push(encodeNoiseAdapter(noise as never, {}))
    } catch {
      // Only where its form is another.
    }
    return {
      corpus,
      read(input) {
        writeFileSync(file, input)
        try {
          readNoiseAdapter(file)
        } catch (error) {
          if ((error as Error).name !== 'RunError') throw error
        }
        const adapter = readAdapter(file)
        mergeAdapters(base, [{ ...adapter, name: 'x', weight: 1, path: file } as never])
      },
    }
  },
}
