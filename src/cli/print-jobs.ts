import type { Plan } from '../evaluation/comparison.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { shellWord } from '../report/format.ts'
import { isDone } from '../sweep/done.ts'
import type { Job } from '../sweep/job.ts'
import { type JobTable, writeTable } from '../sweep/table.ts'
import { ownCommand } from './own-command.ts'
import { note, print, printJson } from './terminal.ts'

/** The jobs that are not done, in their order. */
export function missingJobs(
  { jobs, request: asked }: JobTable,
  { runs }: Plan,
  request: EvaluationRequest | null = asked,
): Job[] {
  const missing = new Set(runs.filter(run => !isDone(run, request)).map(run => run.id))
  return jobs.filter(job => missing.has(job.id))
}

/** Enough of an id to tell it from the others. */
const SHORT = 12

/** A shell's command that does one job. */
const jobCommand = (command: string, root: string, { id }: Job): string =>
  `${command} job ${shellWord(root)} ${id.slice(0, SHORT)}`

/** `oxbow compare --print`: a command for each job that is not done. @returns the exit code */
export function printJobs(root: string, table: JobTable, plan: Plan, { json }: { json?: boolean }): number {
  writeTable(root, table)
  const missing = missingJobs(table, plan)
  const commands = missing.map(job => jobCommand(ownCommand(), root, job))
  if (json) printJson({ commands, done: table.jobs.length - missing.length })
  else for (const command of commands) print(command)
  note(
    `oxbow: ${missing.length} of ${table.jobs.length} jobs are to be done; give the command again with --gather then`,
  )
  return 0
}
