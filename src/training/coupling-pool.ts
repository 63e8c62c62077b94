import { DYNAMIC, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import { type Config, pointOf } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import {
  type Condition,
  type ConditionSpec,
  rowsAtOnce,
  seenSize,
  seenSpec,
  timeShape,
  type VelocityField,
} from '../model/index.ts'
import { random } from '../random/random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { type Drawn, drawTold, roomFor, writeTold } from './conditions.ts'
import type { ToldWith } from './teacher.ts'
import { MOST_TRAJECTORIES, solveTrajectories, type TrajectoryCache } from './trajectory-cache.ts'

/** What a network is told of each trajectory: drawn as data has it, the null as often as in training. */
function drawConditions(
  { coupling: { pairs }, seeds, condition: { drop } }: Config,
  told: ConditionSpec,
  dataset: Dataset,
): Float32Array {
  const points = new Float32Array(pairs * dataset.dimension)
  const none = random(seeds.noise, 'coupling nulls')
  return drawTold(told, dataset, random(seeds.data, 'coupling conditions'), points, { drop, none })
}

/**
 * Solves the trajectories that a run is coupled by. Each trajectory is one of the velocity for a condition, or for the null, so that a map that is
 * told the same learns the flow of each.
 *
 * @param shouldStop  asked now and then
 * @returns nothing without a coupling, and when it was stopped
 */
export async function solvePool(
  runtime: Runtime,
  config: Config,
  dataset: StandardizedDataset,
  teacher: ToldWith<VelocityField>,
  shouldStop?: () => boolean,
): Promise<TrajectoryCache | undefined> {
  const { dimension } = dataset
  const point = pointOf(config, dataset)
  const { condition } = point
  const rows = rowsAtOnce(config.network, point, MOST_TRAJECTORIES)
  const graph = trace(
    ({ x, t, ...told }: Readonly<Record<string, Tensor>>) =>
      teacher(condition && (told as Condition<Tensor>)).velocity(x, t),
    {
      x: spec([DYNAMIC, ...point.shape]),
      t: spec(timeShape(DYNAMIC, point.shape)),
      ...(condition && { [condition.kind]: seenSpec(condition, DYNAMIC) }),
    },
  )
  const told = condition && drawConditions(config, condition, dataset)
  const program = await runtime.compile(simplify(graph))
  try {
    const velocity = async (x: Float32Array, t: number, from: number) => {
      const count = x.length / dimension
      const inputs: Drawn[] = [x, new Float32Array(count).fill(t)]
      if (condition && told) {
        const width = seenSize(condition)
        inputs.push(roomFor(condition, count * width))
        writeTold(told.subarray(from * width, (from + count) * width), inputs[2])
      }
      return (await program.run(inputs))[0] as Float32Array
    }
    const pool = await solveTrajectories(
      config,
      dimension,
      velocity,
      shouldStop,
      rows,
      dataset.source?.sample,
    )
    return pool && { ...pool, ...(told && { told }) }
  } finally {
    await program.close()
  }
}
