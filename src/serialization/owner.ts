import { randomUUID } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { hostname, uptime } from 'node:os'
import { z } from 'zod'

/** Schema of what a process leaves of itself in a file. */
export const ownerSchema = z.object({
  pid: z.int().positive(),
  host: z.string(),
  /** Identity of this start of the machine's kernel; absent where the system tells none. */
  boot: z.string().optional(),
  /** The process namespace: two containers on one machine count their processes apart. */
  namespace: z.string().optional(),
  /** When the process began, in the kernel's ticks, which tells it from a later one of the same number. */
  start: z.string().optional(),
})

/** A process, told from every other one also on other machines and in other containers. */
export type Owner = z.infer<typeof ownerSchema>

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}

/** State and start of a process from a line of `/proc/PID/stat`; its name may hold blanks and brackets. */
function parseStat(line: string): { state: string; start: string } {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ')
  return { state: fields[0], start: fields[19] }
}

const statOf = (pid: number | 'self') => attempt(() => parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8')))

/** This process. */
export const self: Owner = {
  pid: process.pid,
  host: hostname(),
  boot: attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
  namespace: attempt(() => readlinkSync('/proc/self/ns/pid')),
  start: statOf('self')?.start,
}

/** Whether `/proc` numbers processes as this process does; in a container that sees its host's it does not. */
const procIsOurs = (): boolean => attempt(() => readlinkSync('/proc/self')) === String(process.pid)

/** Whether both count their processes together, so that the number of one means something to the other. */
function sameSpace(a: Owner, b: Owner): boolean {
  const sameMachine = a.boot === undefined ? a.host === b.host : true
  return sameMachine && a.boot === b.boot && a.namespace === b.namespace
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Whether a process still runs.
 *
 * @returns `unknown` for one of another machine or container, and where the system does not tell whether a process of this
 *   number is still the same one
 */
export function stateOf(owner: Owner): 'alive' | 'gone' | 'unknown' {
  if (!sameSpace(owner, self)) return 'unknown'
  if (!exists(owner.pid)) return 'gone'
  const found = procIsOurs() ? statOf(owner.pid) : undefined
  if (!found || owner.start === undefined) return 'unknown'
  // A zombie has ended, and only waits for its parent to notice.
  return found.start === owner.start && !'ZX'.includes(found.state) ? 'alive' : 'gone'
}

/**
 * Whether a process of this number runs here.
 *
 * @param since  milliseconds since 1970: one that began later is another
 */
export function isNumberTaken(pid: number, since = Infinity): boolean {
  if (!(pid > 0 && pid < 2 ** 31) || !exists(pid)) return false
  const found = procIsOurs() ? statOf(pid) : undefined
  if (!found) return true
  // Seconds of a process's start since the boot are ticks of a hundredth on Linux; a second is for rounding.
  const began = Date.now() - uptime() * 1000 + Number(found.start) * 10
  return !'ZX'.includes(found.state) && began <= since + 1000
}

/** A part of a file's name that no other process writes, and that says who this one is. */
export const ownMark = (): string =>
  [self.pid, self.start ?? '', tagOf(self), randomUUID().slice(0, 8)].join('-')

/** A short name of a process space, for file names: FNV-1a. */
function tagOf({ host, boot = host, namespace = '' }: Owner): string {
  let hash = 0x811c9dc5
  for (const byte of Buffer.from(`${boot} ${namespace}`)) hash = Math.imul(hash ^ byte, 0x01000193)
  return (hash >>> 0).toString(16)
}

/**
 * Whether the process of a mark still runs, as `stateOf`.
 *
 * @param mark  of `ownMark`, or a bare process number, as version 0.1.0 wrote it
 */
export function stateOfMark(mark: string): ReturnType<typeof stateOf> {
  const [, number, start, tag] = /^(\d+)(?:-(\d*)-([0-9a-f]+)-[0-9a-f]+)?$/.exec(mark) ?? []
  if (number === undefined) return 'gone'
  if (tag === undefined) return isNumberTaken(Number(number)) ? 'unknown' : 'gone'
  if (tag !== tagOf(self)) return 'unknown'
  return stateOf({ ...self, pid: Number(number), start: start || undefined })
}
