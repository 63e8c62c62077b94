import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, vi } from 'vitest'
import { main } from '../../src/cli/program.ts'

/** What a command line gave. */
export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** The built command, which `npm test` makes first. */
export const COMMAND = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** Options that keep a training small. */
export const TINY = ['--objective', 'lsd', '--network.hidden', '16', '--batch', '32']

/** Runs `oxbow` in this process, its output caught. */
export async function runHere(args: readonly string[]): Promise<Outcome> {
  let [stdout, stderr] = ['', '']
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(text => {
    stdout += text
    return true
  })
  const err = vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    stderr += text
    return true
  })
  // The test runner's own channel is not meant.
  const { send } = process
  process.send = undefined
  try {
    const code = await main(args)
    return { code, stdout, stderr }
  } finally {
    process.send = send
    out.mockRestore()
    err.mockRestore()
  }
}

export interface StartOptions {
  readonly cwd?: string
  readonly env?: NodeJS.ProcessEnv
}

/** A command in a process of its own. */
export interface Started {
  readonly child: ChildProcess
  readonly pid: number
  /** What it has written to standard error so far. */
  stderr(): string
  readonly done: Promise<Outcome & { readonly signal: NodeJS.Signals | null }>
}

const running = new Set<ChildProcess>()
// What a failed test leaves behind.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

export function start(args: readonly string[], { cwd, env }: StartOptions = {}): Started {
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd, env: { ...process.env, ...env } })
  running.add(child)
  child.once('exit', () => running.delete(child))
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const done = new Promise<Outcome & { signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
  return { child, pid: child.pid!, stderr: () => stderr, done }
}

/** Runs `oxbow` in a process of its own to its end. */
export const run = (args: readonly string[], options?: StartOptions): Promise<Outcome> =>
  start(args, options).done

/** What was asked for as JSON: standard output is one document and nothing else. */
export function documentOf({ code, stdout }: Outcome): unknown {
  expect(code).toBe(0)
  expect(stdout).toMatch(/^[{[][^\n]*\n$/)
  return JSON.parse(stdout)
}

/** Waits until something is so. */
export async function until(isSo: () => boolean, what: string, timeout = 20_000): Promise<void> {
  const start = performance.now()
  while (!isSo()) {
    if (performance.now() - start > timeout) throw new Error(`gave up waiting until ${what}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}
