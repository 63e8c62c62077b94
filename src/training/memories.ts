import { spec, type Tensor, trace } from '../autodiff/index.ts'
import { type Config, findObjective } from '../config/index.ts'
import type { PointSpec } from '../model/index.ts'
import {
  type Compared,
  type Draw,
  type Features,
  isRandom,
  type KeptOf,
  type Memory,
  randomCount,
  randomFeatures,
} from '../objective/index.ts'
import { random } from '../random/random.ts'
import type { State } from '../serialization/checkpoint.ts'

/** A vector of a memory, as a step carries it. */
export interface MemoryVector {
  readonly name: string
  readonly size: number
  readonly kept: KeptOf
}

/** A memory as a step carries it. */
export interface KeptMemory {
  readonly name: string
  readonly samples: MemoryVector
  /** What stands for the data, which stays. */
  readonly data: MemoryVector
  readonly of: Compared
  /** What it knows points by; nothing for their coordinates. */
  readonly features?: Features
  readonly memory: Memory
}

/** The vectors of memories. */
export const memoryVectors = (memories: readonly KeptMemory[]): MemoryVector[] =>
  memories.flatMap(({ samples, data }) => [samples, data])

/** The memories that a state has nothing of. */
export const absentIn = (state: State, memories: readonly KeptMemory[]): KeptMemory[] =>
  memories.filter(memory => memoryVectors([memory]).every(({ name }) => !state[name]))

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
  return memoriesOf(config).map(memory => {
    const features = memory.features?.(dimensionOf(point)) ?? compared
    const of = {
      features: features ? widthOf(features, point) : dimensionOf(point),
      classes: memory.byClass ? classCount(config, point) : 1,
    }
    const vector = (name: 'samples' | 'data'): MemoryVector => ({
      name: `${memory.name}.${name}`,
      size: memory[name].size(of),
      kept: memory[name],
    })
    return { name: memory.name, samples: vector('samples'), data: vector('data'), of, features, memory }
  })
}

/** Classes of samples, those that are told none among them. */
function classCount({ condition: { drop } }: Config, { condition }: PointSpec): number {
  if (condition?.kind !== 'class') throw new Error('points have no classes')
  return condition.classes + (drop > 0 ? 1 : 0)
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
    memories.map(({ name, samples, data }) => [
      name,
      { samples: vectors[samples.name], data: vectors[data.name] },
    ]),
  )
