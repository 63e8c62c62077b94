import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytes } from './forms/bytes.ts'
import type { Target } from './target.ts'
import { utf8 } from './trained.ts'

/** A reader that breaks each promise when its input says so, so that the fuzzer is seen to find it. */
export const target: Target = {
  form: bytes,
  errors: ['Refused'],
  share: 1,
  memory: 200,
  async open(folder) {
    const held: unknown[] = []
    const acts: Readonly<Record<string, () => void>> = {
      error: () => void (undefined as unknown as { x: number }).x,
      hang: () => {
        for (;;);
      },
      crash: () => process.kill(process.pid, 'SIGSEGV'),
      escape: () => {
        try {
          readFileSync(join(folder, '..', 'secret.txt'))
        } catch {
          // It was tried.
        }
      },
      memory: () => void held.push(Buffer.alloc(300 << 20, 1)),
      pollution: () => Object.assign(Object.prototype, { polluted: true }),
    }
    return { corpus: ['fine'].map(utf8), read: input => acts[new TextDecoder().decode(input)]?.() }
  },
}
