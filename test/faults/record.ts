import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { COMMAND } from '../helpers/cli.ts'

/** A change of the file system below a folder; paths are absolute. */
export type Change =
  | { readonly kind: 'create'; readonly path: string }
  | { readonly kind: 'write'; readonly path: string; readonly bytes: Buffer; readonly at?: number }
  | { readonly kind: 'truncate'; readonly path: string; readonly size: number }
  | { readonly kind: 'rename' | 'link'; readonly path: string; readonly to: string }
  | { readonly kind: 'mkdir' | 'remove' | 'sync'; readonly path: string }

/** Whether the system's calls can be recorded here. */
export const canRecord = (): boolean => spawnSync('strace', ['-V'], { stdio: 'ignore' }).status === 0

const CALLS = [
  ...[
    'open',
    'openat',
    'creat',
    'write',
    'writev',
    'pwrite64',
    'pwritev',
    'fsync',
    'fdatasync',
    'sync_file_range',
  ],
  ...[
    'rename',
    'renameat',
    'renameat2',
    'mkdir',
    'mkdirat',
    'rmdir',
    'unlink',
    'unlinkat',
    'truncate',
    'ftruncate',
  ],
  ...['link', 'linkat', 'symlink', 'symlinkat', 'copy_file_range', 'sendfile'],
]

const text = (hex: string): string => bytesOf(hex).toString()
const bytesOf = (hex: string): Buffer => Buffer.from(hex.replaceAll('\\x', ''), 'hex')

/** The texts of a call, and the path of the file that its first number stands for. */
const stringsIn = (call: string): string[] =>
  [...call.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex]) => hex)
const fileIn = (call: string): string => text(/^\w+\(\d+<((?:\\x[0-9a-f]{2})*)>/.exec(call)?.[1] ?? '')

/** Calls in the order in which they returned; those of threads stand in two halves. */
function* callsIn(log: string): Generator<{ call: string; result: string }> {
  const open = new Map<string, string>()
  for (const line of log.split('\n')) {
    const [, pid, rest] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (rest === undefined) continue
    const half = /^(.*) <unfinished \.\.\.>$/.exec(rest)
    if (half) {
      open.set(pid, half[1])
      continue
    }
    const end = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest)
    const whole = end ? open.get(pid) + end[1] : rest
    const [, call, result] = /^(.*\)) += (-?\d+.*)$/.exec(whole) ?? []
    if (call !== undefined && !result.startsWith('-1')) yield { call, result }
  }
}

function changeOf(call: string, result: string): Change | undefined {
  const [name] = call.split('(', 1)
  const strings = stringsIn(call)
  const path = strings.length > 0 ? text(strings[0]) : ''
  if (name === 'open' || name === 'openat' || name === 'creat') {
    const made = /^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(result)?.[1]
    const at = made === undefined ? path : text(made)
    if (call.includes('O_TRUNC')) return { kind: 'truncate', path: at, size: 0 }
    return call.includes('O_CREAT') ? { kind: 'create', path: at } : undefined
  }
  if (name === 'write') {
    return {
      kind: 'write',
      path: fileIn(call),
      bytes: bytesOf(strings[0]).subarray(0, Number.parseInt(result, 10)),
    }
  }
  if (name === 'pwrite64') {
    const bytes = bytesOf(strings[0]).subarray(0, Number.parseInt(result, 10))
    return { kind: 'write', path: fileIn(call), bytes, at: Number(/, (\d+)\)$/.exec(call)![1]) }
  }
  if (name === 'fsync' || name === 'fdatasync') return { kind: 'sync', path: fileIn(call) }
  if (name.startsWith('rename')) return { kind: 'rename', path, to: text(strings[1]) }
  if (name === 'link' || name === 'linkat') return { kind: 'link', path, to: text(strings[1]) }
  if (name.startsWith('mkdir')) return { kind: 'mkdir', path }
  if (name.startsWith('unlink') || name === 'rmdir') return { kind: 'remove', path }
  if (name === 'ftruncate') {
    return { kind: 'truncate', path: fileIn(call), size: Number(/, (\d+)\)$/.exec(call)![1]) }
  }
  // Writers here use none of the others below a run: what is not understood must not pass for nothing.
  return { kind: 'write', path: `${name}: ${fileIn(call) || path}`, bytes: Buffer.alloc(0) }
}

/** Runs a program to its end. @returns its exit code and standard error */
function ended(
  name: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<[number | null, string]> {
  const child = spawn(name, args, { env, stdio: ['ignore', 'ignore', 'pipe'], timeout: 280_000 })
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', code => resolve([code, stderr]))
  })
}

/**
 * Runs a command and records, as the kernel saw them, all changes that it and its children make below a folder.
 *
 * @param env  added to the command's environment
 * @throws Error when it fails, or a call below the folder is of a kind that is not known here
 */
export async function record(
  args: readonly string[],
  folder: string,
  log: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Change[]> {
  const options = ['-f', '-qq', '-y', '-xx', '-s', '100000000', '--seccomp-bpf', '-o', log]
  const traced = [...options, '-e', `trace=${CALLS.join(',')}`, process.execPath, COMMAND, ...args]
  const [status, stderr] = await ended('strace', traced, { ...process.env, UV_USE_IO_URING: '0', ...env })
  if (status !== 0) throw new Error(`${args.join(' ')}: exit code ${status}\n${stderr}`)
  const changes: Change[] = []
  for (const { call, result } of callsIn(readFileSync(log, 'latin1'))) {
    const change = changeOf(call, result)
    if (!change || !`${change.path} ${'to' in change ? change.to : ''}`.includes(folder)) continue
    if (!change.path.startsWith(folder)) throw new Error(`a call that is not replayed: ${change.path}`)
    changes.push(change)
  }
  return changes
}
