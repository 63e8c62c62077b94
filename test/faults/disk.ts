import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import type { Change } from './record.ts'

/** A file: what it holds, and what of it is on the disk for certain. */
interface File {
  content: Buffer
  synced: Buffer
}

/** Folders are null. */
type Names = Map<string, File | null>

/** A change of names that a sync of its folder has not yet brought to the disk. */
interface Pending {
  readonly folders: readonly string[]
  readonly apply: (names: Names) => void
}

/** What a file that was not synced holds after a power cut. */
const LOSSES: Readonly<Record<string, (file: Pick<File, 'content' | 'synced'>) => Buffer>> = {
  'data kept': ({ content }) => content,
  'data lost': ({ synced }) => synced,
  'data torn': ({ content, synced }) =>
    content.subarray(0, synced.length + Math.ceil((content.length - synced.length) / 2)),
  'data zeroed': ({ content, synced }) =>
    content.length <= synced.length
      ? synced
      : Buffer.concat([content.subarray(0, synced.length), Buffer.alloc(content.length - synced.length)]),
}

/** A tree of files as a disk would show it after a restart. */
export type Tree = ReadonlyMap<string, Buffer | null>

/**
 * A file system in memory that knows what is certain: data of a file after its sync, and a name after a sync of its folder and of no
 * other. Of the rest a cut loses the last ones: journals write them in their order.
 */
export class Disk {
  private readonly names: Names = new Map()
  private durable: Names = new Map()
  private pending: Pending[] = []

  constructor(private readonly root: string) {
    this.names.set(root, null)
    this.durable.set(root, null)
  }

  private rename(apply: (names: Names) => void, ...paths: string[]): void {
    apply(this.names)
    this.pending.push({ folders: paths.map(path => dirname(path)), apply })
  }

  apply(change: Change): void {
    const { kind, path } = change
    const file = this.names.get(path)
    if (kind === 'create' || kind === 'truncate') {
      if (file) {
        if (kind === 'truncate') file.content = file.content.subarray(0, change.size)
        return
      }
      const made: File = { content: Buffer.alloc(0), synced: Buffer.alloc(0) }
      this.rename(names => names.set(path, made), path)
    } else if (kind === 'write') {
      if (!file) throw new Error(`${path}: is written and was not made`)
      const { bytes, at = file.content.length } = change
      file.content = Buffer.concat([
        file.content.subarray(0, at),
        bytes,
        file.content.subarray(at + bytes.length),
      ])
    } else if (kind === 'mkdir') this.rename(names => names.set(path, null), path)
    else if (kind === 'remove') this.rename(names => names.delete(path), path)
    else if (kind === 'link') this.rename(names => names.set(change.to, file!), change.to)
    else if (kind === 'rename') {
      this.rename(
        names => {
          names.delete(path)
          names.set(change.to, file!)
          // What lies in a folder comes along as far as it is there: its own sync says how far.
          for (const [name, content] of [...names]) {
            if (!name.startsWith(`${path}/`)) continue
            names.delete(name)
            names.set(change.to + name.slice(path.length), content)
          }
        },
        path,
        change.to,
      )
    } else this.sync(path, file)
  }

  private sync(path: string, file: File | null | undefined): void {
    if (file) {
      file.synced = file.content
      return
    }
    const isHere = ({ folders }: Pending) => folders.includes(path)
    for (const { apply } of this.pending.filter(isHere)) apply(this.durable)
    this.pending = this.pending.filter(each => !isHere(each))
  }

  /** The files after a process was killed here: the system still has everything. */
  afterKill(): Tree {
    return this.tree(this.names, LOSSES['data kept'])
  }

  /** The files after the power was cut here, in every way of `LOSSES`, with none, some and all of the names that were not synced. */
  *afterCut(): Generator<{ readonly how: string; readonly tree: Tree }> {
    const counts = new Set([
      0,
      Math.floor(this.pending.length / 2),
      this.pending.length - 1,
      this.pending.length,
    ])
    for (const count of counts) {
      if (count < 0) continue
      const names: Names = new Map(this.durable)
      for (const { apply } of this.pending.slice(0, count)) apply(names)
      for (const [how, loss] of Object.entries(LOSSES)) {
        yield { how: `${how}, ${count} of ${this.pending.length} names`, tree: this.tree(names, loss) }
      }
    }
  }

  private tree(names: Names, loss: (file: File) => Buffer): Tree {
    return new Map([...names].map(([path, file]) => [relative(this.root, path), file && loss(file)]))
  }
}

export function hashOf(tree: Tree): string {
  const hash = createHash('sha1')
  for (const [path, content] of [...tree].sort(([a], [b]) => (a < b ? -1 : 1))) {
    hash.update(`${path}\0${content?.length ?? 'folder'}\0`)
    if (content) hash.update(content)
  }
  return hash.digest('hex')
}

/** Makes a tree in an empty folder. A file whose folder did not reach the disk is lost with it. */
export function materialise(tree: Tree, at: string): void {
  const sorted = [...tree].sort(([a], [b]) => (a < b ? -1 : 1))
  const there = new Set([''])
  mkdirSync(at, { recursive: true })
  for (const [path, content] of sorted) {
    const folder = dirname(path)
    if (path !== '' && !there.has(folder === '.' ? '' : folder)) continue
    if (content === null) {
      there.add(path)
      mkdirSync(join(at, path), { recursive: true })
    } else writeFileSync(join(at, path), content)
  }
}
