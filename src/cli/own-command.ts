import { accessSync, constants, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { shellWord } from '../report/format.ts'

const NAME = 'oxbow'

/** The file that a shell runs for a name, as it is on the disk; nothing where there is none. */
function found(name: string): string | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      const file = join(folder, name)
      accessSync(file, constants.X_OK)
      return realpathSync(file)
    } catch {
      // Not in this folder.
    }
  }
  return undefined
}

/** This program by its whole path, for shells that may not know it by name. */
export const wholeCommand = (): string =>
  [process.execPath, realpathSync(process.argv[1])].map(shellWord).join(' ')

/** This program as a shell of this machine starts it. npx knows names for its own child alone. */
export function ownCommand(): string {
  if (process.env.npm_command === 'exec') return `npx ${NAME}`
  return found(NAME) === realpathSync(process.argv[1]) ? NAME : wholeCommand()
}
