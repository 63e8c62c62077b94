import { concat, type Spec, spec, type Tensor } from '../autodiff/index.ts'
import { type FlowMap, fromVelocity, interpolants, pathOf, type VelocityField } from '../model/index.ts'
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
import { type Config, ConfigError, diagonalRows, findObjective } from './config.ts'

export type TermName = 'diagonal' | 'consistency'

/** One term of the loss on its own part of the batch. */
export interface Term {
  readonly name: TermName
  readonly loss: Loss
  readonly weight: number
  /** Samples that train it. */
  readonly rows: number
}

/** The terms of a configuration; rows that no term uses are not drawn. */
export function termsOf(config: Config): Term[] {
  const { batch, diagonal, consistency, termWeights } = config
  const scale = (part: number) => (termWeights === 'fraction' ? part : 1)
  const objective = findObjective(config.objective)
  const first = diagonalRows(config)
  const rest = batch - first
  const terms: Term[] = []
  if (first > 0 && diagonal.objective) {
    const weight = diagonal.weight * scale(diagonal.fraction)
    terms.push({ name: 'diagonal', loss: diagonals[diagonal.objective], weight, rows: first })
  }
  if (rest > 0 && objective.loss) {
    const weight = consistency.weight * scale(1 - diagonal.fraction)
    const rows = Math.max(1, Math.floor(rest * consistency.fraction))
    terms.push({ name: 'consistency', loss: objective.loss(config.options), weight, rows })
  }
  return terms
}

/** What is drawn for a term in every step: points `[rows, D]` and times `[rows, 1]`, of which a diagonal has one. */
export interface TermInputs<T> {
  readonly x0: T
  readonly eps: T
  readonly s: T
  readonly t?: T
  readonly m?: T
}

export function termSpecs({ name, rows }: Term, dimension: number): TermInputs<Spec> {
  const [points, time] = [spec([rows, dimension]), spec([rows, 1])]
  const one = { x0: points, eps: points, s: time }
  return name === 'diagonal' ? one : { ...one, t: time, m: time }
}

/** How a configuration measures residuals while it trains. */
function errorOf({ loss: { kind, c, adaptive: weighting } }: Config): ErrorFunction {
  const error = { mse: squaredError, 'pseudo-huber': pseudoHuber(c), cauchy: cauchy(c) }[kind]
  return weighting ? adaptive(error, weighting.p, weighting.c) : error
}

/** The velocities that a formula may ask for beside the student's. */
export interface Guides {
  /** `theta-`; the student itself when absent. */
  readonly target?: FlowMap
  readonly teacher?: VelocityField
}

/** Stands in for a teacher until a formula asks for one. */
const missingTeacher = (objective: string): VelocityField => ({
  velocity() {
    throw new ConfigError(`teacher: ${objective} needs a teacher`)
  },
})

type DrawOf = (student: FlowMap, error: ErrorFunction) => Draw

function drawMaker(config: Config, { x0, eps, s, t = s, m = s }: TermInputs<Tensor>, guides: Guides): DrawOf {
  const path = pathOf(interpolants[config.interpolant], x0, eps)
  const teacher = guides.teacher ?? missingTeacher(config.objective)
  return (map, error) => ({ path, s, t, m, map, error, teacher, target: guides.target ?? map })
}

/** A request for the student's velocity on a term's own points and times. */
type Request = readonly [x: Tensor, s: Tensor, t: Tensor]

const equal = (a: Request, b: Request): boolean => a.every((tensor, i) => tensor === b[i])

/** The term's own request, if it makes one: found by tracing its loss once for nothing. */
function ownRequest(loss: Loss, drawOf: DrawOf, map: FlowMap): Request | undefined {
  const { path, s, t } = drawOf(map, squaredError)
  const own: Request[] = [
    [path.at(s), s, s],
    [path.at(s), s, t],
  ]
  let found: Request | undefined
  const watched = fromVelocity((...request) => {
    if (own.some(candidate => equal(candidate, request))) found = request
    return map.velocity(...request)
  })
  loss(drawOf(watched, squaredError))
  return found
}

/**
 * The student for each term. Where every term asks for the student at its own points, their rows go through the network
 * at once: one large product is faster than two small ones.
 */
function shareStudent(map: FlowMap, terms: readonly Term[], draws: readonly DrawOf[]): FlowMap[] {
  const alone = terms.map(() => map)
  if (terms.length < 2) return alone
  const requests = terms.map(({ loss }, i) => ownRequest(loss, draws[i], map))
  if (requests.includes(undefined)) return alone
  const all = requests as readonly Request[]
  const joined = [0, 1, 2].map(k =>
    concat(
      all.map(request => request[k]),
      0,
    ),
  )
  const velocity = map.velocity(joined[0], joined[1], joined[2])
  let end = 0
  return all.map((own, i) => {
    const start = end
    end += terms[i].rows
    const answer = velocity.slice(0, start, end)
    return fromVelocity((...request) => (equal(own, request) ? answer : map.velocity(...request)))
  })
}

/** A term's mean over its samples, as trained and as the plain mean squared residual. */
export interface TermValue {
  readonly loss: Tensor
  readonly residual: Tensor
}

/** Evaluates every term for a student. */
export function evaluateTerms(
  config: Config,
  terms: readonly Term[],
  inputs: readonly TermInputs<Tensor>[],
  student: FlowMap,
  guides: Guides,
): TermValue[] {
  const draws = inputs.map(input => drawMaker(config, input, guides))
  const students = shareStudent(student, terms, draws)
  const error = errorOf(config)
  return terms.map(({ loss }, i) => ({
    loss: loss(draws[i](students[i], error)).mean(),
    residual: loss(draws[i](students[i], squaredError)).mean(),
  }))
}
