import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UserConfig } from '../../src/config/index.ts'
import { train } from '../../src/report/train.ts'

const tiny = {
  objective: 'psd',
  network: { hidden: 8, layers: 1, frequencies: 2 },
  batch: 8,
  steps: 4,
  logEvery: 2,
} as const

/** A run of a few steps of a network of a few numbers, in a folder. */
export async function trainedIn(folder: string, own: UserConfig = {}, name = 'run'): Promise<string> {
  const directory = join(folder, name)
  const { network, ...rest } = tiny
  // What begins with a run has its network.
  await train({ ...rest, ...(!own.initFrom && { network }), ...own } as UserConfig, { directory, threads: 1 })
  return directory
}

export const contentOf = (directory: string, name: string): Uint8Array => readFileSync(join(directory, name))

export const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)
export const asJson = (value: unknown): Uint8Array => utf8(JSON.stringify(value))
export const parsed = (input: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(input))
