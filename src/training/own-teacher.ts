import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Config, resolveConfig } from '../config/index.ts'
import { OWN_TEACHER, teacherConfig, trainsTeacher } from '../config/teacher-config.ts'
import { checkpointSteps } from '../serialization/checkpoint.ts'
import { paths } from '../serialization/run.ts'

/** Where a run keeps it: a run of its own. */
export const teacherDirectory = (directory: string): string => join(directory, 'teacher')

/** Whether the teacher of a run is there and trained to its end. */
export function isTeacherFinished(config: Config, directory: string): boolean {
  const own = teacherDirectory(directory)
  const { steps } = resolveConfig(teacherConfig(config))
  return existsSync(paths(own).model) && checkpointSteps(own).at(-1) === steps
}

/** The configuration with its own teacher by the directory that holds it. */
export function withOwnTeacher(config: Config, directory: string): Config {
  if (!trainsTeacher(config)) return config
  const teacher = teacherDirectory(directory)
  return { ...config, teacher, initFrom: config.initFrom === OWN_TEACHER ? teacher : config.initFrom }
}
