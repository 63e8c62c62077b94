import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Whether a program is on this machine. */
const isInstalled = (name: string): boolean =>
  [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].some(folder =>
    existsSync(join(folder, name)),
  )

/** Whether tests that need a program are skipped: never where a change is judged. */
export function isSkipped(name: string): boolean {
  if (process.env.CI !== undefined || isInstalled(name)) return false
  console.warn(`skipped: the tests with ${name}, because it is not installed`)
  return true
}
