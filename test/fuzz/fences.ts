import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Functions that read or write what is at a path, by where the paths stand among their arguments. */
const ONE = [
  ...[
    'appendFile',
    'chmod',
    'lutimes',
    'mkdir',
    'mkdtemp',
    'open',
    'opendir',
    'readFile',
    'readdir',
    'readlink',
  ],
  ...['rm', 'rmdir', 'truncate', 'unlink', 'writeFile'],
]
const TWO = ['copyFile', 'cp', 'link', 'rename', 'symlink']

/** Where a program may read whatever it is given: itself, its packages, and what the system says of itself. */
const SYSTEM = ['/proc', '/sys', '/dev/null', '/etc/ssl', '/usr/lib', '/lib']

/** A file outside of the folder was opened. */
export class EscapeError extends Error {
  override readonly name = 'EscapeError'
}

/** Notes every path outside of some folders that anything opens, from now on. */
export function buildFence(folder: string, project: string): { escaped(): string | undefined } {
  let found: string | undefined
  const isInside = (path: string, parent: string): boolean => path === parent || path.startsWith(parent + sep)
  const look = (name: string, given: unknown): void => {
    if (typeof given !== 'string' && !(given instanceof URL) && !Buffer.isBuffer(given)) return
    const path = resolve(given instanceof URL ? fileURLToPath(given) : given.toString())
    const allowed = [folder, project, ...SYSTEM]
    if (!allowed.some(each => isInside(path, each))) found ??= `${name} ${JSON.stringify(path)}`
  }
  const wrap = (owner: Record<string, unknown>, name: string, paths: number): void => {
    const original = owner[name] as ((...args: unknown[]) => unknown) | undefined
    if (typeof original !== 'function') return
    const guarded = function (this: unknown, ...args: unknown[]): unknown {
      for (const path of args.slice(0, paths)) look(name, path)
      return original.apply(this, args)
    }
    owner[name] = Object.assign(guarded, original)
  }
  for (const [names, paths] of [[ONE, 1] as const, [TWO, 2] as const]) {
    for (const name of names) {
      wrap(fs as never, name, paths)
      wrap(fs as never, `${name}Sync`, paths)
      wrap(fs.promises as never, name, paths)
    }
  }
  for (const name of ['createReadStream', 'createWriteStream']) wrap(fs as never, name, 1)
  syncBuiltinESMExports()
  return {
    escaped() {
      const way = found
      found = undefined
      return way
    },
  }
}
