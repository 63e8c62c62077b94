import { constant, countOperations, simplify, spec, trace } from '../autodiff/index.ts'
import type { VelocityField } from '../model/index.ts'
import type { Objective } from '../objective/index.ts'
import { resolveConfig } from './config.ts'
import { buildStep, mapOf, mlpOptions, parameterCount } from './step.ts'

const DIMENSION = 2

/**
 * Cost of one training step in forward passes of the same batch: floating-point operations of the compiled step, the
 * optimiser's included, divided by those of the network. Counted on the graph of the ring network, with a teacher of
 * the same size.
 */
export function measureCost({ id, needs }: Objective): number {
  const config = resolveConfig({
    objective: id,
    teacher: needs.includes('teacher') ? 'any' : null,
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
  const time = spec([config.batch, 1])
  const graph = trace(({ parameters, x, s, t }) => mapOf(config, DIMENSION, parameters).velocity(x, s, t), {
    parameters: spec([size]),
    x: spec([config.batch, DIMENSION]),
    s: time,
    t: time,
  })
  return countOperations(simplify(graph))
}
