import {
  type CorePrimitive,
  concat,
  type Graph,
  interleaved,
  type Spec,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../../autodiff/index.ts'
import { averagesOf } from '../../config/averages.ts'
import type { Config } from '../../config/index.ts'
import { type PresentValues, scheduledValuesOf } from '../../config/scheduled-values.ts'
import { flatten, type Named, type PointSpec } from '../../model/index.ts'
import type { TermInputs } from '../guides.ts'
import { comparedBy } from '../memories.ts'
import { MAP } from '../networks.ts'
import { RATES } from '../optimizer/rates.ts'
import { GRADIENT, playersOf, stateNames, type TrainedPlayer, vectorName } from '../players.ts'
import { lineNames, type Teachers, targetOf, turnGradients } from '../step.ts'
import { type Term, termSpecs } from '../terms.ts'
import { roundOf, type TurnPlan } from '../turns.ts'
import { updateAverages, updatePlayer, type Vectors } from '../update.ts'
import { checkSplits } from './refusals.ts'

/** A training step in two graphs, between which gradients of several processes are summed. */
export interface SplitStep {
  /**
   * Inputs: what the losses read of the state, the draws of one part of a batch, and `moments` where something changes over the
   * training. Outputs: the part's share of each player's gradient, and of `lines`. Shares of all parts of an update add up to it.
   */
  readonly gradients: Graph<CorePrimitive>
  /**
   * Inputs: the state, gradients, `rates`, and `moments` as above. Outputs: the state after the update, each vector under its name
   * with `next.` before it, and `norms` of the gradients.
   */
  readonly update: Graph<CorePrimitive>
  readonly players: readonly TrainedPlayer[]
  /** Names of the state's vectors. */
  readonly state: readonly string[]
  /** Names of the entries of `lines`. */
  readonly lines: readonly string[]
  /** The one turn of a round, with the rows of the whole batch. */
  readonly turn: TurnPlan
  readonly parts: number
}

export const NEXT = 'next.'
const gradientName = (player: string): string => vectorName(player, GRADIENT)

const isOwn = (name: string): boolean => !name.endsWith(`.${GRADIENT}`)

/** The scheduled values as the formulas ask for them. */
const presentOf = (config: Config, moments: Tensor | undefined): PresentValues =>
  Object.fromEntries(
    scheduledValuesOf(config).map(({ name }, i) => [name, moments!.slice(0, i, i + 1).reshape([])]),
  )

const momentsSpec = (config: Config): Readonly<Record<string, Spec>> => {
  const { length } = scheduledValuesOf(config)
  return length > 0 ? { moments: spec([length]) } : {}
}

/**
 * Traces a training step as two graphs.
 *
 * @param parts  that a batch is divided into, each of which a process can have
 * @throws ConfigError when the step cannot be divided so
 */
export function splitStep(
  config: Config,
  point: PointSpec,
  teachers: Teachers = {},
  base?: Float32Array,
  parts = 1,
): SplitStep {
  const players = playersOf(config, point, base)
  const turns = roundOf(config)
  checkSplits(config, turns, parts)
  const [turn] = turns
  const part = { ...turn, terms: turn.terms.map(term => ({ ...term, rows: term.rows / parts })) }
  return {
    gradients: gradientsOf(config, point, players, teachers, part, parts),
    update: updateOf(config, players),
    players,
    state: stateNames(config, players).filter(isOwn),
    lines: ['loss', ...lineNames(turn, config)],
    turn,
    parts,
  }
}

function gradientsOf(
  config: Config,
  point: PointSpec,
  players: readonly TrainedPlayer[],
  teachers: Teachers,
  turn: TurnPlan,
  parts: number,
): Graph<CorePrimitive> {
  const share = 1 / (parts * config.optimizer.accumulate)
  const aimed = averagesOf(config).find(({ name }) => name === config.target)
  const specs = {
    state: Object.fromEntries([
      ...players.map(({ name, size }) => [vectorName(name, 'parameters'), spec([size])] as const),
      ...(aimed ? [[vectorName(MAP, aimed.vector), spec([players[0].size])] as const] : []),
    ]),
    draws: Object.fromEntries(turn.terms.map(term => [term.name, termSpecs(term, point)])) as Record<
      Term['name'],
      TermInputs<Spec>
    >,
    ...momentsSpec(config),
  }
  const graph = trace(inputs => {
    const vectors = inputs.state as Named<Tensor>
    const target = targetOf(config, point, players[0].network, vectors)
    const compared = comparedBy(config, point, teachers.compared)
    const present = presentOf(config, (inputs as { moments?: Tensor }).moments)
    const drawn = turn.terms.map(({ name }) => (inputs.draws as Record<string, TermInputs<Tensor>>)[name])
    const scene = { config, point, players, teachers, target, compared, present }
    const { loss, parts: lines, tree } = turnGradients(scene, turn, vectors, drawn)
    return {
      ...Object.fromEntries(
        players.map(({ name }) => [gradientName(name), flatten(tree[name]).mul(share)] as const),
      ),
      lines: concat([loss, ...lines].map(value => value.reshape([1]))).mul(share),
    }
  }, specs)
  return simplify(config.recompute ? interleaved(graph) : graph)
}

function updateOf(config: Config, players: readonly TrainedPlayer[]): Graph<CorePrimitive> {
  const sizes = new Map(players.map(({ name, size }) => [name, size]))
  const own = stateNames(config, players).filter(isOwn)
  const specs = {
    state: Object.fromEntries(own.map(name => [name, spec([sizes.get(name.split('.')[0])!])])),
    gradients: Object.fromEntries(players.map(({ name, size }) => [gradientName(name), spec([size])])),
    rates: spec([players.length * RATES]),
    ...momentsSpec(config),
  }
  const graph = trace(inputs => {
    const vectors: Vectors = { ...(inputs.state as Named<Tensor>) }
    const gradients = inputs.gradients as Named<Tensor>
    const present = presentOf(config, (inputs as { moments?: Tensor }).moments)
    players.forEach((player, i) => {
      const rates = (inputs.rates as Tensor).slice(0, i * RATES, (i + 1) * RATES)
      updatePlayer(vectors, player, gradients[gradientName(player.name)], rates)
    })
    updateAverages(vectors, players, averagesOf(config), present)
    const norms = players.map(({ name }) => gradients[gradientName(name)].square().sum().sqrt().reshape([1]))
    return {
      ...Object.fromEntries(own.map(name => [`${NEXT}${name}`, vectors[name]])),
      norms: concat(norms),
    }
  }, specs)
  return simplify(graph)
}
