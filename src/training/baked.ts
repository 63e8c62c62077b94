import { guidanceRecord } from '../config/guidance.ts'
import { type Config, findObjective, resolveConfig } from '../config/index.ts'
import { OWN_TEACHER, teacherConfig, trainsTeacher } from '../config/teacher-config.ts'
import { diagonalRows } from '../config/validate.ts'
import { readModelFor } from '../serialization/model-files.ts'

/** The scale that a run's map is trained at; nothing where it is not guided, or knows several. */
function bakedIn(config: Config): number | null {
  const { applied, scale } = guidanceRecord(config)
  return applied === 'baked' ? scale : null
}

const bakedInRun = (key: string, name: string | null): number | null =>
  name === null || name === 'exact' || name === OWN_TEACHER ? null : bakedIn(readModelFor(key, name).config)

/** Whether a run ends as what it begins with: as it was, or as a copy of itself without the term that grounds it. */
function staysAsBegun(config: Config): boolean {
  const { setting, diagonal } = findObjective(config.objective)
  return (
    config.steps === 0 || (setting === 'self-distillation' && diagonal !== null && diagonalRows(config) === 0)
  )
}

/** A configuration that records the scale of what it learns from: whoever samples it must not guide it again. */
export function withBakedGuidance(config: Config): Config {
  const { guidance, teacher, coupling, adapter, initFrom } = config
  if (guidance.rule !== 'none' || guidance.baked !== null) return config
  const baked =
    (trainsTeacher(config)
      ? bakedIn(resolveConfig(teacherConfig(config)))
      : bakedInRun('teacher', teacher)) ??
    bakedInRun('coupling.teacher', coupling.teacher) ??
    (adapter || staysAsBegun(config) ? bakedInRun('initFrom', initFrom) : null)
  return baked === null ? config : { ...config, guidance: { ...guidance, baked } }
}
