import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { ConfigError } from '../config/index.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { readText } from '../serialization/read-file.ts'
import { RunError } from '../serialization/run.ts'
import { VERSION } from '../serialization/version.ts'
import { checkId, type Job, jobSchema, requestSchema } from './job.ts'

const schema = z.strictObject({
  oxbow: z.string(),
  /** The folder that paths of the configurations are from, and that in which the command was given. */
  base: z.string(),
  from: z.string(),
  request: requestSchema,
  jobs: z.array(jobSchema),
})

/** Every job of a comparison: what `jobs.json` in its directory holds. */
export interface JobTable {
  readonly base: string
  readonly from: string
  readonly request: EvaluationRequest
  readonly jobs: readonly Job[]
}

const fileIn = (root: string): string => join(root, 'jobs.json')

export function writeTable(root: string, table: JobTable): void {
  writeFileAtomic(root, fileIn(root), `${JSON.stringify({ oxbow: VERSION, ...table }, null, 1)}\n`)
}

/** @throws RunError when there is no table, or it is not whole */
export function readTable(root: string): JobTable {
  const file = fileIn(root)
  if (!existsSync(file)) {
    throw new RunError(`${file}: no such table; "oxbow compare --print --out ${root}" writes it`)
  }
  try {
    const table = schema.parse(JSON.parse(readText(file)))
    for (const job of table.jobs) checkId(job)
    return table as JobTable
  } catch (error) {
    const why = error instanceof ConfigError ? ` (${error.message})` : ''
    throw new RunError(
      `${file}: not the table of a comparison, or damaged${why}; give "oxbow compare --print" again`,
    )
  }
}

/** A job by its id, or by the beginning of it. @throws RunError when there is none, or more than one */
export function findJob(root: string, { jobs }: JobTable, id: string): Job {
  const found = jobs.filter(job => job.id.startsWith(id))
  if (found.length === 1 && id !== '') return found[0]
  const what = found.length > 1 && id !== '' ? `${found.length} jobs that begin with` : 'no job'
  throw new RunError(
    `${fileIn(root)}: holds ${what} "${id}"; if the comparison has changed since, print its commands again`,
  )
}
