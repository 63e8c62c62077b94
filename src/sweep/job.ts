import { basename, isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { withConfigPaths } from '../config/config-paths.ts'
import { ConfigError, resolveConfig, type UserConfig } from '../config/index.ts'
import type { Plan, PlannedRun } from '../evaluation/comparison.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { jobId, RUNS } from '../evaluation/identity.ts'
import { METHODS } from '../sampler/names.ts'

/** What a run's folder may be called: a name that leads nowhere else, the seed, and a hash. */
const FOLDER = /^[\w.-]{1,200}-seed\d{1,3}-[0-9a-f]{8}$/

const folder = z.string().regex(FOLDER, 'expected the name of a run of a comparison')
const id = z.string().regex(/^[0-9a-f]{64}$/, 'expected the hash of a configuration')

export const requestSchema = z.strictObject({
  steps: z.array(z.int().min(1).max(10_000)).min(1).max(100),
  count: z.int().min(2).max(10_000_000),
  seed: z.int().min(0),
  method: z.enum(METHODS),
  weights: z.tuple([z.enum(['ema', 'raw'])]),
  metrics: z
    .array(z.string().regex(/^\w{1,64}$/))
    .max(100)
    .optional(),
  features: z.string().min(1).optional(),
})

export const jobSchema = z.strictObject({
  id,
  /** For readers: the row and the seed. */
  name: z.string().min(1).max(300),
  folder,
  /** The job that must be done first, whose run this one learns from. */
  after: z.strictObject({ id, folder }).optional(),
  /** The resolved configuration as every machine reads it; see `portableConfig`. */
  config: z.record(z.string(), z.unknown()),
})

/** One training of a comparison, with all that any machine needs to do it. */
export type Job = z.infer<typeof jobSchema>

/** The jobs of a plan; those that others wait for come before them. */
export function jobsOf({ runs }: Plan): Job[] {
  const byDirectory = new Map(runs.map(run => [run.directory, run]))
  return runs.map(({ id, method, seed, directory, portable, after }) => {
    const first = after === undefined ? undefined : byDirectory.get(after)
    return {
      id,
      name: `${method} seed ${seed}`,
      folder: basename(directory),
      ...(first && { after: { id: first.id, folder: basename(first.directory) } }),
      config: portable,
    }
  })
}

/** A job in a directory of this machine. */
export type LocalRun = Pick<PlannedRun, 'directory' | 'config'>

/**
 * A job as this machine trains it.
 *
 * @param root  the directory of the comparison
 * @param place  where a path of the configuration is on this machine
 * @throws ConfigError when the configuration is refused
 */
export function localRun(
  { folder, after, config }: Job,
  root: string,
  place: (path: string) => string,
): LocalRun {
  const directory = resolve(root, RUNS, folder)
  if (after && config.teacher !== join(RUNS, after.folder))
    throw new ConfigError(`teacher: expected the run ${after.folder}, which is trained first`)
  // Its own teacher lies in the comparison, and not where other files do.
  const { teacher, ...rest } = config
  const placed = withConfigPaths((after ? rest : config) as UserConfig, place)
  const own = after ? { teacher: resolve(root, RUNS, after.folder) } : {}
  return { directory, config: resolveConfig({ ...placed, ...own }) }
}

/** @throws ConfigError when a job's id is not that of its configuration */
export function checkId({ id, name, config }: Job): void {
  if (jobId(config) !== id) throw new ConfigError(`${name}: the id is not the hash of the configuration`)
}

/** Paths from the folder of the comparison's file. */
export const from =
  (base: string) =>
  (path: string): string =>
    isAbsolute(path) ? path : resolve(base, path)

/** What is measured of a run; nothing where a network for features is named, which lies on one machine. */
export const portableRequest = (request: EvaluationRequest): EvaluationRequest | null =>
  request.features === undefined ? request : null
