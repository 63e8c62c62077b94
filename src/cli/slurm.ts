import { join, resolve } from 'node:path'
import type { Plan } from '../evaluation/comparison.ts'
import { shellWord } from '../report/format.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { SUBMIT, slurmFiles } from '../sweep/slurm.ts'
import { type JobTable, writeTable } from '../sweep/table.ts'
import { wholeCommand } from './own-command.ts'
import { missingJobs } from './print-jobs.ts'
import { note, print, printJson } from './terminal.ts'

/** The arguments of this command, which gathers in the place of writing scripts. */
function gatherArguments(): string[] {
  const args = process.argv.slice(2)
  const at = args.findIndex(argument => /^--slurm(=|$)/.test(argument))
  args.splice(at, args[at] === '--slurm' ? 2 : 1)
  return [...args.filter(argument => argument !== '--json'), '--gather']
}

interface SlurmFlags {
  readonly folder: string
  readonly json?: boolean
}

/** `oxbow compare --slurm`: the scripts of job arrays for the jobs that are not done. @returns the exit code */
export function writeSlurm(root: string, table: JobTable, plan: Plan, { folder, json }: SlurmFlags): number {
  writeTable(root, table)
  const jobs = missingJobs(table, plan)
  const files = slurmFiles({
    ...{ jobs, root: resolve(root), folder: resolve(folder) },
    command: wholeCommand(),
    from: table.from,
    gather: gatherArguments(),
  })
  for (const [name, text] of Object.entries(files)) writeFileAtomic(folder, join(folder, name), text)
  const submit = join(folder, SUBMIT)
  if (json)
    printJson({ jobs: jobs.length, submit, files: Object.keys(files).map(name => join(folder, name)) })
  else print(`sh ${shellWord(submit)}`)
  note(`oxbow: ${jobs.length} of ${table.jobs.length} jobs are to be done; the command above submits them`)
  return 0
}
