import {
  type CorePrimitive,
  concat,
  type Graph,
  isTensor,
  mapTree,
  simplify,
  spec,
  stopGradient,
  type Tensor,
  trace,
  valueAuxAndGrad,
} from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'
import { momentsOf, type PresentValues } from '../config/scheduled-values.ts'
import {
  bindMap,
  type Condition,
  flatten,
  flowMap,
  mapOf,
  networkOf,
  type PointSpec,
  uncertaintyNetwork,
} from '../model/index.ts'
import type { StateName } from '../serialization/checkpoint.ts'
import { type NetworkTrees, networksOf, stateSize, treesOf } from './networks.ts'
import { adam, clipByNorm, RATES } from './optimizer.ts'
import { evaluateTerms, type Guides, type Term, type TermInputs, termSpecs, termsOf } from './terms.ts'
import { weightOf } from './weights.ts'

/** A training step as one graph, with the meaning of its inputs and outputs. */
export interface Step {
  /**
   * Inputs: the state, then what each term draws, then `rates` (see `writeRates`) and, where something changes over the
   * training, `moments` (see `writeMoments`).
   */
  readonly graph: Graph<CorePrimitive>
  /** The first inputs and outputs: flat float32 vectors `[parameterCount]` carried from step to step. */
  readonly state: readonly StateName[]
  readonly parameterCount: number
  readonly terms: readonly Term[]
  /** Names of the entries of the last output, `[metrics.length]`. */
  readonly metrics: readonly string[]
}

/** What a run learns from beside data. */
export type Teachers = Pick<Guides, 'teacher' | 'pretrained'>

/** Everything that a formula may ask for, made of the networks' present parameters. */
export function guidesOf(
  config: Config,
  point: PointSpec,
  { map, auxiliary, uncertainty: size }: NetworkTrees<Tensor>,
  present: PresentValues,
): Guides {
  const stopped = mapTree(map!, isTensor, x => stopGradient(x))
  const velocity = networkOf({ ...config.network, conditioning: 's' }, point)
  return {
    frozen: condition => bindMap(config, point, stopped, condition),
    ...(auxiliary && { auxiliary: condition => flowMap(velocity.apply(auxiliary, condition)) }),
    weight: weightOf(config, present, size && ((s, t) => uncertaintyNetwork.apply(size)(s, s, t))),
  }
}

/**
 * Traces the whole training step: losses, gradients, clipping, optimiser and averaging.
 *
 * @param teachers  the velocity or flow map that a distillation learns from
 * @throws ConfigError when the objective uses a teacher and there is none
 */
export function buildStep(config: Config, point: PointSpec, teachers: Teachers = {}): Step {
  const networks = networksOf(config, point)
  const count = stateSize(config, point)
  const terms = termsOf(config)
  const moments = momentsOf(config)
  const state: StateName[] = ['parameters', 'first', 'second']
  if (config.ema > 0) state.push('ema')

  const specs = {
    state: Object.fromEntries(state.map(name => [name, spec([count])])),
    terms: Object.fromEntries(terms.map(term => [term.name, termSpecs(term, point)])),
    rates: spec([RATES]),
    ...(moments.length > 0 && { moments: spec([moments.length]) }),
  }
  let names: string[] = []
  const graph = trace(inputs => {
    const { parameters, first, second, ema } = inputs.state as Record<StateName, Tensor>
    const drawn = terms.map(({ name }) => (inputs.terms as Record<string, TermInputs<Tensor>>)[name])
    const target =
      config.target === 'ema' && ema
        ? (condition?: Condition<Tensor>) => mapOf(config, point, ema, condition)
        : undefined
    const present: PresentValues = Object.fromEntries(
      moments.map(({ name }, i) => [name, (inputs.moments as Tensor).slice(0, i, i + 1).reshape([])]),
    )

    const lossOf = (trees: NetworkTrees<Tensor>) => {
      const student = (condition?: Condition<Tensor>) => bindMap(config, point, trees.map!, condition)
      const guides = { ...teachers, target, ...guidesOf(config, point, trees, present) }
      const { total, values } = evaluateTerms(config, terms, drawn, student, guides, present)
      names = values.flatMap(({ name }) => [name, `${name}Residual`])
      return [total, values.flatMap(({ loss, residual }) => [loss, residual])] as const
    }
    const [loss, values, tree] = valueAuxAndGrad(lossOf)(treesOf(parameters, networks))

    const gradients = networks.map(({ name }) => flatten((tree as NetworkTrees<Tensor>)[name]!))
    const norms = gradients.map(gradient => gradient.square().sum().sqrt())
    const { clip } = config.optimizer
    // Each network on its own, so that one does not slow another down.
    const clipped = gradients.map((gradient, i) =>
      clip === null ? gradient : clipByNorm(gradient, norms[i], clip),
    )
    const gradient = clipped.length === 1 ? clipped[0] : concat(clipped)
    const next = adam(config.optimizer, inputs.rates as Tensor, parameters, gradient, { first, second })
    return {
      parameters: next.parameters,
      ...next.moments,
      ...(ema && { ema: ema.add(next.parameters.sub(ema).mul(1 - config.ema)) }),
      metrics: concat([loss, norms[0], ...values].map(value => value.reshape([1]))),
    }
  }, specs)

  const metrics = ['loss', 'gradientNorm', ...names]
  return { graph: simplify(graph), state, parameterCount: count, terms, metrics }
}
