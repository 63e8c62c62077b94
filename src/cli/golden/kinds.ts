import type { Agreement } from '../../objective/golden-agreement.ts'
import { checkGolden, goldenKinds } from '../../objective/golden-kinds.ts'
import { checkMetric } from './metric.ts'
import { checkConversions, checkPath, checkSchedules } from './paths.ts'
import { checkRender } from './render.ts'
import { checkSampler } from './sampler.ts'

/** How fixtures are checked, by their `kind`: those of formulas and networks, and those of data and metrics. */
const kinds: Readonly<Record<string, (json: unknown) => Agreement>> = {
  ...goldenKinds,
  render: checkRender,
  path: checkPath,
  conversions: checkConversions,
  schedules: checkSchedules,
  sampler: checkSampler,
  metric: checkMetric,
}

export const knownKinds: readonly string[] = Object.keys(kinds)

/** @throws UnknownRowError when there is no such kind, row or option */
export const checkAny = (json: unknown): Agreement => checkGolden(json, kinds)
