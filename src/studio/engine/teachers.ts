import { constant } from '../../autodiff/index.ts'
import { isSolved } from '../../config/coupling.ts'
import { type Config, ConfigError, pointOf } from '../../config/index.ts'
import { asksTeacher } from '../../config/validate.ts'
import type { Dataset } from '../../data/dataset.ts'
import {
  type FlowMap,
  gaussianFlowMap,
  interpolants,
  mapOf,
  mixtureVelocity,
  type VelocityField,
} from '../../model/index.ts'
import { type Objective, objectives } from '../../objective/index.ts'
import { energyOfData } from '../../training/energy.ts'
import type { Teachers } from '../../training/step.ts'
import type { ToldWith } from '../../training/teacher.ts'

/** A stage of a training as it ended: what later ones can learn from. */
export interface Ended {
  readonly config: Config
  /** Of the map alone, `[P]`. */
  readonly parameters: Float32Array
}

const betweenAnyTimes = ({ jumps }: Objective): boolean => jumps === 'any' || jumps === 'both-ways'

/** Whether an objective learns from another model, by its formula or by the pairs that it is trained on. */
export const learnsFromTeacher = ({ needs, defaults }: Objective): boolean =>
  needs.includes('teacher') ||
  needs.includes('flow-map-teacher') ||
  (defaults.coupling !== undefined && defaults.coupling !== 'independent')

/** Whether what an objective trains can stand in for the exact velocity: learnt from data, at all times. */
export const teachesVelocity = (row: Objective): boolean => betweenAnyTimes(row) && !learnsFromTeacher(row)

/** Whether what an objective trains is a flow map to be distilled further. */
export const teachesMap = (row: Objective): boolean =>
  row.parts !== null && betweenAnyTimes(row) && !row.needs.includes('flow-map-teacher')

/** Whether the exact flow map is known: of one round Gaussian on the linear path. */
export function hasExactMap({ mixture }: Pick<Dataset, 'mixture'>, interpolant: string): boolean {
  const [only, ...others] = mixture?.components ?? []
  const round = only?.scales.every(scale => scale === only.scales[0])
  return Boolean(round) && others.length === 0 && interpolant === 'linear'
}

/** The last stage whose objective fits, as a flow map. */
function lastOf(
  ended: readonly Ended[],
  dataset: Dataset,
  fits: (row: Objective) => boolean,
): ToldWith<FlowMap> | undefined {
  const found = ended.findLast(({ config }) => fits(objectives.get(config.objective)!))
  if (!found) return undefined
  const { config, parameters } = found
  return condition =>
    mapOf(config, pointOf(config, dataset), constant(parameters, [parameters.length], 'float32'), condition)
}

function velocityTeacher(config: Config, dataset: Dataset, ended: readonly Ended[]): ToldWith<VelocityField> {
  const { mixture } = dataset
  if (mixture)
    return condition => mixtureVelocity(mixture, interpolants[config.interpolant], condition?.class)
  const map = lastOf(ended, dataset, teachesVelocity)
  if (map) return condition => ({ velocity: (x, t) => map(condition).velocity(x, t) })
  throw new ConfigError(
    `${config.objective} needs a teacher, and this target has no closed form; train flow-matching first, then switch`,
  )
}

function mapTeacher(config: Config, dataset: Dataset, ended: readonly Ended[]): ToldWith<FlowMap> {
  if (hasExactMap(dataset, config.interpolant)) {
    const [{ mean, scales }] = dataset.mixture!.components
    return () => gaussianFlowMap(mean, scales[0])
  }
  const map = lastOf(ended, dataset, teachesMap)
  if (map) return map
  throw new ConfigError(
    `${config.objective} needs a trained flow map; train one first, for example with psd, then switch`,
  )
}

/** What a stage learns from: for its formula, and for the pairs that it is trained on. */
export interface Guidance {
  readonly teachers: Teachers
  readonly pairs: ToldWith<VelocityField> | undefined
}

/**
 * The exact velocity or flow map where the target has a closed form, otherwise the last stage that can stand in for it.
 *
 * @throws ConfigError when there is none and the objective needs one
 */
export function guidanceOf(config: Config, dataset: Dataset, ended: readonly Ended[]): Guidance {
  const row = objectives.get(config.objective)!
  const coupled = isSolved(config.coupling)
  const velocity = asksTeacher(config, row) || coupled ? velocityTeacher(config, dataset, ended) : undefined
  return {
    teachers: {
      ...(row.needs.includes('flow-map-teacher') && { pretrained: mapTeacher(config, dataset, ended) }),
      ...(asksTeacher(config, row) && { teacher: velocity }),
      ...(row.needs.includes('energy') && { energy: energyOfData(dataset) }),
    },
    pairs: coupled ? velocity : undefined,
  }
}
