import { existsSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { plural } from '../report/format.ts'
import { writeRunReport } from '../report/write-report.ts'
import { findTarget, isReadOnly, isStandardOutput } from '../serialization/output.ts'
import { RunError } from '../serialization/run.ts'
import { UsageError } from './failure.ts'
import { fileProblem } from './file-problem.ts'
import { noteLogProblem } from './log-problem.ts'
import { note, print } from './terminal.ts'

interface ReportFlags {
  readonly out?: string
  readonly json?: boolean
}

const readOnlyRun = (error: NodeJS.ErrnoException): RunError =>
  new RunError(`${error.path}: ${fileProblem(error)}; name another file with --out`)

/** `oxbow report`. */
export async function reportCommand(run: string, { out, json }: ReportFlags): Promise<void> {
  if (out !== undefined) {
    const taken = existsSync(out) && statSync(out).isDirectory()
    // The names of pipes and devices have no ending.
    if (taken || (extname(out) !== '.html' && !findTarget(out).open)) {
      throw new UsageError(`--out ${out}: expected the name of a file that ends in .html`)
    }
  }
  // Asked before: what is written is no longer what it was.
  const taken = out !== undefined && isStandardOutput(out)
  const { report, plots } = await writeRunReport(run, out).catch(error => {
    throw out === undefined && isReadOnly(error) ? readOnlyRun(error) : error
  })
  noteLogProblem(run)
  const say = taken ? note : print
  if (json) return say(JSON.stringify({ report, plots }))
  const where =
    plots.length > 0 ? `${plural(plots.length, 'plot')} in ${run}/plots` : `no plots: ${run} is read-only`
  say(`${report} (${where})`)
}
