import { createHash } from 'node:crypto'
import { basename, dirname, isAbsolute, join, relative } from 'node:path'
import { withConfigPaths } from '../config/config-paths.ts'
import type { Config } from '../config/index.ts'

type Plain = Readonly<Record<string, unknown>>

/** Where the runs of a comparison lie in its directory. */
export const RUNS = 'runs'

/** A value as JSON with its keys in order, so that equal values have equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(each => canonicalJson(each ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${pairs.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/**
 * A resolved configuration as every machine reads it: paths as they were written, from the folder of the comparison's file, and
 * the run of the same comparison that it learns from by its place there.
 *
 * @param base  the folder of the comparison's file
 * @param after  the directory of that run
 */
export function portableConfig(config: Config, base: string, after?: string): Plain {
  const written = (path: string) => (base === '.' || isAbsolute(path) ? path : relative(base, path))
  const portable = withConfigPaths(config, written)
  const learns = after !== undefined && config.teacher === after
  return learns ? { ...portable, teacher: join(RUNS, basename(after)) } : portable
}

/** A run's own name; that of its directory too for a model file, whose name is mostly the same. */
function runName(path: unknown): unknown {
  if (typeof path !== 'string') return path
  return path.endsWith('.safetensors') ? join(basename(dirname(path)), basename(path)) : basename(path)
}

const isBlock = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A block without a key that came later and says what was done before it came. */
function without(block: unknown, key: string, before: unknown): unknown {
  if (!isBlock(block) || block[key] !== before) return block
  const { [key]: _, ...rest } = block
  return rest
}

/**
 * What makes a training this one: other runs count by their names alone, which hold their own hash, and logs do not count. Nor do
 * keys that folders were named without, at the value that stands for what was done then.
 */
function identity(portable: Plain): Plain {
  const { times, players } = portable
  return {
    ...portable,
    ...(times !== undefined && { times: without(times, 'clock', 'time') }),
    ...(isBlock(players) && {
      players: Object.fromEntries(
        Object.entries(players).map(([name, player]) => [name, without(player, 'alone', 0)]),
      ),
    }),
    log: undefined,
    teacher: runName(portable.teacher),
    initFrom: runName(portable.initFrom),
  }
}

/** The id of a training: the hash of its resolved configuration. */
export const jobId = (portable: Plain): string => sha256(canonicalJson(identity(portable)))

/** The name of a run's folder. Its hash is that of earlier versions, whose folders are still found. */
export function folderName(method: string, seed: number, portable: Plain): string {
  const hash = sha256(JSON.stringify(identity(portable))).slice(0, 8)
  return `${method.replace(/[^\w.-]+/g, '-')}-seed${seed}-${hash}`
}
