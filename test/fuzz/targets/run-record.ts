import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readRecord } from '../../../src/serialization/run.ts'
import { savedRuns } from '../../../src/studio/server/saved.ts'
import { json } from '../forms/json.ts'
import type { Target } from '../target.ts'
import { contentOf, trainedIn } from '../trained.ts'

export const target: Target = {
  form: json,
  words: [
    'objective',
    'psd',
    'lmd',
    'teacher',
    'network',
    'standardization',
    'fingerprint',
    'text',
    'vector',
    'torus',
  ],
  errors: ['RunError'],
  share: 20_000,
  async open(folder) {
    const run = await trainedIn(folder)
    const corpus = [contentOf(run, 'config.json')]
    return {
      corpus,
      read(input) {
        writeFileSync(join(run, 'config.json'), input)
        // The studio lists a damaged run with its reason.
        if (savedRuns(folder).length !== 1) throw new Error('the run is not listed')
        readRecord(run)
      },
    }
  },
}
