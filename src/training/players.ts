import { AVERAGE, type Average, averagesOf } from '../config/averages.ts'
import type { Config } from '../config/index.ts'
import type { PointSpec } from '../model/index.ts'
import type { State } from '../serialization/checkpoint.ts'
import { MAP, networksOf, type Trained } from './networks.ts'
import { optimizerOf } from './optimizer/optimizers.ts'
import type { Transformation } from './optimizer/transformation.ts'

/** A network that trains, with its own optimiser. */
export interface TrainedPlayer extends Trained {
  readonly optimizer: Transformation
}

/** The optimiser's keys for a player: the run's own but for what the player has. */
export function optimizerKeys({ optimizer, players }: Config, name: string): Config['optimizer'] {
  const { learningRate = optimizer.learningRate, clip = optimizer.clip } = players[name] ?? {}
  return { ...optimizer, learningRate, clip }
}

/** The players of a configuration; the first is the map. */
export const playersOf = (config: Config, point: PointSpec, base?: Float32Array): TrainedPlayer[] =>
  networksOf(config, point, base).map(trained => ({
    ...trained,
    optimizer: optimizerOf(optimizerKeys(config, trained.name), trained.network),
  }))

/** What is kept of a player: `parameters`, `average`, and what its optimiser remembers. */
export const vectorName = (player: string, vector: string): string => `${player}.${vector}`

/** The vector of the gradient that the batches of an update add up, where there are several. */
export const GRADIENT = 'gradient'

/** The averages of a player. */
export const averagesFor = (averages: readonly Average[], name: string): Average[] =>
  averages.filter(({ everyone }) => everyone || name === MAP)

/** Names of the vectors of the players that a step carries to the next. */
export const stateNames = (config: Config, players: readonly TrainedPlayer[]): string[] =>
  players.flatMap(({ name, optimizer }) =>
    [
      'parameters',
      ...(config.optimizer.accumulate > 1 ? [GRADIENT] : []),
      ...Object.keys(optimizer.init(0)),
      ...averagesFor(averagesOf(config), name).map(({ vector }) => vector),
    ].map(vector => vectorName(name, vector)),
  )

/** Vectors of checkpoints before players had their own: all networks in one. */
const JOINED = { parameters: 'parameters', first: 'first', second: 'second', ema: AVERAGE } as const

/** A state in which each player has its own vectors, of whatever version the checkpoint is. */
export function stateOfPlayers(state: State, players: readonly Trained[]): State {
  if (!state.parameters) return state
  let start = 0
  const parts = players.flatMap(({ name, size }) => {
    const from = start
    start += size
    return Object.entries(JOINED).flatMap(([joined, vector]) => {
      const all = state[joined]
      return all ? [[vectorName(name, vector), all.slice(from, from + size)] as const] : []
    })
  })
  return Object.fromEntries(parts)
}

/** The parameters of each player: averaged where that is asked for and there are such. */
export const parametersOf = (
  state: State,
  players: readonly Pick<Trained, 'name'>[],
  weights: 'ema' | 'raw',
): Readonly<Record<string, Float32Array>> =>
  Object.fromEntries(
    players.map(({ name }) => {
      const average = weights === 'ema' ? state[vectorName(name, AVERAGE)] : undefined
      return [name, average ?? state[vectorName(name, 'parameters')]]
    }),
  )

/** The parameters of the map alone. */
export const mapParameters = (state: State, weights: 'ema' | 'raw'): Float32Array =>
  parametersOf(state, [{ name: MAP }], weights)[MAP]
