import { join } from 'node:path'
import { train, type UserConfig } from '../../src/index.ts'

/** A small transformer on pictures, with classes. */
export const small = {
  data: 'glyphs',
  network: { kind: 'dit', patch: 4, width: 16, depth: 1, heads: 2, frequencies: 8 },
  condition: { kind: 'class' },
  objective: 'psd',
  batch: 8,
} as const satisfies UserConfig

/**
 * Trains some steps of a map that is told guidance scales from 1 to 4: enough that classes and scales change what it draws.
 *
 * @returns the run's folder
 */
export async function trainTold(folder: string): Promise<string> {
  const directory = join(folder, 'told')
  const range: [number, number] = [1, 4]
  const guidance = { rule: 'linear', law: 'uniform', range } as const
  const optimizer = { learningRate: 0.02 }
  await train({ ...small, guidance, optimizer, diagonal: { fraction: 0.5 }, steps: 40 }, { directory })
  return directory
}
