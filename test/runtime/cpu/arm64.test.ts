import { execFileSync } from 'node:child_process'
import { test } from 'vitest'
import { unitsFor } from '../../../native/flags.mjs'
import { temporaryFolder } from '../../helpers/folder.ts'
import { isWhole } from '../../helpers/long.ts'
import { changed, programs, runCases } from './harness.ts'

const works = (command: string, args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const [zig, ...first] = (process.env.ZIG ?? 'python3 -m ziglang').split(' ')
/** The other kind of processor in software; Debian has it in qemu-user-static. */
const emulator = ['qemu-aarch64-static', 'qemu-aarch64'].find(name => works(name, ['--version']))
const isThere = isWhole && emulator !== undefined && works(zig, [...first, 'version'])

test.runIf(isThere)(
  'programs give on arm64, in an emulator, what the evaluator gives, with any number of threads',
  () =>
    runCases(
      {
        name: 'arm64',
        folder: temporaryFolder('arm64'),
        compiler: [zig, ...first, 'c++'],
        flags: ['-target', 'aarch64-linux-musl', '-static', '-O2'],
        units: unitsFor('arm64'),
        instructions: ['neon'],
        command: (program, args) => [emulator!, [program, ...args]],
      },
      [...programs(), ...changed()],
    ),
  600_000,
)
