import { createHash } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { Results } from '../../../src/sweep/results.ts'
import type { Bucket } from '../../../src/sweep/s3.ts'
import { json } from '../forms/json.ts'
import type { Target } from '../target.ts'
import { asJson } from '../trained.ts'

const ID = 'a'.repeat(64)
const CONTENT = Buffer.from('{}')
const sha256 = createHash('sha256').update(CONTENT).digest('hex')
const file = (path: string) => ({ path, sha256, size: CONTENT.length })

export const target: Target = {
  form: json,
  words: [
    '../x',
    'a/../../x',
    '.lock',
    'checkpoints',
    'checkpoints/x',
    'config.json/x',
    'config.json',
    sha256,
    ID,
  ],
  errors: ['QueueError'],
  share: 20_000,
  async open(folder) {
    const directory = join(folder, 'runs', 'run')
    return {
      corpus: [
        asJson({
          id: ID,
          step: 4,
          files: [file('config.json'), file('checkpoints/step-000004.safetensors')],
        }),
        asJson({ id: ID, step: 0, files: [] }),
      ],
      async read(input) {
        const bucket: Bucket = {
          get: async name => (/^(runs|partial)\/\w+\.json$/.test(name) ? input : CONTENT),
          has: async () => true,
          put: async () => {},
          remove: async () => {},
        }
        const results = new Results(bucket)
        rmSync(join(folder, 'runs'), { recursive: true, force: true })
        mkdirSync(join(folder, 'runs'))
        await results.stepOf(ID)
        await results.fetch(ID, directory)
      },
    }
  },
}
