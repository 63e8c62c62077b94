import { constant, countOperations, simplify, spec, trace } from '../autodiff/index.ts'
import type { VelocityField } from '../model/index.ts'
import type { Objective } from '../objective/index.ts'
import { resolveConfig } from './config.ts'
import { buildStep, mapOf, mlpOptions, parameterCount } from './step.ts'

const DIMENSION = 2
/** Enough that what does not grow with the batch, such as the optimiser, hardly counts. */
const SAMPLES = 2048

/**
 * Cost of one training step in forward passes, for each sample of the consistency term and, where there is one, one more
 * of the diagonal term: the literature's way of counting. Floating-point operations of the compiled step, the
 * optimiser's included, divided by those of the network, on the graph of the ring network with a teacher of its size.
 */
export function measureCost({ id, needs, diagonal, loss }: Objective): number {
  const config = resolveConfig({
    objective: id,
    teacher: needs.includes('teacher') ? 'any' : null,
    batch: diagonal && loss ? 2 * SAMPLES : SAMPLES,
    diagonal: { fraction: diagonal === null ? 0 : loss ? 0.5 : 1 },
    consistency: { fraction: 1 },
    loss: { adaptive: null },
    optimizer: { clip: null },
  })
  const teacherConfig = { network: { ...config.network, conditioning: 's' as const } }
  const size = parameterCount(mlpOptions(teacherConfig, DIMENSION))
  // Values do not matter for counting; distinct ones keep the graph from folding.
  const weights = constant(
    Float64Array.from({ length: size }, (_, i) => Math.sin(i)),
    [size],
  )
  const map = mapOf(teacherConfig, DIMENSION, weights)
  const teacher: VelocityField = { velocity: (x, t) => map.velocity(x, t) }
  const step = countOperations(buildStep(config, DIMENSION, teacher).graph)
  return Math.round((100 * step) / forwardOperations(config)) / 100
}

function forwardOperations(config: ReturnType<typeof resolveConfig>): number {
  const size = parameterCount(mlpOptions(config, DIMENSION))
  const time = spec([SAMPLES, 1])
  const graph = trace(({ parameters, x, s, t }) => mapOf(config, DIMENSION, parameters).velocity(x, s, t), {
    parameters: spec([size]),
    x: spec([SAMPLES, DIMENSION]),
    s: time,
    t: time,
  })
  return countOperations(simplify(graph))
}
