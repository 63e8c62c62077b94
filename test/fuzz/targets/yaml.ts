import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from '../../../src/cli/config-file.ts'
import { parseYaml } from '../../../src/cli/yaml.ts'
import { bytes } from '../forms/bytes.ts'
import type { Target } from '../target.ts'
import { utf8 } from '../trained.ts'

const texts = [
  'objective: psd\ndata: ring\nnetwork:\n  hidden: 8\n  layers: 1\nsteps: 10\n',
  'a: &x [1, 2]\nb: *x\nc: {d: *x, e: !!str 3}\n? [1]\n: "q\\u0041"\n',
  'objectives:\n  - psd\n  - objective: lmd\n    label: >-\n      two\n      lines\nseeds: 3\n',
  '%YAML 1.2\n---\n- |\n  text\n- 0x1f\n- .inf\n- 2001-01-01\n...\n',
  '{"objective": "psd", "data": {"csv": {"path": "x.csv"}}}',
]

export const target: Target = {
  form: bytes,
  words: [
    '&a ',
    '*a',
    '<<: *a',
    '!!binary ',
    '!!set',
    '? ',
    '- ',
    '|\n',
    '>\n',
    '{',
    '[',
    '---\n',
    '...\n',
    '%TAG ! x\n',
    '__proto__: 1\n',
  ],
  errors: ['YamlProblem', 'UsageError', 'ConfigError'],
  share: 60_000,
  async open(folder) {
    const file = join(folder, 'x.yaml')
    return {
      corpus: texts.map(utf8),
      async read(input, drawn) {
        parseYaml(new TextDecoder().decode(input))
        if (drawn.integer(10) > 0) return
        writeFileSync(file, input)
        await readConfig(file, false)
      },
    }
  },
}
