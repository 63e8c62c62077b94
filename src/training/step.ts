import {
  type CorePrimitive,
  concat,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
  valueAuxAndGrad,
} from '../autodiff/index.ts'
import {
  applyMlp,
  type FlowMap,
  flowMap,
  interpolants,
  type MlpOptions,
  type MlpParameters,
  mlpShapes,
  pathOf,
  type VelocityField,
} from '../model/index.ts'
import {
  adaptive,
  cauchy,
  type Draw,
  diagonals,
  type ErrorFunction,
  type Loss,
  pseudoHuber,
  squaredError,
} from '../objective/index.ts'
import { type Config, ConfigError, findObjective } from './config.ts'
import { adam, clipByNorm, RATES } from './optimizer.ts'

/** A training step as one graph, with the meaning of its inputs and outputs. */
export interface Step {
  readonly graph: Graph<CorePrimitive>
  /** The first inputs and outputs: flat float32 vectors `[parameterCount]` carried from step to step. */
  readonly state: readonly StateName[]
  readonly parameterCount: number
  /** Names of the entries of the last output, `[metrics.length]`. */
  readonly metrics: readonly string[]
  readonly rows: Rows
}

export type StateName = 'parameters' | 'first' | 'second' | 'ema'

/** How many samples of a batch train which term. */
export interface Rows {
  readonly diagonal: number
  readonly consistency: number
}

/** The batch's division: the diagonal's rows first. Rows that no term uses are not drawn. */
export function batchRows({ batch, diagonal, consistency }: Config): Rows {
  const first = Math.floor(batch * diagonal.fraction)
  const rest = batch - first
  return {
    diagonal: first,
    consistency: rest === 0 ? 0 : Math.max(1, Math.floor(rest * consistency.fraction)),
  }
}

export const mlpOptions = ({ network }: Pick<Config, 'network'>, dimension: number): MlpOptions => ({
  dimension,
  ...network,
})

/** Cuts a flat vector `[P]` into the network's parameters. */
export function unflatten(flat: Tensor, options: MlpOptions): MlpParameters<Tensor> {
  let start = 0
  const take = (shape: readonly number[]): Tensor => {
    const size = shape.reduce((a, b) => a * b, 1)
    return flat.slice(0, start, (start += size)).reshape(shape)
  }
  return mlpShapes(options).map(({ weight, bias }) => ({ weight: take(weight), bias: take(bias) }))
}

export function parameterCount(options: MlpOptions): number {
  const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1)
  return mlpShapes(options).reduce((total, { weight, bias }) => total + size(weight) + size(bias), 0)
}

const flatten = (parameters: MlpParameters<Tensor>): Tensor =>
  concat(
    parameters
      .flatMap(({ weight, bias }) => [weight, bias])
      .map(x => x.reshape([x.shape.reduce((a, b) => a * b, 1)])),
  )

/** The flow map that a network with these parameters gives. */
export const mapOf = (config: Pick<Config, 'network'>, dimension: number, flat: Tensor): FlowMap => {
  const options = mlpOptions(config, dimension)
  return flowMap(applyMlp(options, unflatten(flat, options)), config.network.parameterization)
}

function errorOf({ loss: { kind, c, adaptive: weighting } }: Config): ErrorFunction {
  const error = { mse: squaredError, 'pseudo-huber': pseudoHuber(c), cauchy: cauchy(c) }[kind]
  return weighting ? adaptive(error, weighting.p, weighting.c) : error
}

interface Term {
  readonly name: 'diagonal' | 'consistency'
  readonly loss: Loss
  readonly weight: number
  readonly from: number
  readonly to: number
}

function termsOf(config: Config, rows: Rows): Term[] {
  const { diagonal, consistency, termWeights } = config
  const scale = (part: number) => (termWeights === 'fraction' ? part : 1)
  const total = rows.diagonal + rows.consistency
  const objective = findObjective(config.objective)
  const terms: Term[] = []
  if (rows.diagonal > 0) {
    const weight = diagonal.weight * scale(diagonal.fraction)
    terms.push({ name: 'diagonal', loss: diagonals[diagonal.objective!], weight, from: 0, to: rows.diagonal })
  }
  if (rows.consistency > 0 && objective.loss) {
    const weight = consistency.weight * scale(1 - diagonal.fraction)
    terms.push({
      name: 'consistency',
      loss: objective.loss(config.options),
      weight,
      from: rows.diagonal,
      to: total,
    })
  }
  return terms
}

/** Stands in for a teacher until a formula asks for one. */
const missingTeacher = (objective: string): VelocityField => ({
  velocity() {
    throw new ConfigError(`teacher: ${objective} needs a teacher`)
  },
})

interface Batch {
  readonly x0: Tensor
  readonly eps: Tensor
  /** `s`, `t` and `m` of every sample, `[B, 3]`. */
  readonly times: Tensor
}

/** The parts of a draw that do not depend on the parameters. */
function termInputs({ from, to }: Term, { x0, eps, times }: Batch, config: Config) {
  const [s, t, m] = [0, 1, 2].map(i => times.slice(1, i, i + 1).slice(0, from, to))
  return {
    path: pathOf(interpolants[config.interpolant], x0.slice(0, from, to), eps.slice(0, from, to)),
    s,
    t,
    m,
  }
}

/** A request for the student's velocity on a term's own points and times. */
interface Request {
  readonly x: Tensor
  readonly s: Tensor
  readonly t: Tensor
}

/** The student, answering one known request with a value computed elsewhere. */
function answering(map: FlowMap, known: Request | undefined, answer: () => Tensor): FlowMap {
  const velocity: FlowMap['velocity'] = (x, s, t = s) =>
    x === known?.x && s === known.s && t === known.t ? answer() : map.velocity(x, s, t)
  return { velocity, jump: (x, s, t) => x.add(t.sub(s).mul(velocity(x, s, t))) }
}

/**
 * The rows of all terms through the student at once, where every term asks for it at its own points: one large
 * product is faster than two small ones.
 */
function sharedVelocities(
  map: FlowMap,
  requests: readonly (Request | undefined)[],
): (() => Tensor)[] | undefined {
  if (requests.length < 2 || requests.includes(undefined)) return undefined
  const all = requests as readonly Request[]
  const join = (key: keyof Request) =>
    concat(
      all.map(request => request[key]),
      0,
    )
  const velocity = map.velocity(join('x'), join('s'), join('t'))
  let from = 0
  return all.map(({ x }) => {
    const start = from
    from += x.shape[0]
    const end = from
    return () => velocity.slice(0, start, end)
  })
}

/** Finds out, by tracing a term once for nothing, whether it asks for the student at its own points. */
function findRequest(loss: Loss, draw: Draw): Request | undefined {
  const x = draw.path.at(draw.s)
  let found: Request | undefined
  const velocity: FlowMap['velocity'] = (at, s, t = s) => {
    const own = at === x && s === draw.s && (t === draw.s || t === draw.t)
    if (own) found = { x: at, s, t }
    return draw.map.velocity(at, s, t)
  }
  loss({ ...draw, map: { velocity, jump: (at, s, t) => at.add(t.sub(s).mul(velocity(at, s, t))) } })
  return found
}

/**
 * Traces the whole training step: losses, gradients, clipping, optimiser and averaging.
 *
 * Inputs: the state vectors, then `x0 [B, D]`, `eps [B, D]`, `times [B, 3]` and `rates [3]` (see `writeRates`).
 *
 * @param teacher  the velocity that a distillation learns from
 * @throws ConfigError when the objective uses a teacher and there is none
 */
export function buildStep(config: Config, dimension: number, teacher?: VelocityField): Step {
  const rows = batchRows(config)
  const size = rows.diagonal + rows.consistency
  const options = mlpOptions(config, dimension)
  const parameters = parameterCount(options)
  const terms = termsOf(config, rows)
  const averaged = config.ema > 0
  const state: StateName[] = ['parameters', 'first', 'second', ...(averaged ? (['ema'] as const) : [])]
  const metrics = ['loss', 'gradientNorm', ...terms.flatMap(({ name }) => [name, `${name}Residual`])]

  const graph = trace(
    inputs => {
      const batch: Batch = inputs
      const own = terms.map(term => termInputs(term, batch, config))
      const ema = inputs.state.ema as Tensor | undefined
      const fixedTarget = config.target === 'ema' && ema ? mapOf(config, dimension, ema) : undefined
      const student = unflatten(inputs.state.parameters, options)

      const [loss, values, gradient] = valueAuxAndGrad((tree: MlpParameters<Tensor>) => {
        const map = flowMap(applyMlp(options, tree), config.network.parameterization)
        const drawOf = (i: number, student: FlowMap, error: ErrorFunction): Draw => ({
          ...own[i],
          map: student,
          target: fixedTarget ?? map,
          error,
          teacher: teacher ?? missingTeacher(config.objective),
        })
        const requests = terms.map((term, i) => findRequest(term.loss, drawOf(i, map, squaredError)))
        const shared = sharedVelocities(map, requests)
        const evaluate = (i: number, error: ErrorFunction) => {
          const student = shared ? answering(map, requests[i], shared[i]) : map
          return terms[i].loss(drawOf(i, student, error)).mean()
        }
        const losses = terms.map((_, i) => evaluate(i, errorOf(config)))
        const residuals = terms.map((_, i) => evaluate(i, squaredError))
        const total = losses.map((value, i) => value.mul(terms[i].weight)).reduce((a, b) => a.add(b))
        return [total, losses.flatMap((value, i) => [value, residuals[i]])]
      })(student)

      const flat = flatten(gradient as unknown as MlpParameters<Tensor>)
      const norm = flat.square().sum().sqrt()
      const clip = config.optimizer.clip
      const moments = { first: inputs.state.first, second: inputs.state.second }
      const clipped = clip === null ? flat : clipByNorm(flat, norm, clip)
      const next = adam(config.optimizer, inputs.rates, inputs.state.parameters, clipped, moments)
      return {
        parameters: next.parameters,
        ...next.moments,
        ...(ema && { ema: ema.add(next.parameters.sub(ema).mul(1 - config.ema)) }),
        metrics: concat([loss, norm, ...values].map(value => value.reshape([1]))),
      }
    },
    {
      state: Object.fromEntries(state.map(name => [name, spec([parameters])])) as Record<
        StateName,
        ReturnType<typeof spec>
      >,
      x0: spec([size, dimension]),
      eps: spec([size, dimension]),
      times: spec([size, 3]),
      rates: spec([RATES]),
    },
  )
  return { graph: simplify(graph), state, parameterCount: parameters, metrics, rows }
}
