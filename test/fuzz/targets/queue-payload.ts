import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathsIn } from '../../../src/data/catalogue.ts'
import { planComparison, resolveComparison } from '../../../src/evaluation/comparison.ts'
import { jobId } from '../../../src/evaluation/identity.ts'
import { jobsOf } from '../../../src/sweep/job.ts'
import { checkPayload, payloadOf, queuedRun } from '../../../src/sweep/payload.ts'
import type { Form } from '../forms/form.ts'
import { json } from '../forms/json.ts'
import { parsedOrRefused } from '../refused.ts'
import type { Target } from '../target.ts'
import { asJson, parsed } from '../trained.ts'

interface Queued {
  id: string
  data: { config: Record<string, unknown> }
}

const payload: Form = {
  ...json,
  repair(input) {
    try {
      const { data } = parsed(input) as Queued
      return asJson({ id: jobId(data.config), data })
    } catch {
      return input
    }
  },
}

export const target: Target = {
  form: payload,
  words: [
    'data',
    'csv',
    'path',
    'teacher',
    'initFrom',
    'folder',
    'after',
    'source',
    'x.csv',
    '../x.csv',
    '/etc/passwd',
    'command',
    'env',
  ],
  errors: ['ConfigError', 'Refused'],
  share: 40_000,
  async open(folder) {
    const [root, files] = [join(folder, 'out'), join(folder, 'files')]
    mkdirSync(files)
    writeFileSync(join(files, 'x.csv'), 'a,b\n1,2\n3,4\n')
    const training = { steps: 4, batch: 8 }
    const plans = [
      resolveComparison({ objectives: ['psd', 'lmd'], training, teacherTraining: { steps: 4 } }),
      resolveComparison({ objectives: ['psd'], data: join(files, 'x.csv'), training }),
    ].map(comparison => planComparison(comparison, root, files))
    const request = { steps: [1], count: 20, seed: 0, method: 'jump', weights: ['ema'] } as never
    return {
      corpus: plans.flatMap(plan =>
        jobsOf(plan).map(job => asJson({ id: job.id, data: payloadOf(job, request) })),
      ),
      read(input, drawn) {
        const { id, data } = (parsedOrRefused(input) ?? {}) as Queued
        const { job } = checkPayload(String(id), data)
        const { directory, config } = queuedRun(job, root, drawn.integer(4) > 0 ? files : undefined)
        const outside = [
          ...pathsIn(config.data),
          ...(typeof config.initFrom === 'string' ? [config.initFrom] : []),
        ].find(path => !path.startsWith(join(files, '/')))
        if (outside !== undefined) throw new Error(`a file outside of its folder: ${outside}`)
        if (!directory.startsWith(join(root, 'runs', '/')))
          throw new Error(`a run outside of its folder: ${directory}`)
      },
    }
  },
}
