import { dataOption, layered, parseKeys } from '../../../src/cli/keys.ts'
import { resolveConfig } from '../../../src/config/index.ts'
import { json } from '../forms/json.ts'
import { parsedOrRefused } from '../refused.ts'
import type { Target } from '../target.ts'
import { asJson } from '../trained.ts'

const lines = [
  ['--objective', 'psd', '--network.hidden', '8', '--steps=4'],
  ['--data', 'x.csv', '--data.csv.columns', '[a, b]', '--optimizer.lr', '0.1'],
  ['--lr', '1e-3', '--recompute', '--no-standardize', '--times.kind', '{kind: uniform}'],
]

export const target: Target = {
  form: json,
  words: [
    '--__proto__.polluted',
    '--constructor.prototype.x',
    '--network.__proto__.x',
    '--a.b.c',
    '--',
    '-x',
    '--data',
    '--=',
    '--.',
  ],
  errors: ['UsageError', 'ConfigError', 'DataError', 'Refused'],
  share: 30_000,
  async open() {
    return {
      corpus: lines.map(asJson),
      read(input) {
        const found = parsedOrRefused(input)
        if (!Array.isArray(found) || found.some(word => typeof word !== 'string')) return
        const keys = parseKeys(found)
        dataOption(keys)
        resolveConfig(layered({ steps: 3 }, keys))
      },
    }
  },
}
