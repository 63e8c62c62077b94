import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'vitest'
import { findCompiler, INSTRUCTIONS, UNITS } from '../../../native/flags.mjs'
import { temporaryFolder } from '../../helpers/folder.ts'
import { isWhole } from '../../helpers/long.ts'
import { type Build, changed, programs, runCases } from './harness.ts'

const folder = temporaryFolder('sanitizers')
const [program, ...first] = findCompiler() ?? []

/** Whether programs with a sanitizer are compiled and run here. */
function isThere(sanitizer: string): boolean {
  if (!isWhole || !INSTRUCTIONS || program === undefined) return false
  const [source, out] = ['cpp', 'out'].map(ending => join(folder, `trial-${sanitizer}.${ending}`))
  writeFileSync(source, 'int main() { return 0; }\n')
  try {
    execFileSync(program, [...first, `-fsanitize=${sanitizer}`, source, '-o', out], { stdio: 'ignore' })
    execFileSync(...alone(out, []), { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A command at addresses that are the same in each run, where that can be had: ThreadSanitizer fails at some of the others. */
function alone(command: string, args: readonly string[]): [string, string[]] {
  try {
    execFileSync('setarch', ['-R', 'true'], { stdio: 'ignore' })
    return ['setarch', ['-R', command, ...args]]
  } catch {
    return [command, [...args]]
  }
}

const buildWith = (sanitizer: string): Build => ({
  name: sanitizer,
  folder,
  compiler: [program, ...first],
  flags: [`-fsanitize=${sanitizer}`, '-fno-sanitize-recover=all', '-O1', '-g1'],
  units: UNITS,
  instructions: Object.keys(INSTRUCTIONS!),
  command: alone,
})

describe('no sanitizer finds anything in programs', () => {
  test.runIf(isThere('address,undefined'))(
    'in memory, also with changed words',
    async () => {
      await runCases(buildWith('address,undefined'), [...programs(), ...changed()])
    },
    300_000,
  )

  test.runIf(isThere('thread'))('between threads', () => runCases(buildWith('thread'), programs()), 300_000)
})
