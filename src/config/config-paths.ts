import { resolve } from 'node:path'
import { withPaths } from '../data/catalogue.ts'
import { isRandom } from '../objective/index.ts'
import { AUTO_FEATURES, type UserConfig } from './schema.ts'
import { OWN_TEACHER } from './teacher-config.ts'

/** Words that stand where a run could: the exact velocity, and a teacher that is trained first. */
const WORDS = ['exact', 'train']

/** A configuration, or what a user wrote for one, with other paths: of its data, and of the runs and the network for features that it names. */
export function withConfigPaths<T extends UserConfig>(user: T, change: (path: string) => string): T {
  const { data, source, teacher, posterior, coupling, guidance, initFrom, loss, teacherTraining } = user
  const changes: UserConfig = {}
  if (data !== undefined && data !== null) changes.data = withPaths(data, change)
  if (source !== undefined && source !== null) changes.source = withPaths(source, change)
  if (isRun(teacher)) changes.teacher = change(teacher)
  if (isRun(posterior?.map)) changes.posterior = { ...posterior, map: change(posterior.map) }
  if (isRun(coupling?.teacher)) changes.coupling = { ...coupling, teacher: change(coupling.teacher) }
  if (isRun(guidance?.weak)) changes.guidance = { ...guidance, weak: change(guidance.weak) }
  if (isRun(initFrom) && initFrom !== OWN_TEACHER) changes.initFrom = change(initFrom)
  const features = loss?.perceptual?.features
  if (typeof features === 'string' && features !== '' && features !== AUTO_FEATURES) {
    changes.loss = { ...loss, perceptual: { ...loss!.perceptual, features: change(features) } }
  }
  const { features: compared } = user
  if (typeof compared === 'string' && compared !== '' && compared !== AUTO_FEATURES && !isRandom(compared)) {
    changes.features = change(compared)
  }
  if (typeof teacherTraining === 'object' && teacherTraining !== null) {
    changes.teacherTraining = withConfigPaths(teacherTraining as UserConfig, change)
  }
  return { ...user, ...changes }
}

/** Whether a teacher is named by the path of a run. */
export const isRun = (name: unknown): name is string =>
  typeof name === 'string' && name !== '' && !WORDS.includes(name)

/** The same by absolute paths, so that a run can be resumed and measured from anywhere. */
export const withAbsolutePaths = <T extends UserConfig>(user: T): T =>
  withConfigPaths(user, path => resolve(path))
