import { resolveConfig } from '../../../src/config/index.ts'
import { planComparison, resolveComparison } from '../../../src/evaluation/comparison.ts'
import { objectives } from '../../../src/objective/index.ts'
import { json } from '../forms/json.ts'
import { parsedOrRefused } from '../refused.ts'
import type { Target } from '../target.ts'
import { asJson } from '../trained.ts'

const users = [
  { objective: 'psd', data: 'ring', steps: 10 },
  { objective: 'lmd', teacher: 'runs/x', loss: { kind: 'pseudo-huber' }, times: { kind: 'uniform' } },
  {
    objective: 'meanflow',
    data: { csv: { path: 'x.csv', columns: ['a', 'b'] } },
    network: { hidden: 8, layers: 2 },
  },
  {
    objective: 'imf',
    data: { glyphs: { size: 8 } },
    condition: 'class',
    network: { kind: 'dit', patch: 4, width: 16 },
  },
  {
    data: { mixture: { components: [{ weight: 1, mean: [0, 0], std: 1 }] } },
    schedule: { kind: 'cosine', warmup: 2 },
  },
  { recipe: 'one-step', optimizer: { learningRate: 0.001, clip: 1 }, ema: 0.9 },
]
const comparisons = [
  {
    objectives: ['psd', { objective: 'lmd', label: 'x', steps: 3 }],
    seeds: 2,
    training: { steps: 4 },
    steps: [1, 2],
  },
  {
    objectives: ['meanflow'],
    data: 'moons',
    training: { network: { hidden: 8 } },
    teacherTraining: { steps: 4 },
  },
]

export const target: Target = {
  form: json,
  words: [
    ...objectives.keys(),
    'linear',
    'trig',
    'vp',
    'dit',
    'mlp',
    'class',
    'data',
    'times',
    'loss',
    'coupling',
    'adapter',
  ],
  errors: ['ConfigError', 'DataError', 'Refused'],
  share: 40_000,
  async open(folder) {
    return {
      corpus: [...users, ...comparisons].map(asJson),
      read(input) {
        const found = (parsedOrRefused(input) ?? {}) as Record<string, unknown>
        if (typeof found === 'object' && 'objectives' in found) {
          const comparison = resolveComparison(found)
          // Each of up to a thousand seeds is a configuration of its own.
          if (comparison.seeds <= 20) planComparison(comparison, folder)
        } else resolveConfig(found)
      },
    }
  },
}
