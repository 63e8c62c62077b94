import { guidanceRecord } from '../config/guidance.ts'
import type { Config } from '../config/index.ts'
import { OWN_TEACHER } from '../config/teacher-config.ts'
import { readModelFor } from '../serialization/model-files.ts'

/** The scale that a run's map was trained at; nothing where it was not guided, or knows several. */
function bakedIn(key: string, name: string | null): number | null {
  if (name === null || ['exact', 'train', OWN_TEACHER].includes(name)) return null
  const { applied, scale } = guidanceRecord(readModelFor(key, name).config)
  return applied === 'baked' ? scale : null
}

/** A configuration that records the scale of what it learns from: whoever samples it must not guide it again. */
export function withBakedGuidance(config: Config): Config {
  const { guidance, teacher, coupling, adapter, initFrom } = config
  if (guidance.rule !== 'none' || guidance.baked !== null) return config
  const baked =
    bakedIn('teacher', teacher) ??
    bakedIn('coupling.teacher', coupling.teacher) ??
    (adapter ? bakedIn('initFrom', initFrom) : null)
  return baked === null ? config : { ...config, guidance: { ...guidance, baked } }
}
