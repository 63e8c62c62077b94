import { join } from 'node:path'
import { hubClient } from '../hub/client.ts'
import { pull } from '../hub/pull.ts'
import { InterruptedError } from './failure.ts'
import { onInterrupt, print, printJson } from './terminal.ts'

interface PullFlags {
  readonly out?: string
  readonly revision?: string
  readonly json?: boolean
}

/** `oxbow pull`. */
export async function pullCommand(repository: string, { out, revision, json }: PullFlags): Promise<void> {
  const run = out ?? join('runs', repository.split('/').at(-1)!)
  const interrupt = onInterrupt()
  try {
    const files = await pull(hubClient(), repository, run, { revision, shouldStop: interrupt.stop })
    if (json) printJson({ run, repository, files })
    else print(`${run}: ${files.join(', ')}`)
  } catch (error) {
    if (interrupt.stop()) throw new InterruptedError('stopped; nothing was kept', interrupt.exitCode())
    throw error
  } finally {
    interrupt.release()
  }
}
