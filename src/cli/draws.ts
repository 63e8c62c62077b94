import { openSplitDraws } from '../training/split/draws.ts'
import { UsageError } from './failure.ts'
import { printJson } from './terminal.ts'

interface DrawsFlags {
  readonly from?: number
  readonly to?: number
  readonly parts?: readonly number[]
  readonly json?: boolean
}

/** Writes to standard output and waits until its reader has taken it. */
const give = (bytes: Uint8Array): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(bytes, error => (error ? reject(error) : resolve()))
  })

const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EPIPE'

/** `oxbow draws`: what an exported training draws, as bytes; with `--json` how many there are of each step, and none of them. */
export async function drawsCommand(folder: string, flags: DrawsFlags): Promise<void> {
  const { training, ...all } = await openSplitDraws(folder)
  const { from = training.step + 1, to = training.steps } = flags
  const own = flags.parts ?? Array.from({ length: training.parts }, (_, part) => part)
  const wrong = own.find(part => part >= training.parts)
  if (wrong !== undefined) {
    throw new UsageError(`--parts: expected numbers from 0 to ${training.parts - 1}, found ${wrong}`)
  }
  if (flags.json) {
    const bytes = all.of(from, own).reduce((sum, { length }) => sum + length, 0)
    return printJson({ from, to, parts: own, bytesPerStep: bytes })
  }
  for (let step = from; step <= to; step++) {
    try {
      await give(Buffer.concat(all.of(step, own)))
    } catch (error) {
      // A reader that has seen enough.
      if (isGone(error)) return
      throw error
    }
  }
}
