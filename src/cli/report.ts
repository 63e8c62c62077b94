import { existsSync, statSync } from 'node:fs'
import { extname } from 'node:path'
import { plural } from '../report/format.ts'
import { writeRunReport } from '../report/write-report.ts'
import { UsageError } from './failure.ts'
import { noteLogProblem } from './log-problem.ts'
import { print, printJson } from './terminal.ts'

interface ReportFlags {
  readonly out?: string
  readonly json?: boolean
}

/** `oxbow report`. */
export async function reportCommand(run: string, { out, json }: ReportFlags): Promise<void> {
  if (out !== undefined) {
    const taken = existsSync(out) && statSync(out).isDirectory()
    if (taken || extname(out) !== '.html') {
      throw new UsageError(`--out ${out}: expected the name of a file that ends in .html`)
    }
  }
  const { report, plots } = await writeRunReport(run, out)
  noteLogProblem(run)
  if (json) return printJson({ report, plots })
  print(`${report} (${plural(plots.length, 'plot')} in ${run}/plots)`)
}
