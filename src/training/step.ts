import {
  type CorePrimitive,
  concat,
  type Graph,
  simplify,
  sizeOf,
  spec,
  type Tensor,
  trace,
  valueAuxAndGrad,
} from '../autodiff/index.ts'
import {
  applyMlp,
  type FlowMap,
  flowMap,
  type MlpOptions,
  type MlpParameters,
  mlpShapes,
  type VelocityField,
} from '../model/index.ts'
import type { Config } from './config.ts'
import { adam, clipByNorm, RATES } from './optimizer.ts'
import { evaluateTerms, type Term, type TermInputs, termSpecs, termsOf } from './terms.ts'

/** A training step as one graph, with the meaning of its inputs and outputs. */
export interface Step {
  /** Inputs: the state, then for each term `x0`, `eps`, `s` (and `t`, `m`), then `rates` (see `writeRates`). */
  readonly graph: Graph<CorePrimitive>
  /** The first inputs and outputs: flat float32 vectors `[parameterCount]` carried from step to step. */
  readonly state: readonly StateName[]
  readonly parameterCount: number
  readonly terms: readonly Term[]
  /** Names of the entries of the last output, `[metrics.length]`. */
  readonly metrics: readonly string[]
}

export type StateName = 'parameters' | 'first' | 'second' | 'ema'

export const mlpOptions = ({ network }: Pick<Config, 'network'>, dimension: number): MlpOptions => ({
  dimension,
  ...network,
})

/** Cuts a flat vector `[P]` into the network's parameters. */
function unflatten(flat: Tensor, options: MlpOptions): MlpParameters<Tensor> {
  let start = 0
  const take = (shape: readonly number[]): Tensor =>
    flat.slice(0, start, (start += sizeOf(shape))).reshape(shape)
  return mlpShapes(options).map(({ weight, bias }) => ({ weight: take(weight), bias: take(bias) }))
}

export function parameterCount(options: MlpOptions): number {
  return mlpShapes(options).reduce((total, { weight, bias }) => total + sizeOf(weight) + sizeOf(bias), 0)
}

const flatten = (parameters: MlpParameters<Tensor>): Tensor =>
  concat(parameters.flatMap(({ weight, bias }) => [weight, bias]).map(x => x.reshape([sizeOf(x.shape)])))

/** The flow map that a network with these parameters gives. */
export const mapOf = (config: Pick<Config, 'network'>, dimension: number, flat: Tensor): FlowMap =>
  bindMap(config, dimension, unflatten(flat, mlpOptions(config, dimension)))

const bindMap = (
  config: Pick<Config, 'network'>,
  dimension: number,
  parameters: MlpParameters<Tensor>,
): FlowMap => flowMap(applyMlp(mlpOptions(config, dimension), parameters), config.network.parameterization)

/**
 * Traces the whole training step: losses, gradients, clipping, optimiser and averaging.
 *
 * @param teacher  the velocity that a distillation learns from
 * @throws ConfigError when the objective uses a teacher and there is none
 */
export function buildStep(config: Config, dimension: number, teacher?: VelocityField): Step {
  const options = mlpOptions(config, dimension)
  const count = parameterCount(options)
  const terms = termsOf(config)
  const state: StateName[] = ['parameters', 'first', 'second']
  if (config.ema > 0) state.push('ema')

  const specs = {
    state: Object.fromEntries(state.map(name => [name, spec([count])])),
    terms: Object.fromEntries(terms.map(term => [term.name, termSpecs(term, dimension)])),
    rates: spec([RATES]),
  }
  const graph = trace(inputs => {
    const { parameters, first, second, ema } = inputs.state as Record<StateName, Tensor>
    const drawn = terms.map(({ name }) => (inputs.terms as Record<string, TermInputs<Tensor>>)[name])
    const target = config.target === 'ema' && ema ? mapOf(config, dimension, ema) : undefined

    const lossOf = (tree: MlpParameters<Tensor>) => {
      const values = evaluateTerms(config, terms, drawn, bindMap(config, dimension, tree), {
        target,
        teacher,
      })
      const total = values.map(({ loss }, i) => loss.mul(terms[i].weight)).reduce((a, b) => a.add(b))
      return [total, values.flatMap(({ loss, residual }) => [loss, residual])] as const
    }
    const [loss, values, tree] = valueAuxAndGrad(lossOf)(unflatten(parameters, options))

    const gradient = flatten(tree as unknown as MlpParameters<Tensor>)
    const norm = gradient.square().sum().sqrt()
    const { clip } = config.optimizer
    const clipped = clip === null ? gradient : clipByNorm(gradient, norm, clip)
    const next = adam(config.optimizer, inputs.rates, parameters, clipped, { first, second })
    return {
      parameters: next.parameters,
      ...next.moments,
      ...(ema && { ema: ema.add(next.parameters.sub(ema).mul(1 - config.ema)) }),
      metrics: concat([loss, norm, ...values].map(value => value.reshape([1]))),
    }
  }, specs)

  const metrics = ['loss', 'gradientNorm', ...terms.flatMap(({ name }) => [name, `${name}Residual`])]
  return { graph: simplify(graph), state, parameterCount: count, terms, metrics }
}
