import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { isLoopback, serveStudio } from '../studio/server/serve.ts'
import { UsageError } from './failure.ts'
import { isOutputBroken, note, onInterrupt, print, printJson } from './terminal.ts'

interface StudioFlags {
  readonly port: number
  readonly host: string
  readonly runs: string
  readonly open: boolean
  readonly json?: boolean
}

const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['cmd', '/c', 'start', ''],
  linux: ['xdg-open'],
}

const hasDisplay = (): boolean =>
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY)

/** Opens the browser where there is one; otherwise the address is on the terminal. */
function openBrowser(url: string): void {
  const [command, ...args] = OPENERS[process.platform] ?? []
  if (!command || !hasDisplay()) return
  spawn(command, [...args, url], { stdio: 'ignore', detached: true })
    .on('error', () => {})
    .unref()
}

/** `oxbow studio`: serves until it is interrupted. */
export async function studioCommand({ port, host, runs, open, json }: StudioFlags): Promise<number> {
  if (host.trim() === '') throw new UsageError('--host: expected an address or a name, found nothing')
  const interrupt = onInterrupt()
  try {
    const studio = await serveStudio({ host, port, runs: resolve(runs) })
    if (!isLoopback(host)) {
      note(
        `oxbow: --host ${host} lets others in: whoever knows the address below can train on this machine and read the runs in ${runs}, and so can whoever listens on the way, since it is not encrypted`,
      )
    }
    const { url, token } = studio
    if (json) printJson({ url, host, port: studio.port, token, runs: resolve(runs) })
    else print(url)
    if (open) openBrowser(url)
    while (!interrupt.stop() && !isOutputBroken()) await new Promise(resume => setTimeout(resume, 50))
    await studio.close()
    return interrupt.stop() ? interrupt.exitCode() : 1
  } finally {
    interrupt.release()
  }
}
