import {
  closeSync,
  linkSync,
  lstatSync,
  openSync,
  readFileSync,
  rmSync,
  type Stats,
  statSync,
  writeSync,
} from 'node:fs'
import { z } from 'zod'
import { withPath } from './files.ts'
import { sleep } from './output.ts'
import { isNumberTaken, type Owner, ownerSchema, self, stateOf } from './owner.ts'
import { RunError } from './run-error.ts'

const schema = ownerSchema.extend({
  /** Of this lock alone, so that nobody takes another's for their own. */
  token: z.string().min(1),
  /** When it was taken, ISO 8601. */
  since: z.string(),
})

/** What a lock file holds. */
export type LockContent = z.infer<typeof schema>

/** A lock file as it was found. */
export interface Found {
  readonly text: string
  /** Absent for a lock of version 0.1.0, which holds a number alone, and for what is no lock. */
  readonly content?: LockContent
  /** Milliseconds since its holder last gave a sign of life, by the clock of the disk where that is another machine's. */
  readonly quiet: number
  readonly inode: number
  readonly changed: number
}

/** A holder gives a sign of life so often, milliseconds. */
export const HEARTBEAT = 5000
/** One that cannot be asked for is taken for gone after so long without one. */
export const SILENCE = 2 * 60_000
/** A file that is not whole may be in the making for so long. */
const MAKING = 1000

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code

/** Bytes, many times those of a lock. */
const LARGEST = 2 ** 16

/** What is in the place of a lock and cannot be one; nothing for a file, whatever it holds. */
function foreign(stats: Stats): string | undefined {
  if (stats.isSymbolicLink()) return 'a link'
  if (stats.isDirectory()) return 'a directory'
  // To read a pipe would wait for its writer; a device has no end.
  if (!stats.isFile()) return 'a pipe or a device'
  return stats.size > LARGEST ? `a file of ${stats.size} bytes` : undefined
}

/**
 * @param clock  a file that was written just now on the same disk; without one, this machine's clock tells
 * @throws RunError when something is there that can be no lock
 */
export function readLock(path: string, clock?: string): Found | undefined {
  try {
    const stats = lstatSync(path)
    const what = foreign(stats)
    if (what) throw new RunError(`${path}: is ${what}, expected the lock of a training; remove it`)
    // As bytes: Node ends the process where a file that it reads as text cannot be closed, as on a network disk that is gone.
    const text = withPath(path, () => readFileSync(path)).toString()
    const now = clock === undefined ? Date.now() : statSync(clock).mtimeMs
    const { mtimeMs, ino } = stats
    return { text, content: contentOf(text), quiet: now - mtimeMs, inode: ino, changed: mtimeMs }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  }
}

function contentOf(text: string): LockContent | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}

/** The token of the lock at a path; nothing where there is none, and an empty one where it is no lock of ours. */
export function tokenAt(path: string): string | undefined {
  try {
    const found = readLock(path)
    return found && (found.content?.token ?? '')
  } catch (error) {
    if (error instanceof RunError) return ''
    throw error
  }
}

/** Whether both are one lock, and not another that was put in its place. */
export const isSame = (a: Found, b: Found | undefined): boolean => a.text === b?.text && a.inode === b.inode

/** Whoever holds a lock. */
export type Holder = Pick<LockContent, 'pid'> & Partial<LockContent>

/**
 * Who holds a lock; nobody where its process is gone, or it is empty, cut short or something else.
 *
 * @param held  tokens of the locks of this process
 */
export function holderOf(found: Found, held: ReadonlySet<string>): Holder | undefined {
  const { content, text, quiet } = found
  if (!content) return numberHolder(text, found)
  const own = isSelf(content)
  if (own && held.has(content.token)) return content
  // A thread of this process may hold it, whose tokens are not known here.
  const state = own ? 'unknown' : stateOf(content)
  return state === 'alive' || (state === 'unknown' && quiet < SILENCE) ? content : undefined
}

const isSelf = ({ pid, boot, namespace, start }: Owner): boolean =>
  pid === self.pid && boot === self.boot && namespace === self.namespace && start === self.start

/** A bare number, as version 0.1.0 wrote it. */
function numberHolder(text: string, { changed }: Found): Holder | undefined {
  const pid = /^\d+\s*$/.test(text) ? Number(text) : 0
  if (pid === self.pid) return undefined
  return isNumberTaken(pid, changed) ? { pid } : undefined
}

/** Waits while a file may be in the making, where files are not linked into their place. */
export function whole(path: string, clock: string): Found | undefined {
  const end = performance.now() + MAKING
  for (;;) {
    const found = readLock(path, clock)
    const partly = found && !found.content && !/^\d+\s*$/.test(found.text) && found.quiet < MAKING
    if (!partly || performance.now() > end) return found
    sleep(20)
  }
}

/**
 * Gives a written file a second name, unless that is taken: at once, so that nobody sees a part of it. On a disk without
 * links the content is written instead.
 *
 * @returns whether the name was free
 */
export function place(from: string, path: string): boolean {
  try {
    linkSync(from, path)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EACCES'].includes(codeOf(error) ?? ''))
      throw error
    return copyTo(from, path)
  }
}

function copyTo(from: string, path: string): boolean {
  let handle: number
  try {
    handle = openSync(path, 'wx')
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
  try {
    writeSync(handle, readFileSync(from))
  } catch (error) {
    rmSync(path, { force: true })
    throw error
  } finally {
    closeSync(handle)
  }
  return true
}
