import { createHash } from 'node:crypto'
import { lstatSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { checkpointSteps } from '../serialization/checkpoint.ts'
import { writeFileAtomic } from '../serialization/files.ts'
import { makeFolder } from '../serialization/folders.ts'
import { ownMark } from '../serialization/owner.ts'
import { QueueError } from './queue-error.ts'
import type { Bucket } from './s3.ts'

const manifestSchema = z.strictObject({
  id: z.string(),
  /** Of the newest checkpoint. */
  step: z.int().min(0),
  files: z
    .array(
      z.strictObject({
        path: z.string().regex(/^(?!\.)[\w-][\w.-]*(\/[\w-][\w.-]*)*$/),
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
        size: z.int().min(0),
      }),
    )
    .max(100_000),
})

/** Bytes of a manifest: the most files, with long paths. */
const LARGEST_MANIFEST = 64 << 20

type Manifest = z.infer<typeof manifestSchema>

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** The files of a run by their paths; what is hidden is of a process at work. */
function filesIn(directory: string, below = ''): string[] {
  return readdirSync(join(directory, below))
    .filter(name => !name.startsWith('.'))
    .sort()
    .flatMap(name => {
      const path = below === '' ? name : `${below}/${name}`
      const stats = lstatSync(join(directory, path))
      if (stats.isDirectory()) return filesIn(directory, path)
      return stats.isFile() ? [path] : []
    })
}

/** Where a kind of run is kept: those that are finished share their files, one that is not keeps its own. */
const KINDS = {
  whole: { marker: (id: string) => `runs/${id}.json`, file: (_: string, hash: string) => `files/${hash}` },
  partial: {
    marker: (id: string) => `partial/${id}.json`,
    file: (id: string, hash: string) => `partial/${id}/${hash}`,
  },
} as const

type Kind = keyof typeof KINDS

/**
 * Runs in a bucket, each whole or not there: its files come first, each under the hash of its content, and the object that lists
 * them comes last.
 */
export class Results {
  constructor(private readonly bucket: Bucket) {}

  /** @returns the newest checkpoint's step of a run that is kept; nothing where none is */
  async stepOf(id: string, kind: Kind = 'whole'): Promise<number | undefined> {
    return (await this.manifest(id, kind))?.step
  }

  /** Uploads a run. @throws an error of the file system when files vanish meanwhile, as a training may remove old checkpoints */
  async save(id: string, directory: string, kind: Kind = 'whole'): Promise<void> {
    const step = checkpointSteps(directory).at(-1) ?? 0
    const before = await this.manifest(id, kind)
    const files: Manifest['files'][number][] = []
    const place = KINDS[kind]
    for (const path of filesIn(directory)) {
      const content = readFileSync(join(directory, path))
      const hash = sha256(content)
      files.push({ path, sha256: hash, size: content.length })
      if (!(await this.bucket.has(place.file(id, hash)))) await this.bucket.put(place.file(id, hash), content)
    }
    const manifest: Manifest = { id, step, files }
    await this.bucket.put(place.marker(id), Buffer.from(JSON.stringify(manifest)))
    if (kind === 'partial') await this.drop(id, before, files)
    else await this.forget(id)
  }

  /** Removes what is kept of a run that was not finished. */
  async forget(id: string): Promise<void> {
    const before = await this.manifest(id, 'partial')
    if (!before) return
    await this.bucket.remove(KINDS.partial.marker(id))
    await this.drop(id, before, [])
  }

  private async drop(id: string, before: Manifest | undefined, kept: Manifest['files']): Promise<void> {
    const hashes = new Set(kept.map(file => file.sha256))
    for (const { sha256: hash } of before?.files ?? [])
      if (!hashes.has(hash)) await this.bucket.remove(KINDS.partial.file(id, hash))
  }

  /**
   * Downloads a run into the place of whatever is in a directory, when it has come whole.
   *
   * @returns whether there is one
   */
  async fetch(id: string, directory: string, kind: Kind = 'whole'): Promise<boolean> {
    const manifest = await this.manifest(id, kind)
    if (!manifest) return false
    // Beside its place, so that it gets there in one step.
    const pending = join(dirname(directory), `.fetch-${ownMark()}`)
    try {
      makeFolder(pending)
      for (const { path, sha256: hash, size } of manifest.files) {
        const content = await this.bucket.get(KINDS[kind].file(id, hash), size)
        // Another worker has uploaded a newer checkpoint meanwhile.
        if (!content && kind === 'partial') return false
        if (content?.length !== size || sha256(content) !== hash)
          throw new QueueError(
            `--results: ${path} of run ${id.slice(0, 12)} is missing or damaged; remove ${KINDS[kind].marker(id)} from the bucket to train it again`,
          )
        writeFileAtomic(pending, join(pending, path), content)
      }
      rmSync(directory, { recursive: true, force: true })
      renameSync(pending, directory)
      return true
    } finally {
      rmSync(pending, { recursive: true, force: true })
    }
  }

  private async manifest(id: string, kind: Kind): Promise<Manifest | undefined> {
    const name = KINDS[kind].marker(id)
    const content = await this.bucket.get(name, LARGEST_MANIFEST)
    if (!content) return undefined
    try {
      const manifest = manifestSchema.parse(JSON.parse(Buffer.from(content).toString()))
      const paths = manifest.files.map(file => file.path)
      if (manifest.id === id && new Set(paths).size === paths.length) return manifest
    } catch {
      // As below.
    }
    throw new QueueError(
      `--results: ${name} is not the list of a run's files; remove it from the bucket to train the run again`,
    )
  }
}
