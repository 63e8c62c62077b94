import { simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import { type Config, pointOf } from '../config/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { bindMap, type Condition, seenSize, seenSpec, spaceOf, timeShape, unflatten } from '../model/index.ts'
import { random } from '../random/random.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { State } from '../serialization/checkpoint.ts'
import { type Drawn, drawTold, roomFor, writeTold } from './conditions.ts'
import { initialParameters, type Starts } from './initial-parameters.ts'
import { memoryVectors } from './memories.ts'
import type { StepGraph } from './step.ts'

/** Points in one run of the graph, and the least number of runs. */
const [ROWS, RUNS] = [512, 40]

/**
 * What the memories of a new run begin with: what they keep of samples of the map as it starts, and of the data. A memory that
 * began at nothing would be far from both for the first hundreds of steps.
 *
 * @param starts  parameters that the run starts from
 * @returns vectors of the step's state; none where it remembers nothing
 */
export async function filledMemories(
  runtime: Pick<Runtime, 'compile'>,
  config: Config,
  dataset: StandardizedDataset,
  { memories, players }: Pick<StepGraph, 'memories' | 'players'>,
  starts?: Starts,
): Promise<State> {
  if (memories.length === 0) return {}
  const point = pointOf(config, dataset)
  const { condition } = point
  const [{ network }] = players
  const parameters = initialParameters(config, players[0], starts)
  const graph = trace(
    ({ parameters, x0, eps, s, ...told }: Readonly<Record<string, Tensor>>) => {
      const map = bindMap(
        config,
        point,
        unflatten(parameters, network),
        condition && (told as Condition<Tensor>),
        network,
      )
      const samples = map.jump(eps, s, s.mul(0))
      const rows = (x: Tensor): Tensor => x.reshape([ROWS, dataset.dimension])
      return memories.flatMap(({ features = rows, of, ...memory }) => [
        memory.samples.kept.keep(features(samples), of, told.class),
        memory.data.kept.keep(features(x0), of, told.class),
      ])
    },
    {
      parameters: spec([parameters.length]),
      x0: spec([ROWS, ...point.shape]),
      eps: spec([ROWS, ...point.shape]),
      s: spec(timeShape(ROWS, point.shape)),
      ...(condition && { [condition.kind]: seenSpec(condition, ROWS) }),
    },
  )
  const vectors = memoryVectors(memories)
  const filled = vectors.map(({ size }) => new Float64Array(size))
  const needed = vectors.map(({ size, kept: { joins } }, i) =>
    joins === 'mean' ? RUNS : Math.ceil(size / graph.outputs[i].shape[0]),
  )
  const runs = Math.max(RUNS, ...needed)
  const program = await runtime.compile(simplify(graph))
  try {
    const [data, noise, none] = ['data', 'noise', 'nulls'].map(name =>
      random(name === 'data' ? config.seeds.data : config.seeds.noise, `memory ${name}`),
    )
    const [x0, eps] = [0, 1].map(() => new Float32Array(ROWS * dataset.dimension))
    const ones = new Float32Array(ROWS).fill(1)
    for (let run = 0; run < runs; run++) {
      const inputs: Drawn[] = [parameters, x0, eps, ones]
      const { drop } = config.condition
      if (condition) {
        const room = roomFor(condition, ROWS * seenSize(condition))
        writeTold(drawTold(condition, dataset, data, x0, { drop, none }), room)
        inputs.push(room)
      } else dataset.sample(data, x0)
      if (dataset.source) dataset.source.sample(noise, eps)
      else spaceOf(point).noise.draw(noise, eps, dataset.dimension)
      const kept = await program.run(inputs)
      kept.forEach((values, i) => {
        if (vectors[i].kept.joins === 'mean') addMean(filled[i], values, runs)
        else put(filled[i], values, run)
      })
    }
  } finally {
    await program.close()
  }
  return Object.fromEntries(vectors.map(({ name }, i) => [name, Float32Array.from(filled[i])]))
}

type Values = Readonly<ArrayLike<number | bigint>>

function addMean(mean: Float64Array, values: Values, runs: number): void {
  for (let k = 0; k < mean.length; k++) mean[k] += Number(values[k]) / runs
}

/** Writes what a run gives behind that of the runs before, as far as there is room. */
function put(out: Float64Array, values: Values, run: number): void {
  const start = run * values.length
  for (let k = 0; k < values.length && start + k < out.length; k++) out[start + k] = Number(values[k])
}
