import { createHash, randomUUID } from 'node:crypto'
import { closeSync, openSync, readdirSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { clearMarked, withPath } from './files.ts'
import { makeLastingFolder, removeEmptyFolders } from './folders.ts'
import {
  HEARTBEAT,
  type Holder,
  holderOf,
  isSame,
  type LockContent,
  place,
  readLock,
  SILENCE,
  tokenAt,
  whole,
} from './lock-file.ts'
import { ownMark, self } from './owner.ts'
import { RunError } from './run-error.ts'

/** A directory that is kept to one training. */
export interface Lock {
  /** @throws RunError when another process has taken the directory over */
  check(): void
  /** Gives the directory free, and removes folders that were made for it and are still empty. */
  release(): void
}

const NAME = '.lock'
/** Before the mark of a lock that is being written. */
const WRITING = '.lock-by-'

/** Tokens of the locks that this process holds. */
const held = new Set<string>()

const minutes = SILENCE / 60_000

/** One line that says who holds a directory, and what to do where that is not so. */
function refusal(directory: string, path: string, { pid, host, since, ...holder }: Holder): RunError {
  if (pid === self.pid && holder.start === self.start && host === self.host) {
    return new RunError(`${directory}: in use by another training of this process`)
  }
  const elsewhere = host !== undefined && (holder.boot !== self.boot || holder.namespace !== self.namespace)
  const who = `in use by process ${pid}${elsewhere ? ` of another machine or container (${host})` : ''}`
  const when = since === undefined ? '' : ` since ${since}`
  const remedy = elsewhere
    ? `if that process is gone, wait ${minutes} minutes or delete ${path}`
    : `if that process is none of yours, delete ${path}`
  return new RunError(`${directory}: ${who}${when}; ${remedy}`)
}

/** Who trains in a directory at the moment; nothing is changed to find out. */
export function trainerOf(directory: string): Holder | undefined {
  const found = readLock(join(directory, NAME))
  return found && holderOf(found, held)
}

/** Writes a lock beside its place, in one piece. */
function writeNew(directory: string): { file: string; token: string } {
  const token = randomUUID()
  const content: LockContent = { ...self, token, since: new Date().toISOString() }
  const file = join(directory, `${WRITING}${ownMark()}`)
  try {
    withPath(directory, () => writeFileSync(file, `${JSON.stringify(content)}\n`, { flag: 'wx' }))
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  }
  return { file, token }
}

const CLAIM = /^\.lock-[0-9a-f]{16}$/

/** Where the right to remove one lock and no other is taken. */
const claimOn = (path: string, text: string, inode: number): string =>
  `${path}-${createHash('sha256').update(`${inode} ${text}`).digest('hex').slice(0, 16)}`

/**
 * Puts a written lock in its place. One that nobody holds any more is removed only by who has taken a lock on its removal, and
 * only as it was found: of several at once, one gets the place.
 *
 * @returns who holds it instead
 */
function acquire(file: string, path: string, token: string): Holder | undefined {
  for (;;) {
    if (place(file, path)) return undefined
    const found = whole(path, file)
    if (!found) continue
    // On a network disk the answer may be lost although the link was made.
    if (found.content?.token === token) return undefined
    const holder = holderOf(found, held)
    if (holder) return holder
    const claim = claimOn(path, found.text, found.inode)
    const other = acquire(file, claim, token)
    if (other) return other
    try {
      if (isSame(found, readLock(path, file))) rmSync(path)
    } finally {
      rmSync(claim, { force: true })
    }
  }
}

/**
 * Keeps a directory, which is made where it is not there, to one training by a `.lock` file that says whose it is. What a
 * process left that is gone is taken over.
 *
 * @throws RunError when another training, of whatever process, is at work there; nothing is changed then
 */
export function lockDirectory(directory: string): Lock {
  if (statSync(directory, { throwIfNoEntry: false })?.isFile())
    throw new RunError(`${directory}: is a file, expected a directory for the run`)
  const made = makeLastingFolder(directory)
  const path = join(directory, NAME)
  const give = (): void => {
    removeEmptyFolders(made)
  }
  let token: string
  try {
    token = take(directory, path)
  } catch (error) {
    give()
    throw error
  }
  const check = (): void => {
    const found = tokenAt(path)
    if (found === token) return
    held.delete(token)
    if (found !== undefined) {
      throw new RunError(`${directory}: another process has taken over the directory; this one stops writing`)
    }
    // Somebody has removed the file: the directory is held again, unless another was quicker.
    token = take(directory, path)
  }
  const beat = setInterval(() => touch(path), HEARTBEAT)
  beat.unref()
  return {
    check,
    release: () => {
      clearInterval(beat)
      held.delete(token)
      if (tokenAt(path) === token) rmSync(path, { force: true })
      give()
    },
  }
}

/** @returns the token of the lock that is now there */
function take(directory: string, path: string): string {
  clearMarked(directory, name => (name.startsWith(WRITING) ? name.slice(WRITING.length) : undefined))
  const { file, token } = writeNew(directory)
  try {
    const holder = withPath(directory, () => acquire(file, path, token))
    if (holder) throw refusal(directory, path, holder)
    held.add(token)
    // Claims on locks that are gone, of processes that were killed.
    for (const name of readdirSync(directory))
      if (CLAIM.test(name)) rmSync(join(directory, name), { recursive: true, force: true })
    return token
  } finally {
    rmSync(file, { force: true })
  }
}

/** A sign of life: the first byte again, so that the disk's own clock tells when. Where that fails, the next check says why. */
function touch(path: string): void {
  try {
    const handle = openSync(path, 'r+')
    try {
      writeSync(handle, '{', 0)
    } finally {
      closeSync(handle)
    }
  } catch {
    // As said.
  }
}
