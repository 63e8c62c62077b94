import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newestIntact } from '../../../src/serialization/checkpoint.ts'
import { readModel } from '../../../src/serialization/model-files.ts'
import { safetensors } from '../forms/safetensors.ts'
import type { Target } from '../target.ts'
import { contentOf, trainedIn } from '../trained.ts'

export const target: Target = {
  form: safetensors,
  words: [
    'map.parameters',
    'map.first',
    'map.average',
    'window',
    'parameters',
    'ema',
    'seeds',
    'step',
    'config',
    'data',
  ],
  errors: ['RunError'],
  share: 30_000,
  async open(folder) {
    const run = await trainedIn(folder)
    const checkpoints = join(run, 'checkpoints')
    const names = readdirSync(checkpoints).sort()
    const corpus = names.map(name => contentOf(checkpoints, name))
    for (const name of names.slice(0, -1)) rmSync(join(checkpoints, name))
    const newest = join(checkpoints, names.at(-1)!)
    return {
      corpus,
      read(input) {
        writeFileSync(newest, input)
        newestIntact(run)
        readModel(run, 'raw')
      },
    }
  },
}
