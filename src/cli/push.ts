import { hubClient } from '../hub/client.ts'
import { push } from '../hub/push.ts'
import { print, printJson } from './terminal.ts'

interface PushFlags {
  readonly private?: boolean
  readonly license?: string
  readonly message?: string
  readonly json?: boolean
}

/** `oxbow push`. */
export async function pushCommand(run: string, repository: string, flags: PushFlags): Promise<void> {
  const result = await push(hubClient(), run, repository, flags)
  if (flags.json) printJson(result)
  else print(`${result.url}: ${result.files.join(', ')}`)
}
