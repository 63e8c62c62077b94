import { concat, type Spec, spec, type Tensor } from '../autodiff/index.ts'
import { ownRows } from '../config/batchwise-checks.ts'
import type { Config } from '../config/index.ts'
import { ConfigError, findObjective } from '../config/index.ts'
import { type PresentValues, withPresent } from '../config/scheduled-values.ts'
import { diagonalRows } from '../config/validate.ts'
import {
  bridgeNoise,
  type Condition,
  clippedPath,
  conditionKinds,
  type FlowMap,
  flat,
  flowMap,
  fromVelocity,
  innerFlow,
  interpolants,
  noisePath,
  nullCondition,
  type Path,
  type PointSpec,
  type Space,
  seenSpec,
  timeShape,
  trajectoryPath,
} from '../model/index.ts'
import {
  comparing,
  type Draw,
  isTwoLevel,
  keepsMinimum,
  type Loss,
  meanSquare,
  type Objective,
  type Part,
  traitsOf,
} from '../objective/index.ts'
import { guidanceOf } from './guidance.ts'
import {
  type Guides,
  type InputName,
  isPoints,
  type TermInputs,
  type Told,
  tell,
  toldOfGuidance,
} from './guides.ts'
import { memoriesOf } from './memories.ts'
import { PERCEPTUAL, perceptualOf } from './perceptual.ts'
import { errorOf, type SampleWeight } from './weights.ts'

export type TermName = 'diagonal' | 'consistency' | 'adversarial' | 'matching'

/** One term of the loss on its own part of the batch. */
export interface Term {
  readonly name: TermName
  /** What is summed on the same draw. */
  readonly parts: (present: PresentValues) => readonly Part[]
  readonly weight: number
  /** Samples that train it. */
  readonly rows: number
  readonly inputs: readonly InputName[]
}

/** The terms of a configuration; rows that no term uses are not drawn. */
export function termsOf(config: Config): Term[] {
  const { diagonal, termWeights, options } = config
  const scale = (part: number) => (termWeights === 'fraction' ? part : 1)
  const objective = findObjective(config.objective)
  const first = diagonalRows(config)
  const terms: Term[] = []
  const { objective: grounding } = diagonal
  if (first > 0 && grounding) {
    const ground = findObjective(grounding).grounds!
    const [own, block] = objective.parts ? [diagonal.options, 'diagonal.options'] : [options, 'options']
    terms.push({
      name: 'diagonal',
      parts: present => [{ name: 'diagonal', loss: ground(withPresent(own, block, present)), at: 's' }],
      weight: diagonal.weight * scale(diagonal.fraction),
      rows: first,
      inputs: [
        'x0',
        'eps',
        ...onTheWay(config),
        ...conditionsOf(config),
        's',
        ...drawsOf(findObjective(grounding), own),
      ],
    })
  }
  const { parts } = objective
  const term =
    parts &&
    consistencyTerm(config, objective, present => parts(withPresent(options, 'options', present) as never))
  return term ? [...terms, term] : terms
}

/** The term of an objective's own parts; nothing where the diagonal has the whole batch. */
export function consistencyTerm(
  config: Config,
  objective: Objective,
  parts: Term['parts'],
): Term | undefined {
  const { batch, diagonal, consistency, termWeights } = config
  // A row that is a diagonal term alone has the whole batch in its other turns.
  const rest = objective.parts ? batch - diagonalRows(config) : batch
  if (rest <= 0) return undefined
  return {
    name: 'consistency',
    parts,
    weight: consistency.weight * (termWeights === 'fraction' ? 1 - diagonal.fraction : 1),
    rows: ownRows(config, batch - rest),
    inputs: [
      ...pointsOf(objective, config),
      ...conditionsOf(config),
      's',
      ...(objective.parts ? (['t', 'm'] as const) : []),
      ...extrasOf(objective, config),
    ],
  }
}

/** What is drawn of a condition; noisy points that a formula makes are not. */
export const conditionsOf = ({
  objective,
  condition: { kind },
  guidance: { rule, interval },
}: Config): InputName[] => [
  ...(kind === 'none' || isTwoLevel(findObjective(objective)) ? [] : [kind]),
  ...(rule === 'none' ? [] : ['scale' as const]),
  ...(interval === 'drawn' ? (['low', 'high'] as const) : []),
]

/** The noise that is added between two data sets. */
const onTheWay = ({ sourceNoise }: Config): InputName[] => (sourceNoise > 0 ? ['z'] : [])

function pointsOf(objective: Objective, config: Config): InputName[] {
  const { coupling, options } = config
  if (coupling.kind === 'trajectory') return ['xs', 'xt']
  const seesData =
    objective.jumps !== 'from-noise' ||
    objective.needs.includes('data') ||
    traitsOf(objective, options).draws?.includes('x0')
  return seesData ? ['x0', 'eps', ...onTheWay(config)] : ['eps']
}

const drawsOf = (objective: Objective, options: Config['options']): InputName[] =>
  (traitsOf(objective, options).draws ?? []).filter(name => name !== 'x0')

function extrasOf(objective: Objective, { anchor, options }: Config): InputName[] {
  const own = drawsOf(objective, options)
  return anchor.law === null ? own : [...own, 'anchor']
}

export function termSpecs({ rows, inputs }: Term, { shape, condition }: PointSpec): TermInputs<Spec> {
  const specOf = (name: InputName): Spec => {
    if (name === condition?.kind) return seenSpec(condition, rows)
    return spec(isPoints(name) ? [rows, ...shape] : timeShape(rows, shape))
  }
  return Object.fromEntries(inputs.map(name => [name, specOf(name)]))
}

/** What the samples of a term are told; nothing where they are told nothing. */
function conditionIn(inputs: TermInputs<Tensor>): Condition<Tensor> | undefined {
  const names = [...conditionKinds, ...toldOfGuidance]
  const found = names.flatMap(name => (inputs[name] ? [[name, inputs[name]]] : []))
  return found.length > 0 ? Object.fromEntries(found) : undefined
}

/** Stands in for what a run does not have until a formula asks for it. */
function missing(objective: string, what: string): FlowMap {
  const refuse = (): never => {
    throw new ConfigError(`${what === 'flow map' ? 'teacher' : what}: ${objective} needs a ${what}`)
  }
  return { velocity: refuse, jump: refuse }
}

type DrawOf = (student: FlowMap) => Draw

function pathThrough(config: Config, space: Space, { x0, eps, xs, xt, s, t, z }: TermInputs<Tensor>): Path {
  if (xs && xt) return trajectoryPath(s!, xs, t!, xt)
  if (!x0) return noisePath(eps!)
  const added = z && bridgeNoise(config.sourceNoise, z)
  const path = space.path(interpolants[config.interpolant], x0, eps!, added)
  const { network, times, interpolant } = config
  const isClipped =
    ['denoised', 'point'].includes(network.parameterization) &&
    interpolant === 'linear' &&
    !keepsMinimum(times.law)
  return isClipped ? clippedPath(path, times.minimum) : path
}

function drawMaker(config: Config, inputs: TermInputs<Tensor>, guides: Guides): DrawOf {
  const { space = flat } = guides
  const path = pathThrough(config, space, inputs)
  const { s, t, m, noise, r, noise2, r2, u, logWeight } = inputs
  const { objective } = config
  const condition = conditionIn(inputs)
  const told = <M extends object>(map: Told<M> | undefined): M | undefined => map && tell(map, condition)
  const teacher = told(guides.teacher) ?? missing(objective, 'teacher')
  const pretrained = told(guides.pretrained) ?? missing(objective, 'flow map')
  const players = guides.players?.(condition) ?? {}
  const auxiliary = players.auxiliary ? flowMap(players.auxiliary) : missing(objective, 'auxiliary velocity')
  const guide = guidanceOf(config, inputs, condition, guides)
  const untold =
    condition && guides.told && guides.frozen && tell(guides.frozen, nullCondition(guides.told, condition))
  return map =>
    guide({
      path,
      s: s!,
      t: t ?? s!,
      m: m ?? s!,
      noise: noise!,
      r: r!,
      ...(noise2 && { noise2 }),
      ...(r2 && { r2 }),
      map,
      ...comparing(space, meanSquare(space)),
      teacher,
      pretrained,
      posterior: guides.posterior ?? ((x, s) => innerFlow(teacher, x, s, config.posterior.steps)),
      auxiliary,
      players,
      target: told(guides.target) ?? map,
      frozen: told(guides.frozen) ?? map,
      ...(untold && { untold }),
      ...(guides.toldPoints && { told: guides.toldPoints }),
      ...(guides.logSize && { logSize: guides.logSize }),
      ...(guides.energy && { energy: guides.energy }),
      ...(u && { u }),
      ...(logWeight && { logWeight }),
      ...(config.times.group > 1 && { group: config.times.group }),
      ...(inputs.class && { label: inputs.class }),
      ...(guides.compared && { features: guides.compared }),
      ...(guides.memories && { memories: guides.memories }),
    })
}

/** A request for the student's velocity on a term's own points and times. */
type Request = readonly [x: Tensor, s: Tensor, t: Tensor]

const equal = (a: Request, b: Request): boolean => a.every((tensor, i) => tensor === b[i])

/** The term's own request, if it makes one: found by tracing its loss once for nothing. */
function ownRequest(parts: readonly Part[], drawOf: DrawOf, map: FlowMap): Request | undefined {
  if (parts.length > 1 || parts[0].batchwise) return undefined
  const { path, s, t, space } = drawOf(map)
  const own: Request[] = [
    [path.at(s), s, s],
    [path.at(s), s, t],
  ]
  let found: Request | undefined
  const watched = fromVelocity((...request) => {
    if (own.some(candidate => equal(candidate, request))) found = request
    return map.velocity(...request)
  }, space)
  parts[0].loss(drawOf({ ...map, ...watched }))
  return found
}

/** What the samples of several terms are told, one term after another. */
function joinConditions(
  conditions: readonly (Condition<Tensor> | undefined)[],
): Condition<Tensor> | undefined {
  const found = conditions.flatMap(condition => condition ?? [])
  if (found.length === 0) return undefined
  const kinds = Object.keys(found[0]) as (keyof Condition<Tensor>)[]
  return Object.fromEntries(
    kinds.map(kind => [
      kind,
      concat(
        found.map(condition => condition[kind]!),
        0,
      ),
    ]),
  )
}

/**
 * The student for each term. Rows of the terms that ask for the student at their own points go through the network at once: one
 * large product is faster than two small ones.
 */
function shareStudent(
  student: Told<FlowMap>,
  terms: readonly Term[],
  parts: readonly (readonly Part[])[],
  draws: readonly DrawOf[],
  conditions: readonly (Condition<Tensor> | undefined)[],
  space?: Space,
): FlowMap[] {
  const alone = conditions.map(condition => tell(student, condition))
  if (terms.length < 2) return alone
  // A term from noise alone has no point of the path of its own.
  const hasPath = ({ inputs }: Term) => inputs.includes('x0') || inputs.includes('xs')
  const requests = parts.map((list, i) =>
    hasPath(terms[i]) ? ownRequest(list, draws[i], alone[i]) : undefined,
  )
  const shared = requests.flatMap((request, i) => (request ? [i] : []))
  if (shared.length < 2) return alone
  const joined = [0, 1, 2].map(k =>
    concat(
      shared.map(i => requests[i]![k]),
      0,
    ),
  )
  const map = tell(student, joinConditions(shared.map(i => conditions[i])))
  const velocity = map.velocity(joined[0], joined[1], joined[2])
  let end = 0
  return requests.map((own, i) => {
    if (!own) return alone[i]
    const start = end
    end += terms[i].rows
    const answer = velocity.slice(0, start, end)
    const answered = fromVelocity(
      (...request) => (equal(own, request) ? answer : alone[i].velocity(...request)),
      space,
    )
    return { ...alone[i], ...answered }
  })
}

/** The times that a part's loss is about: those of a jump, or one. */
const timesOf = ({ at }: Part, { t, anchor }: TermInputs<Tensor>): InputName[] => {
  if (at === 't') return [anchor ? 'anchor' : 't']
  return at === 's' || !t ? ['s'] : ['s', 't']
}

/** What is reported of a part beside its loss as it is trained. */
const residualOf = ({ loss, residual = loss }: Part): Loss => residual

/** A part's loss of each sample without robust losses and weights. */
export interface SampleResidual {
  readonly name: string
  readonly term: TermName
  /** `[rows]`. */
  readonly values: Tensor
  /** The term's inputs that are the times which the loss is about. */
  readonly times: readonly InputName[]
}

/** Evaluates every part of every term sample by sample, for one map. */
export function sampleResiduals(
  config: Config,
  terms: readonly Term[],
  inputs: readonly TermInputs<Tensor>[],
  student: Told<FlowMap>,
  guides: Guides,
  present: PresentValues,
): SampleResidual[] {
  return terms.flatMap((term, i) => {
    const map = tell(student, conditionIn(inputs[i]))
    const draw = drawMaker(config, inputs[i], guides)(map)
    return term.parts(present).map(part => ({
      name: part.name,
      term: term.name,
      values: residualOf(part)(ownTimes(part, draw, inputs[i].anchor)),
      times: timesOf(part, inputs[i]),
    }))
  })
}

/** Where a term moves the samples of one map, `[rows, ...D]`; nothing where none of its parts says so. */
export function sampleDrift(
  config: Config,
  term: Term,
  inputs: TermInputs<Tensor>,
  student: Told<FlowMap>,
  guides: Guides,
): Tensor | undefined {
  const drift = term.parts({}).find(part => part.drift)?.drift
  return drift?.of(drawMaker(config, inputs, guides)(tell(student, conditionIn(inputs))))
}

/** A part at its anchor's own times, where it has some. */
const ownTimes = ({ at }: Part, draw: Draw, anchor: Tensor | undefined): Draw =>
  at === 't' && anchor ? { ...draw, s: anchor, t: anchor } : draw

/** A part's mean over its samples: as trained, and as it is without robust losses and weights. */
export interface PartValue {
  readonly name: string
  readonly loss: Tensor
  readonly residual: Tensor
  /** Further numbers of the log by their names. */
  readonly measures?: Readonly<Record<string, Tensor>>
}

/** Evaluates a part with what belongs to its place in the training: weights, and an anchor's own times. */
function evaluatePart(
  config: Config,
  part: Part,
  draw: Draw,
  { anchor, scale }: TermInputs<Tensor>,
  weight: SampleWeight | undefined,
): PartValue {
  const { name, loss, plain, at } = part
  const own = ownTimes(part, draw, anchor)
  const residual = residualOf(part)(own).mean()
  const measures = Object.fromEntries(
    Object.entries(part.measures ?? {}).map(([name, measure]) => [name, measure(own).mean()]),
  )
  if (plain) return { name, loss: part.residual ? loss(own).mean() : residual, residual, measures }
  const losses = loss({ ...own, ...comparing(own.space, errorOf(config, own.space)) })
  const samples =
    config.guidance.divide && scale ? losses.div(scale.square().reshape([scale.shape[0]])) : losses
  const [s, t] = at ? [own[at], own[at]] : [own.s, own.t]
  return { name, loss: (weight?.(samples, s, t) ?? samples).mean(), residual, measures }
}

/**
 * Evaluates every term for a student.
 *
 * @returns the weighted sum, and the value of every part; last, where there is one, that of the perceptual loss; and what the
 *   run remembers after the step
 */
export function evaluateTerms(
  config: Config,
  terms: readonly Term[],
  inputs: readonly TermInputs<Tensor>[],
  student: Told<FlowMap>,
  guides: Guides,
  present: PresentValues,
): { total: Tensor; values: PartValue[]; remembered: Tensor[] } {
  const parts = terms.map(term => term.parts(present))
  const draws = inputs.map(input => drawMaker(config, input, guides))
  const students = shareStudent(student, terms, parts, draws, inputs.map(conditionIn), guides.space)
  const values = parts.map((list, i) =>
    list.map(part => {
      const draw = draws[i](students[i])
      return evaluatePart(config, part, draw, inputs[i], guides.weight)
    }),
  )
  const own = terms.findIndex(({ name }) => name === 'consistency')
  const memories = own < 0 ? [] : memoriesOf(config)
  const remembered = memories.map(({ update }) => update(draws[own](students[own])))
  const perceived = perceptualOf(
    config,
    terms.map(({ rows }, i) => ({ draw: draws[i](students[i]), rows })),
    guides.features,
  )
  const weighted = values.flatMap((list, i) =>
    list.map(({ loss }, j) => {
      const { weight } = parts[i][j]
      return (weight === undefined ? loss : loss.mul(weight)).mul(terms[i].weight)
    }),
  )
  const total = weighted.reduce((a, b) => a.add(b))
  if (!perceived) return { total, values: values.flat(), remembered }
  const { added, loss, residual } = perceived
  return {
    total: total.add(added),
    values: [...values.flat(), { name: PERCEPTUAL, loss, residual }],
    remembered,
  }
}
