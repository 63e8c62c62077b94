import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { downloadFile, type ListFileEntry, listFiles } from '@huggingface/hub'
import { clearMarked, withPath, writeAll } from '../serialization/files.ts'
import { makeFolder, removeEmptyFolders, syncFolder } from '../serialization/folders.ts'
import { readModel } from '../serialization/model-files.ts'
import { ownMark } from '../serialization/owner.ts'
import { RunError, readRecord } from '../serialization/run.ts'
import { checkRepository, type HubClient, HubError, withHub } from './client.ts'

/** What of a repository makes a run directory. The first two are a must. */
const WANTED = [
  'config.json',
  'model.safetensors',
  'alphabet.json',
  'model.onnx',
  'adapter.safetensors',
  'README.md',
  'evaluation.json',
  'metrics.jsonl',
]
const NEEDED = WANTED.slice(0, 2)

/** More than any model of this kind; a file that is larger is none of ours. */
const LARGEST_FILE = 4 * 2 ** 30
const MOST_FILES = 10_000
/** Pages of a listing; the hub's own have a thousand files each. */
const MOST_PAGES = 100

/** Before the mark of a folder that is being downloaded. */
const PENDING = '.pull-'

export interface PullOptions {
  /** Branch, tag or commit; default `main`. */
  readonly revision?: string
  /** Asked while files come in; the answer true ends the download, and nothing is left of it. */
  readonly shouldStop?: () => boolean
}

const isUnsafe = (path: unknown): boolean =>
  typeof path !== 'string' ||
  path === '' ||
  path.length > 1000 ||
  /^[/~]|\\|^[A-Za-z]:/.test(path) ||
  [...path].some(letter => letter < ' ') ||
  path.split('/').some(part => part === '..' || part === '.' || part === '')

/** @throws RunError when a name or a size cannot be a model's, or the model is not there */
async function wantedFiles(
  client: HubClient,
  repository: string,
  revision?: string,
): Promise<ListFileEntry[]> {
  const { hubUrl, accessToken } = client
  const found: ListFileEntry[] = []
  let [count, pages] = [0, 0]
  const fetch: HubClient['fetch'] = (...page) => {
    if (++pages > MOST_PAGES)
      throw new RunError(`${repository}: its listing has more than ${MOST_PAGES} pages`)
    return client.fetch(...page)
  }
  const repo = { type: 'model' as const, name: repository }
  for await (const entry of listFiles({ hubUrl, fetch, accessToken, repo, revision })) {
    if (++count > MOST_FILES) throw new RunError(`${repository}: holds more than ${MOST_FILES} files`)
    if (isUnsafe(entry.path)) {
      throw new RunError(
        `${repository}: refused, a file's name leads elsewhere: ${JSON.stringify(entry.path)}`,
      )
    }
    if (entry.type === 'file' && WANTED.includes(entry.path)) found.push(entry)
  }
  for (const { path, size } of found) {
    if (Number.isSafeInteger(size) && size >= 0 && size <= LARGEST_FILE) continue
    throw new RunError(
      `${repository}: refused, ${path} is said to have ${size} bytes (largest: ${LARGEST_FILE})`,
    )
  }
  const missing = NEEDED.find(name => !found.some(({ path }) => path === name))
  if (missing) throw new RunError(`${repository}: holds no model of oxbow (it has no ${missing})`)
  return found
}

/** Writes a file of the repository to disk piece by piece, and checks its length and, where it is known, its hash. */
async function download(
  client: HubClient,
  repository: string,
  { path, size, lfs }: ListFileEntry,
  target: string,
  { revision, shouldStop }: PullOptions,
): Promise<void> {
  const { hubUrl, accessToken } = client
  const repo = { type: 'model' as const, name: repository }
  // Nothing at all would be waited for without an end.
  const fetch: HubClient['fetch'] = async (input, init) => {
    const answer = await client.fetch(input, init)
    const isProbe = new Headers(init?.headers).get('range') === 'bytes=0-0'
    if (answer.ok && !answer.body && !isProbe) throw new Error(`${path} came without content`)
    return answer
  }
  const blob = await downloadFile({ hubUrl, fetch, accessToken, repo, path, revision, xet: false })
  if (blob?.size !== size) {
    throw new HubError(`${repository}: ${path} has ${blob?.size ?? 'no'} bytes, its listing says ${size}`)
  }
  const hash = createHash('sha256')
  const file = openSync(target, 'wx')
  let received = 0
  try {
    for await (const part of size === 0 ? [] : (blob.stream() as AsyncIterable<Uint8Array>)) {
      if (shouldStop?.()) throw new HubError(`${repository}: stopped`)
      received += part.length
      if (received > size) break
      hash.update(part)
      withPath(path, () => writeAll(file, part))
    }
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  if (received !== size) throw new HubError(`${repository}: ${path} came with other than its ${size} bytes`)
  if (lfs && hash.digest('hex') !== lfs.oid) {
    throw new HubError(`${repository}: ${path} is damaged (its SHA-256 is not the one listed)`)
  }
}

/** @throws RunError when something is in the way */
function checkTarget(directory: string): void {
  if (!existsSync(directory)) return
  if (!statSync(directory).isDirectory()) throw new RunError(`${directory}: is a file, expected a directory`)
  if (readdirSync(directory).length > 0) {
    throw new RunError(`${directory}: is not empty; choose another --out`)
  }
}

/** The record and the weights must be whole. */
function checkModel(directory: string, repository: string): void {
  try {
    readRecord(directory)
    readModel(directory)
  } catch (error) {
    if (error instanceof RunError) throw new RunError(error.message.replaceAll(directory, repository))
    throw error
  }
}

/**
 * Downloads a model of the hub into a run directory, which appears whole or not at all.
 *
 * @returns the names of its files
 * @throws RunError when the repository holds no model of ours, or what it holds is damaged or hostile; HubError when the
 *   hub fails
 */
export async function pull(
  client: HubClient,
  repository: string,
  directory: string,
  options: PullOptions = {},
): Promise<string[]> {
  checkRepository(repository)
  checkTarget(directory)
  const parent = dirname(directory)
  const pending = join(parent, `${PENDING}${ownMark()}`)
  clearMarked(parent, name => (name.startsWith(PENDING) ? name.slice(PENDING.length) : undefined))
  let made: readonly string[] = []
  try {
    const files = await withHub(client, repository, async () => {
      const files = await wantedFiles(client, repository, options.revision)
      made = makeFolder(pending)
      for (const file of files) await download(client, repository, file, join(pending, file.path), options)
      return files
    })
    checkModel(pending, repository)
    take(pending, directory)
    return files.map(({ path }) => path)
  } catch (error) {
    rmSync(pending, { recursive: true, force: true })
    removeEmptyFolders(made.slice(0, -1))
    throw error
  }
}

/** Gives the downloaded folder its name, which an empty folder may have, and nothing else: not even one that came meanwhile. */
function take(pending: string, directory: string): void {
  try {
    if (existsSync(directory)) rmdirSync(directory)
    syncFolder(pending)
    renameSync(pending, directory)
    syncFolder(dirname(directory))
  } catch (error) {
    checkTarget(directory)
    throw error
  }
}
