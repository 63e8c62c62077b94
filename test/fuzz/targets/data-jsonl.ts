import { jsonLines } from '../forms/json.ts'
import { dataTarget, table } from '../read-data.ts'
import { utf8 } from '../trained.ts'

export const target = dataTarget(
  'x.jsonl',
  jsonLines,
  25_000,
  async () => [
    utf8(table.map(([a, b]) => JSON.stringify({ a, b })).join('\n')),
    utf8(table.map(([a, b]) => JSON.stringify([a, b])).join('\n')),
    utf8(table.map(([a, b], i) => JSON.stringify({ x: [a, b], label: `c${i % 2}` })).join('\n')),
  ],
  { words: ['a', 'b', 'label'] },
)
