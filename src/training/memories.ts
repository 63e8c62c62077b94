import { spec, type Tensor, trace } from '../autodiff/index.ts'
import { type Config, findObjective } from '../config/index.ts'
import type { PointSpec } from '../model/index.ts'
import {
  type Draw,
  type Features,
  isRandom,
  type Memory,
  randomCount,
  randomFeatures,
} from '../objective/index.ts'
import { random } from '../random/random.ts'

/** A memory as a step carries it. */
export interface KeptMemory {
  readonly name: string
  /** Numbers of each vector. */
  readonly size: number
  /** What is remembered of samples, and what stands for the data, which stays. */
  readonly vectors: readonly [samples: string, data: string]
  readonly memory: Memory
}

/** What an objective remembers under a configuration's options. */
export const memoriesOf = ({
  objective,
  options,
}: Pick<Config, 'objective' | 'options'>): readonly Memory[] =>
  findObjective(objective).memories?.(options) ?? []

const dimensionOf = ({ shape }: PointSpec): number => shape.reduce((a, b) => a * b, 1)

/** What samples are compared by: random features of the run's seed, a network that was opened for it, or nothing for coordinates. */
export function comparedBy(config: Config, point: PointSpec, opened?: Features): Features | undefined {
  const { features } = config
  if (features === null || !isRandom(features)) return opened
  return randomFeatures(
    randomCount(features),
    dimensionOf(point),
    random(config.seeds.initialization, 'features'),
  )
}

/** The memories of a run, with their sizes. */
export function keptMemories(config: Config, point: PointSpec, compared?: Features): KeptMemory[] {
  const memories = memoriesOf(config)
  if (memories.length === 0) return []
  const K = compared ? widthOf(compared, point) : dimensionOf(point)
  return memories.map(memory => ({
    name: memory.name,
    size: memory.size(K),
    vectors: [`${memory.name}.samples`, `${memory.name}.data`],
    memory,
  }))
}

/** Features of a point. */
function widthOf(features: Features, { shape }: PointSpec): number {
  let width = 0
  trace(
    ({ x }) => {
      const f = features(x as Tensor)
      width = f.shape[1]
      return f
    },
    { x: spec([1, ...shape]) },
  )
  return width
}

/** The memories as formulas see them. */
export const memoriesIn = (
  vectors: Readonly<Record<string, Tensor>>,
  memories: readonly KeptMemory[],
): Draw['memories'] =>
  Object.fromEntries(
    memories.map(({ name, vectors: [samples, data] }) => [
      name,
      { samples: vectors[samples], data: vectors[data] },
    ]),
  )
