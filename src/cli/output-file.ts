import { dirname } from 'node:path'
import { type Content, writeFileAtomic } from '../serialization/files.ts'
import { isReadOnly, isStandardOutput } from '../serialization/output.ts'
import { RunError } from '../serialization/run.ts'
import { fileProblem } from './file-problem.ts'
import { note, print } from './terminal.ts'

/**
 * Writes the file that a command makes, whole or not at all, its folder too where there is none; see `writeFileAtomic`.
 *
 * @param isDefault  whether the user named no file; then one that cannot be written is no reason to give up
 * @returns how the command then prints its result: on standard error where the file itself is standard output
 */
export function writeOutput(file: string, content: Content, isDefault: boolean): typeof print {
  const taken = isStandardOutput(file)
  try {
    writeFileAtomic(dirname(file), file, content)
  } catch (error) {
    if (!isDefault || !isReadOnly(error)) throw error
    throw new RunError(`${file}: ${fileProblem(error as Error)}; name another file with --out`)
  }
  return taken ? note : print
}
