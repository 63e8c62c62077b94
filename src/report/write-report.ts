import { dirname } from 'node:path'
import { writeFileAtomic } from '../serialization/files.ts'
import { isReadOnly } from '../serialization/output.ts'
import { paths } from '../serialization/run.ts'
import { runReport } from './html-run.ts'
import { writePlots } from './plot-files.ts'
import { gatherRun } from './run-report.ts'

/** Files of a report. */
export interface ReportFiles {
  readonly report: string
  readonly plots: readonly string[]
}

/**
 * Writes the report of a run from its last evaluation, and every plot of it into the run's `plots`.
 *
 * @param file  of the page; `report.html` in the run by default. One elsewhere is written also where the run is read-only,
 *   without the plots, which are in the page too
 * @throws RunError when the run has no evaluation or its data has changed; DataError when its data cannot be opened
 */
export async function writeRunReport(
  directory: string,
  file: string = paths(directory).report,
): Promise<ReportFiles> {
  const data = await gatherRun(directory)
  const isOwn = file === paths(directory).report
  writeFileAtomic(isOwn ? directory : dirname(file), file, runReport(data))
  try {
    return { report: file, plots: await writePlots(directory, paths(directory).plots, data) }
  } catch (error) {
    if (isOwn || !isReadOnly(error)) throw error
    return { report: file, plots: [] }
  }
}
