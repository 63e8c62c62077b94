import { existsSync, realpathSync } from 'node:fs'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { z } from 'zod'
import { withConfigPaths } from '../config/config-paths.ts'
import { ConfigError, type UserConfig } from '../config/index.ts'
import { isKnownName } from '../data/catalogue.ts'
import type { EvaluationRequest } from '../evaluation/evaluate.ts'
import { VERSION } from '../serialization/version.ts'
import { checkId, type Job, jobSchema, type LocalRun, localRun, requestSchema } from './job.ts'

const payloadSchema = jobSchema.omit({ id: true }).extend({
  oxbow: z.string().max(50),
  request: requestSchema.omit({ features: true }).nullable(),
})

/** What a queue holds of a job, beside its id. */
export type Payload = z.infer<typeof payloadSchema>

/** Characters of a payload as JSON: many times those of any configuration. */
const LARGEST = 1_000_000

const FORBIDDEN = ['__proto__', 'constructor', 'prototype']

/** Deeper blocks are no configuration, and would exhaust whatever walks through them. */
const DEEPEST = 64

/** @throws ConfigError for a value that is nested too deeply */
function hasForbiddenKey(value: unknown, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (depth > DEEPEST) throw new ConfigError(`the job is nested deeper than ${DEEPEST} levels`)
  return Object.entries(value).some(
    ([key, each]) => FORBIDDEN.includes(key) || hasForbiddenKey(each, depth + 1),
  )
}

export const payloadOf = ({ id: _, ...job }: Job, request: EvaluationRequest | null): Payload => ({
  oxbow: VERSION,
  ...job,
  request: request as Payload['request'],
})

/**
 * Checks what came from a queue, which anybody may have written.
 *
 * @param id  the job's id in the queue
 * @throws ConfigError in one line
 */
export function checkPayload(id: string, data: unknown): { job: Job; request: EvaluationRequest | null } {
  let text: string
  try {
    text = JSON.stringify(data) ?? ''
  } catch {
    throw new ConfigError('the job holds no configuration')
  }
  if (text.length > LARGEST) throw new ConfigError(`the job is longer than ${LARGEST} characters`)
  if (hasForbiddenKey(data)) throw new ConfigError('the job has a key that no configuration can have')
  const parsed = payloadSchema.safeParse(data)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new ConfigError(
      `the job is none of a comparison (${issue.path.join('.') || 'all of it'}: ${issue.message})`,
    )
  }
  const { oxbow, request, ...rest } = parsed.data
  if (oxbow !== VERSION) {
    throw new ConfigError(
      `the job is from Oxbow ${oxbow.replace(/[^\w.-]/g, '?')}, but this worker is ${VERSION}; use the same version for both`,
    )
  }
  const job = { id, ...rest }
  checkId(job)
  return { job, request }
}

/** Whether a path lies in a folder, links followed. */
function isInside(folder: string, path: string): boolean {
  const real = (each: string): string => (existsSync(each) ? realpathSync(each) : each)
  const way = relative(real(folder), real(path))
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

const OF_FILES = 'a queue takes files by relative paths below the folder of the comparison'

/**
 * Where a path of a job is on this machine: in the folder of files alone.
 *
 * @param files  that folder; none where jobs that name files are refused
 * @throws ConfigError for one that leads elsewhere
 */
const inside =
  (files: string | undefined) =>
  (path: string): string => {
    const shown = JSON.stringify(path)
    if (files === undefined)
      throw new ConfigError(
        `the job names a file, ${shown}; start the worker with --files DIR, the folder that it lies in`,
      )
    const found = resolve(files, path)
    if (isAbsolute(path) || /\0|\\/.test(path) || !isInside(files, found))
      throw new ConfigError(`the job names a file outside of ${files}: ${shown}; ${OF_FILES}`)
    return found
  }

/** Names of data, other than of a built-in set, which could be a file where a worker happens to run. */
function checkNames({ data, source, teacherTraining }: UserConfig): void {
  for (const name of [data, source]) {
    if (typeof name === 'string' && !isAbsolute(name) && !isKnownName(name))
      throw new ConfigError(`the job names unknown data: ${JSON.stringify(name)}`)
  }
  if (typeof teacherTraining === 'object' && teacherTraining !== null)
    checkNames(teacherTraining as UserConfig)
}

/**
 * A checked job as this machine trains it.
 *
 * @param root  the folder that runs are written to
 * @throws ConfigError when it is refused
 */
export function queuedRun(job: Job, root: string, files: string | undefined): LocalRun {
  const run = localRun(job, root, inside(files))
  checkNames(run.config)
  return run
}

/**
 * Refuses a comparison that a queue cannot take, before anything is put.
 *
 * @throws ConfigError naming the path
 */
export function checkPortable({ config, after }: Job, name = ''): void {
  const { teacher, ...rest } = config
  withConfigPaths((after ? rest : { ...rest, teacher }) as UserConfig, path => {
    if (!isAbsolute(path) && !join(path).startsWith('..')) return path
    throw new ConfigError(
      `${name && `${name}: `}${path}: ${OF_FILES}${isAbsolute(path) ? '' : ', and this one lies above it'}; put the comparison's file into a folder above the data, and start workers with --files and that folder`,
    )
  })
}
