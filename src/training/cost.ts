import { constant, countOperations, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import { type Config, resolveConfig } from '../config/index.ts'
import {
  type FlowMap,
  mapOf,
  type PointSpec,
  parameterCount,
  seenSpec,
  timeShape,
  velocityKeys,
} from '../model/index.ts'
import { isTwoLevel, type Objective } from '../objective/index.ts'
import { buildStep } from './step.ts'

const PLANE: PointSpec = { shape: [2] }
/** The same for rows that must be told something. */
const WITH_CLASSES: PointSpec = { ...PLANE, condition: { kind: 'class', classes: 2 } }
/** And for those that are told noisy points. */
const WITH_STATES: PointSpec = { ...PLANE, condition: { kind: 'state', size: 2 } }
/** Symbols of so few numbers that a network of them costs what one of the plane does. */
const SYMBOLS: PointSpec = { shape: [2, 2], space: 'simplex' }
const pointsOf = ({ condition: { kind }, network }: Pick<Config, 'condition' | 'network'>): PointSpec =>
  network.parameterization === 'simplex'
    ? SYMBOLS
    : kind === 'none'
      ? PLANE
      : kind === 'state'
        ? WITH_STATES
        : WITH_CLASSES

/** Enough that what does not grow with the batch, such as the optimiser, hardly counts. */
const SAMPLES = 2048

/** A network with fixed parameters. Values do not matter for counting; distinct ones keep the graph from folding. */
function fixedMap(config: Pick<Config, 'network'>, point: PointSpec): FlowMap {
  const size = parameterCount(config, point)
  const values = Float64Array.from({ length: size }, (_, i) => Math.sin(i))
  return mapOf(config, point, constant(values, [size]))
}

/**
 * Cost of one training step in forward passes, for each sample of the consistency term and, where there is one, one more
 * of the diagonal term: the literature's way of counting. Floating-point operations of the compiled step, the
 * optimiser's included, divided by those of the network, on the graph of the ring network with a teacher of its size.
 * Without weights and clipping, which are options.
 */
export const measureCost = (objective: Objective): number => inPasses(objective, [])

/** @param paused  players that take no part */
function inPasses(objective: Objective, paused: readonly string[]): number {
  const { id, needs, diagonal, parts, defaults } = objective
  const asks = needs.includes('teacher') || needs.includes('flow-map-teacher')
  const config = resolveConfig({
    objective: id,
    teacher: asks ? 'any' : null,
    ...(!isTwoLevel(objective) && { condition: { kind: defaults.guidance ? 'class' : 'none' } }),
    network: { frequencies: 8 },
    batch: diagonal && parts ? 2 * SAMPLES : SAMPLES,
    diagonal: { fraction: diagonal === null ? 0 : parts ? 0.5 : 1 },
    consistency: { fraction: 1 },
    loss: { kind: 'mse', adaptive: null },
    optimizer: { clip: null },
  })
  return Math.round((100 * stepOperations(config, paused)) / forwardOperations(config)) / 100
}

/** What a turn of each player costs in forward passes, by its name: what a round costs less without it. Empty where a round is one turn. */
export function turnCosts(objective: Objective): Readonly<Record<string, number>> {
  const turns = objective.turns?.(objective.options.parse({}) as never) ?? []
  if (turns.length < 2) return {}
  const whole = inPasses(objective, [])
  return Object.fromEntries(
    turns.map(({ trains, times = 1 }) => {
      const own = (whole - inPasses(objective, trains)) / times
      return [trains.join(' and '), Math.round(100 * own) / 100]
    }),
  )
}

/**
 * Floating-point operations of one training step in the plane, the optimiser's included.
 *
 * @public for the leaderboard, which buys steps with it
 */
export function stepOperations(config: Config, paused: readonly string[] = []): number {
  const { network } = config
  const { condition: _, ...point } = pointsOf(config)
  const velocity = fixedMap({ network: velocityKeys(network) }, point)
  const teacher = { velocity: velocity.velocity }
  const pretrained = fixedMap({ network: { ...velocityKeys(network), conditioning: 's,t' } }, point)
  const energy = (x: Tensor) => x.square().sum(-1)
  return countOperations(
    buildStep(config, pointsOf(config), { teacher, pretrained, energy }, undefined, paused).graph,
  )
}

function forwardOperations(config: Config): number {
  const point = pointsOf(config)
  const time = spec(timeShape(SAMPLES, point.shape))
  const isPolicy = config.network.parameterization === 'policy'
  const graph = trace(
    ({ parameters, x, s, t, ...condition }) =>
      // A policy is one call of its network however far it leads.
      mapOf(config, point, parameters, point.condition && condition).velocity(x, s, isPolicy ? s : t),
    {
      parameters: spec([parameterCount(config, point)]),
      x: spec([SAMPLES, ...point.shape]),
      s: time,
      t: time,
      ...(point.condition && { [point.condition.kind]: seenSpec(point.condition, SAMPLES), scale: time }),
    },
  )
  return countOperations(simplify(graph))
}
