import { statSync } from 'node:fs'
import { dirname, isAbsolute, join } from 'node:path'
import { withConfigPaths } from '../config/config-paths.ts'
import { resolveConfig, type UserConfig } from '../config/index.ts'
import { dataRecordSchema } from '../serialization/record.ts'
import { RunError } from '../serialization/run-error.ts'
import { openRecordedData, withMovedRuns } from '../training/moved.ts'
import { readConfigFile } from './keys.ts'
import { note } from './terminal.ts'

type Plain = Record<string, unknown>

const isBlock = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The folder that relative paths in a file are from: its own; the current one for what comes through a pipe. */
export const baseOf = (file: string): string => (statSync(file).isFile() ? dirname(file) : '.')

/** Keys of a training or a comparison whose relative paths are from a folder. */
function basedOn(base: string, keys: Plain): Plain {
  if (base === '.') return keys
  const change = (path: string) => (isAbsolute(path) ? path : join(base, path))
  const based = withConfigPaths(keys as UserConfig, change) as Plain
  if (isBlock(based.training)) based.training = basedOn(base, based.training)
  if (Array.isArray(based.objectives)) {
    based.objectives = based.objectives.map(entry => (isBlock(entry) ? basedOn(base, entry) : entry))
  }
  return based
}

/** Whether keys are the record of a run, as in its `config.json`, and not a configuration alone. */
const isRecord = ({ oxbow, config, data }: Plain): boolean =>
  typeof oxbow === 'string' && isBlock(config) && isBlock(data) && 'fingerprint' in data

/** The configuration of a run's own record; what it names is looked for where the run is now, if it has moved with it. */
async function ofRun(file: string, keys: Plain, needsData: boolean): Promise<Plain> {
  const directory = baseOf(file)
  const { recorded: config } = withMovedRuns(
    resolveConfig(basedOn(directory, keys.config as Plain)),
    {},
    directory,
  )
  const data = dataRecordSchema.safeParse(keys.data).data
  if (!needsData || !data) return config
  try {
    return { ...config, data: (await openRecordedData(directory, { config, data })).spec }
  } catch (error) {
    // What is not found is refused with the reason when it is opened.
    if (error instanceof RunError) note(`oxbow: ${file}: the data has changed since that run began`)
    return config
  }
}

/**
 * Reads the keys of a `--config` file: YAML or JSON, or the `config.json` of a run. Relative paths in it are from its folder.
 *
 * @param needsData  whether the data that it names will be opened
 * @throws UsageError naming the file and the line; ConfigError when a run's record is damaged
 */
export async function readConfig(file: string, needsData = true): Promise<Plain> {
  const keys = readConfigFile(file)
  return isRecord(keys) ? ofRun(file, keys, needsData) : basedOn(baseOf(file), keys)
}
