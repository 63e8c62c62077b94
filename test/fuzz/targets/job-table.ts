import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { planComparison, resolveComparison } from '../../../src/evaluation/comparison.ts'
import { jobId } from '../../../src/evaluation/identity.ts'
import { from, jobsOf, localRun } from '../../../src/sweep/job.ts'
import { findJob, readTable } from '../../../src/sweep/table.ts'
import type { Form } from '../forms/form.ts'
import { json } from '../forms/json.ts'
import type { Target } from '../target.ts'
import { asJson, parsed } from '../trained.ts'

interface Table {
  jobs: { id: string; config: Record<string, unknown> }[]
}

/** Ids that are those of the configurations. */
const table: Form = {
  ...json,
  repair(input) {
    try {
      const found = parsed(input) as Table
      return asJson({ ...found, jobs: found.jobs.map(job => ({ ...job, id: jobId(job.config) })) })
    } catch {
      return input
    }
  },
}

export const target: Target = {
  form: table,
  words: ['objective', 'teacher', 'data', 'steps', 'folder', 'after', '../x-seed0-00000000', 'runs'],
  errors: ['RunError', 'ConfigError'],
  share: 10_000,
  async open(folder) {
    const comparison = resolveComparison({
      objectives: ['psd', 'lmd'],
      training: { steps: 4 },
      teacherTraining: { steps: 4 },
    })
    const request = { steps: [1], count: 20, seed: 0, method: 'jump', weights: ['ema'] }
    const jobs = jobsOf(planComparison(comparison, folder))
    return {
      corpus: [asJson({ oxbow: '0.1.0', base: folder, from: folder, request, jobs })],
      read(input) {
        writeFileSync(join(folder, 'jobs.json'), input)
        const found = readTable(folder)
        for (const job of found.jobs) {
          const { directory } = localRun(findJob(folder, found, job.id), folder, from(found.base))
          if (!directory.startsWith(join(folder, 'runs', '/')))
            throw new Error(`leads out of its folder: ${directory}`)
        }
      },
    }
  },
}
