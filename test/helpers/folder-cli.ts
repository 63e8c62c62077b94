import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { runHere } from './cli.ts'
import { temporaryFolder } from './folder.ts'
import { decodeNpy } from './npy.ts'

/** The command line in a folder of a test's own. */
export function commandsIn(name: string) {
  const folder = temporaryFolder(name)
  const at = (file: string) => join(folder, file)

  /** Runs what must succeed. */
  async function here(...args: string[]) {
    const outcome = await runHere(args)
    expect(outcome.code, outcome.stderr).toBe(0)
    return outcome
  }

  /** Runs what must be refused in a line, which is returned. */
  async function refused(...args: string[]): Promise<string> {
    const { code, stderr } = await runHere(args)
    expect(code, stderr).toBe(2)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    return stderr
  }

  return {
    at,
    here,
    refused,
    json: async (...args: string[]) => JSON.parse((await here(...args, '--json')).stdout),
    /** Numbers of a `.npy` file of the folder. */
    dataOf: (file: string) => decodeNpy(readFileSync(at(file))).data as Float32Array,
  }
}
