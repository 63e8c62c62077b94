import {
  type CorePrimitive,
  concat,
  type Graph,
  interleaved,
  isTensor,
  mapTree,
  type Spec,
  simplify,
  spec,
  stopGradient,
  type Tensor,
  trace,
  valueAuxAndGrad,
} from '../autodiff/index.ts'
import { TOGETHER, waits } from '../config/alone.ts'
import { averagesOf } from '../config/averages.ts'
import { type Config, findObjective } from '../config/index.ts'
import { type PresentValues, scheduledValuesOf } from '../config/scheduled-values.ts'
import {
  type BoundNetwork,
  bindMap,
  type Condition,
  flatten,
  type Named,
  type Network,
  type PointSpec,
  seenState,
  spaceOf,
  unflatten,
} from '../model/index.ts'
import { isTwoLevel } from '../objective/index.ts'
import type { Guides, TermInputs } from './guides.ts'
import { comparedBy, type KeptMemory, keptMemories, memoriesIn, memoryVectors } from './memories.ts'
import { measureName } from './metric-window.ts'
import { MAP, type Trained, WEIGHT } from './networks.ts'
import { RATES } from './optimizer/rates.ts'
import { PERCEPTUAL } from './perceptual.ts'
import { playersOf, stateNames, type TrainedPlayer, vectorName } from './players.ts'
import { evaluateTerms, type Term, termSpecs } from './terms.ts'
import { roundOf, type TurnPlan, withoutPaused } from './turns.ts'
import { gathered, heldUntil, heldWhileAlone, updateAverages, updatePlayer, type Vectors } from './update.ts'
import { weightOf } from './weights.ts'

/** A training step as one graph, with the meaning of its inputs and outputs. */
export interface StepGraph {
  /**
   * Inputs: the state, then what each term of each turn draws, then `rates` (see `writeRates`) of each update and, where
   * something changes over the training, `moments` (see `writeScheduledValues`); and where an update has several batches,
   * `last`, whether this one is the last of them.
   */
  readonly graph: Graph<CorePrimitive>
  /** Names of the first inputs and outputs: flat float32 vectors carried from step to step; see `vectorName`. */
  readonly state: readonly string[]
  readonly players: readonly TrainedPlayer[]
  readonly memories: readonly KeptMemory[]
  /** The turns of a round in their order, one for each update. */
  readonly turns: readonly TurnPlan[]
  /** Their terms one after another. */
  readonly terms: readonly Term[]
  /** Names of the entries of the last output, `[metrics.length]`. */
  readonly metrics: readonly string[]
}

/** What a run learns from beside data. */
export type Teachers = Pick<
  Guides,
  'teacher' | 'pretrained' | 'posterior' | 'weak' | 'features' | 'compared' | 'energy'
>

/** Parameters of players by their names. */
export type Trees = Readonly<Record<string, Named<Tensor>>>

/** A player beside the map as formulas ask it: its network, or the velocity that is read of it. */
export function boundPlayer(
  config: Config,
  point: PointSpec,
  { network, velocity: keys }: Trained,
  tree: Named<Tensor>,
  condition?: Condition<Tensor>,
): BoundNetwork {
  if (!keys) return network.apply(tree, condition)
  const { velocity } = bindMap({ ...config, network: keys }, point, tree, condition, network)
  return (x, s, t) => velocity(x, s, t)
}

/** Everything that a formula may ask for, made of the networks' present parameters. */
export function guidesOf(
  config: Config,
  point: PointSpec,
  trained: readonly Trained[],
  trees: Trees,
  present: PresentValues,
): Guides {
  const stopped = mapTree(trees[MAP], isTensor, x => stopGradient(x))
  const { network } = trained[0]
  const weight = trained.find(({ name }) => name === WEIGHT)
  const others = trained.filter(({ name }) => name !== MAP && name !== WEIGHT)
  const learned = weight?.network.apply(trees[WEIGHT])
  return {
    space: spaceOf(point),
    told: point.condition,
    ...(learned && { logSize: (s: Tensor, t: Tensor) => learned(s, s, t) }),
    ...(isTwoLevel(findObjective(config.objective)) && {
      toldPoints: (x: Tensor, s: Tensor) =>
        bindMap(config, point, trees[MAP], { state: seenState(x, s) }, network),
    }),
    frozen: condition => bindMap(config, point, stopped, condition, network),
    players: condition =>
      Object.fromEntries(
        others.map(player => [
          player.name,
          boundPlayer(config, point, player, trees[player.name], condition),
        ]),
      ),
    weight: weightOf(config, present, learned && ((s, t) => learned(s, s, t))),
  }
}

/** The student with its present parameters, for some condition. */
export const studentOf =
  (config: Config, point: PointSpec, [{ network }]: readonly Trained[], trees: Trees) =>
  (condition?: Condition<Tensor>) =>
    bindMap(config, point, trees[MAP], condition, network)

/** What the losses of a step are made with, beside parameters and draws. */
export interface Scene extends Pick<Guides, 'target' | 'compared' | 'memories'> {
  readonly config: Config
  readonly point: PointSpec
  readonly players: readonly TrainedPlayer[]
  readonly teachers: Teachers
  readonly present: PresentValues
}

/** The average that the objective aims at, where it does. @param vectors  by `vectorName` */
export function targetOf(
  config: Config,
  point: PointSpec,
  network: Network,
  vectors: Named<Tensor>,
): Guides['target'] {
  const aimed = averagesOf(config).find(({ name }) => name === config.target)
  const average = aimed && vectors[vectorName(MAP, aimed.vector)]
  return average && (condition => bindMap(config, point, unflatten(average, network), condition, network))
}

/** What the losses of a turn give. */
interface TurnGradients {
  readonly loss: Tensor
  /** The lines of the log, see `lineNames`, then what the run remembers after the step. */
  readonly parts: readonly Tensor[]
  /** The gradients of the players that it trains. */
  readonly tree: Trees
}

/** The losses of a turn and their gradients. @param vectors  parameters of all players, by `vectorName` */
export function turnGradients(
  { config, point, players, teachers, target, compared, memories, present }: Scene,
  { trains, terms }: Pick<TurnPlan, 'trains' | 'terms'>,
  vectors: Named<Tensor>,
  drawn: readonly TermInputs<Tensor>[],
): TurnGradients {
  const trees: Trees = Object.fromEntries(
    players.map(({ name, network }) => [name, unflatten(vectors[vectorName(name, 'parameters')], network)]),
  )
  const lossOf = (live: Trees) => {
    const all = { ...trees, ...live }
    const guides = {
      ...teachers,
      target,
      ...(compared && { compared }),
      ...(memories && { memories }),
      ...guidesOf(config, point, players, all, present),
    }
    const student = studentOf(config, point, players, all)
    const { total, values, remembered } = evaluateTerms(config, terms, drawn, student, guides, present)
    const lines = values.flatMap(({ loss, residual, measures = {} }) => [
      loss,
      residual,
      ...Object.values(measures),
    ])
    return [total, [...lines, ...remembered]] as const
  }
  const trained = players.filter(({ name }) => trains.includes(name))
  const live = Object.fromEntries(trained.map(({ name }) => [name, trees[name]]))
  const [loss, parts, tree] = valueAuxAndGrad(lossOf, config)(live) as readonly [
    Tensor,
    readonly Tensor[],
    Trees,
  ]
  return { loss, parts, tree }
}

/**
 * Traces a whole training step: for each turn of the round the losses, the gradients of the players that it trains with all
 * others stopped, and their optimisers; in the end averaging.
 *
 * @param teachers  the velocity or flow map that a distillation learns from
 * @param base  parameters `[P]` that an adapter changes
 * @param paused  players that stand still, with their optimisers and averages
 * @throws ConfigError when the objective uses a teacher and there is none, or everybody is paused
 */
export function buildStep(
  config: Config,
  point: PointSpec,
  teachers: Teachers = {},
  base?: Float32Array,
  paused: readonly string[] = [],
): StepGraph {
  const players = playersOf(config, point, base)
  const [{ network }] = players
  const turns = withoutPaused(roundOf(config), paused)
  const moving = players.filter(({ name }) => !paused.includes(name))
  const moments = scheduledValuesOf(config)
  const averages = averagesOf(config)
  const compared = comparedBy(config, point, teachers.compared)
  const memories = keptMemories(config, point, compared)
  const state = [...stateNames(config, players), ...memoryVectors(memories).map(({ name }) => name)]
  const { accumulate } = config.optimizer
  const sizes = sizesOf(players, memories)
  const updates = turns.reduce((sum, { trains }) => sum + trains.length, 0)
  const drawKey = ({ key }: TurnPlan, term: Term): string => (key ? `${key}.${term.name}` : term.name)
  const specs = {
    state: Object.fromEntries(state.map(name => [name, spec([sizes(name)])])),
    terms: Object.fromEntries(
      turns.flatMap(turn => turn.terms.map(term => [drawKey(turn, term), termSpecs(term, point)])),
    ) as Record<string, TermInputs<Spec>>,
    rates: spec([updates * RATES]),
    ...(moments.length > 0 && { moments: spec([moments.length]) }),
    ...(accumulate > 1 && { last: spec([1]) }),
  }
  let names: string[] = []
  const graph = trace(inputs => {
    const before = inputs.state as Named<Tensor>
    const vectors: Vectors = { ...before }
    const present: PresentValues = Object.fromEntries(
      moments.map(({ name }, i) => [name, (inputs.moments as Tensor).slice(0, i, i + 1).reshape([])]),
    )
    const scene: Scene = {
      config,
      point,
      players,
      teachers,
      target: targetOf(config, point, network, vectors),
      compared,
      present,
    }
    const values: [name: string, value: Tensor][] = []
    let updated = 0
    for (const turn of turns) {
      const trained = players.filter(({ name }) => turn.trains.includes(name))
      const drawn = turn.terms.map(
        term => (inputs.terms as Record<string, TermInputs<Tensor>>)[drawKey(turn, term)],
      )
      const { loss, parts, tree } = turnGradients(
        { ...scene, ...(memories.length > 0 && { memories: memoriesIn(vectors, memories) }) },
        turn,
        vectors,
        drawn,
      )
      const lines = lineNames(turn, config)
      if (turn.trains.includes(MAP)) {
        memories.forEach(({ samples }, i) => {
          vectors[samples.name] = parts[lines.length + i]
        })
      }
      const gradients = trained.map(({ name }) => gathered(vectors, name, flatten(tree[name]), accumulate))
      const norms = gradients.map(gradient => gradient.square().sum().sqrt())
      trained.forEach((player, i) => {
        const rates = (inputs.rates as Tensor).slice(0, updated * RATES, (updated + 1) * RATES)
        updated++
        const own = { ...vectors }
        updatePlayer(own, player, gradients[i], rates)
        if (waits(config, player.name)) heldWhileAlone(own, vectors, present[TOGETHER] as Tensor)
        Object.assign(vectors, own)
      })
      if (turn.isFirst) {
        const mapNorm = trained.findIndex(({ name }) => name === MAP)
        if (mapNorm >= 0) values.push(['loss', loss], ['gradientNorm', norms[mapNorm]])
        lines.forEach((line, i) => {
          values.push([line, parts[i]])
        })
        if (turn.alone) {
          trained.forEach(({ name }, i) => {
            if (name !== MAP) values.push([`${name}GradientNorm`, norms[i]])
          })
        }
      }
    }
    updateAverages(vectors, moving, averages, present)
    if (inputs.last) heldUntil(vectors, before, inputs.last as Tensor)
    names = values.map(([name]) => name)
    return {
      ...Object.fromEntries(state.map(name => [name, vectors[name]])),
      metrics: concat(values.map(([, value]) => value.reshape([1]))),
    }
  }, specs)
  return {
    graph: simplify(config.recompute ? interleaved(graph) : graph),
    state,
    players,
    memories,
    turns,
    terms: turns.flatMap(({ terms }) => terms),
    metrics: names,
  }
}

/** How many numbers a vector of the state has, by its name: as many as its player has parameters, or its own of a memory. */
export function sizesOf(
  players: readonly Pick<TrainedPlayer, 'name' | 'size'>[],
  memories: readonly KeptMemory[],
): (name: string) => number {
  const sizes = new Map([...players, ...memoryVectors(memories)].map(({ name, size }) => [name, size]))
  return name => (sizes.get(name) ?? sizes.get(name.split('.')[0]))!
}

/** Names of a turn's losses in the log, each as trained and as it is without weights, and of what else is measured. */
export const lineNames = ({ terms }: Pick<TurnPlan, 'terms'>, { loss }: Config): string[] =>
  [
    ...terms.flatMap(({ parts }) => parts({})),
    ...(loss.perceptual ? [{ name: PERCEPTUAL, measures: {} }] : []),
  ].flatMap(({ name, measures = {} }) => [name, `${name}Residual`, ...Object.keys(measures).map(measureName)])
