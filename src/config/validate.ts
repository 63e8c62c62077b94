import { baseDeviation, interpolants, kindOf } from '../model/index.ts'
import { type Objective, objectives, type Traits, traitsOf } from '../objective/index.ts'
import { adapterChecks } from './adapter.ts'
import { addedChecks } from './added-checks.ts'
import { aloneChecks } from './alone.ts'
import { batchwiseChecks, batchwiseRemarks } from './batchwise-checks.ts'
import type { Check } from './check.ts'
import { apartChecks, isSolved } from './coupling.ts'
import { base } from './defaults.ts'
import { isGuidedByTeacher } from './guidance.ts'
import { guidanceChecks, guidanceRemarks } from './guidance-checks.ts'
import { levelChecks } from './level-checks.ts'
import { perceptualChecks, perceptualRemarks } from './perceptual-checks.ts'
import { playersIn, playersWithTurns } from './round.ts'
import type { Config } from './schema.ts'
import { sourceChecks } from './source-checks.ts'
import { stateChecks } from './state-checks.ts'

/** A deviation of noise that a network does not see as it stands. */
const WIDE = 2

/** Samples of a batch that train the diagonal. A hair more, so that 0.29 of 100 is 29 although 100 * 0.29 is a hair less. */
export const diagonalRows = ({ batch, diagonal }: Config): number =>
  Math.floor(batch * diagonal.fraction + 1e-9)

/** Whether a row's teacher is nothing but what its coupling solves. */
export const solvesAlone = ({ coupling }: Objective): boolean => coupling !== undefined

/** Whether a diagonal term asks for a velocity. */
export const groundsInTeacher = (id: string | null | undefined): boolean =>
  objectives.get(id ?? '')?.needs.includes('teacher') ?? false

const hasAnchor = ({ parts }: Objective, { options }: Config): boolean =>
  parts?.(options as never).some(({ at }) => at === 't') ?? false

/** The choice of an option that would give an objective other traits, as `name: value`. */
function optionFor(
  objective: Objective,
  options: Config['options'],
  wanted: (traits: Traits) => boolean,
): string | undefined {
  const { shape } = objective.options as unknown as { shape: Record<string, { unwrap?(): unknown }> }
  for (const [name, field] of Object.entries(shape)) {
    const { options: choices = [] } = (field.unwrap?.() ?? {}) as { options?: readonly string[] }
    const found = choices.find(value => wanted(traitsOf(objective, { ...options, [name]: value })))
    if (found !== undefined) return `${name}: ${found}`
  }
  return undefined
}

/** Whether a formula of the run asks for a velocity beside the student's. */
export const asksTeacher = (
  { diagonal, options, guidance, matching }: Pick<Config, 'diagonal' | 'options' | 'guidance' | 'matching'>,
  objective: Objective,
): boolean =>
  (objective.needs.includes('teacher') && !solvesAlone(objective)) ||
  Boolean(objective.needsTeacher?.(options)) ||
  Boolean(matching) ||
  (diagonal.fraction > 0 && groundsInTeacher(diagonal.objective)) ||
  isGuidedByTeacher(guidance.rule)

/** Whether a run learns from a teacher of its own. */
const usesTeacher = (config: Config, objective: Objective): boolean =>
  objective.needs.includes('flow-map-teacher') ||
  asksTeacher(config, objective) ||
  (isSolved(config.coupling) && config.coupling.teacher === null)

const teachers: readonly Check[] = [
  (config, objective) =>
    objective.needs.includes('flow-map-teacher') &&
    config.teacher === null &&
    `teacher: ${objective.id} needs a trained flow map; train one, e.g. with "oxbow train --objective psd --out runs/map", and pass --teacher runs/map`,
  (config, objective) =>
    usesTeacher(config, objective) &&
    config.teacher === null &&
    `teacher: ${objective.id}${isSolved(config.coupling) && !objective.needs.includes('teacher') ? ` with coupling.kind ${config.coupling.kind}` : ''} needs a teacher; train one with "oxbow train --objective flow-matching --out runs/teacher" ` +
      'and pass --teacher runs/teacher, or pass --teacher exact where the data is a Gaussian mixture; or let this run train its own first: --teacher train',
  (config, objective) => {
    if (usesTeacher(config, objective) || config.teacher === null) return false
    if (config.coupling.teacher !== null) {
      return `teacher: ${objective.id} only uses coupling.teacher here; remove one of the two`
    }
    const users = [...objectives.values()]
      .filter(({ needs }) => needs.includes('teacher'))
      .map(({ id }) => id)
    return `teacher: ${objective.id} does not use a teacher; objectives that do: ${users.join(', ')}`
  },
  ({ teacher, teacherTraining }) =>
    teacher !== 'train' &&
    Object.keys(teacherTraining).length > 0 &&
    'teacherTraining: this run does not train a teacher; set teacher: train, or remove teacherTraining',
  ({ teacher, initFrom }) =>
    initFrom === 'teacher' &&
    teacher !== 'train' &&
    'initFrom: "teacher" is the teacher that this run trains first; set teacher: train, or name a run',
  ({ coupling }) =>
    coupling.teacher !== null &&
    !isSolved(coupling) &&
    `coupling.teacher: is not used with coupling.kind ${coupling.kind}; set coupling.kind reflow, samples or trajectory`,
]

const batches: readonly Check[] = [
  ({ diagonal: { objective } }, { id, parts, diagonal }) =>
    !parts &&
    objective !== null &&
    objective !== diagonal &&
    `diagonal.objective: ${id} is the diagonal term ${diagonal} itself, found ${objective}; choose with --objective`,
  ({ diagonal: { objective } }, { id }) =>
    objective !== null &&
    objective !== id &&
    objectives.get(objective)?.players !== undefined &&
    `diagonal.objective: ${objective} alternates with another network, which ${id} does not have; use flow-matching`,
  ({ diagonal: { fraction, objective } }, { id, diagonal }) =>
    fraction === 0 &&
    diagonal === null &&
    objective !== null &&
    `diagonal.fraction: with 0, the diagonal term ${objective} of ${id} is never trained; use a value above 0, or diagonal.objective null`,
  ({ diagonal: { fraction, weight, objective }, initFrom, coupling }, row) =>
    row.diagonal !== null &&
    row.parts !== null &&
    (fraction === 0 || weight === 0 || objective === null) &&
    initFrom === null &&
    !isSolved(coupling) &&
    row.setting === 'self-distillation' &&
    `diagonal: without its diagonal term, ${row.id} only copies itself and never sees the data; use a fraction and a weight above 0, or start from a trained run with --init-from`,
  ({ consistency, diagonal }, { id, parts }) =>
    (parts ? consistency.weight === 0 && diagonal.fraction * diagonal.weight === 0 : diagonal.weight === 0) &&
    `${parts ? 'consistency' : 'diagonal'}.weight: with 0, ${id} has nothing to train; use a value above 0`,
  ({ diagonal: { fraction, objective } }) =>
    fraction > 0 &&
    objective === null &&
    `diagonal.fraction: ${fraction} of the batch has no diagonal term; set diagonal.objective`,
  ({ diagonal: { fraction } }, { id, parts }) =>
    !parts &&
    fraction < 1 &&
    `diagonal.fraction: ${id} consists only of a diagonal term and needs 1, found ${fraction}`,
  ({ diagonal: { fraction } }, { id, parts }) =>
    parts !== null &&
    fraction === 1 &&
    `diagonal.fraction: with 1, no samples are left for ${id}; use a value below 1, or --objective flow-matching`,
  (config, { parts, diagonal }) =>
    parts !== null &&
    diagonal !== null &&
    config.diagonal.fraction > 0 &&
    diagonalRows(config) === 0 &&
    `batch: ${config.batch} is too small for a diagonal fraction of ${config.diagonal.fraction}`,
  ({ diagonal }, { id, jumps }) =>
    jumps === 'from-noise' &&
    diagonal.fraction > 0 &&
    `diagonal.fraction: ${id} trains without data, and a diagonal term needs points of the path; use 0`,
]

const times: readonly Check[] = [
  ({ times: { equal } }, { id, parts }) =>
    parts !== null &&
    equal === 1 &&
    `times.equal: with 1, every pair has t = s, so ${id} learns no jumps; use a value below 1`,
  ({ times: { between } }, { id }, traits) =>
    traits.between === true &&
    between[0] === between[1] &&
    (between[0] === 0 || between[0] === 1) &&
    `times.between: m = ${between[0] === 0 ? 't' : 's'} makes ${id} trivial; use a range strictly inside, e.g. [0.2, 0.8]`,
  ({ times: { equal }, options }, objective, { dividesByGap }) => {
    if (equal === 0 || !dividesByGap) return false
    const other = optionFor(objective, options, traits => !traits.dividesByGap)
    return `times.equal: ${objective.id} in velocity space divides by t - s and cannot take equal times; use 0${other ? `, or ${other}` : ''}`
  },
  ({ times: { equal, gap } }, { id, jumps }) =>
    (jumps === 'to-data' || jumps === 'from-noise') &&
    (equal > 0 || gap !== 1) &&
    `times.${equal > 0 ? 'equal' : 'gap'}: ${id} ${jumps === 'to-data' ? 'only jumps to t = 0' : 'only jumps from s = 1'}, so its gaps are fixed; use ${equal > 0 ? 0 : 1}`,
  ({ times: { full } }, { id, parts, jumps }) =>
    full > 0 &&
    (parts === null || jumps === 'to-data' || jumps === 'from-noise') &&
    `times.full: ${id} ${parts === null ? 'trains no jumps' : 'only draws one of its two times'}; use 0`,
  ({ times: { full }, objective }, { parts }) =>
    parts !== null &&
    full === 1 &&
    `times.full: with 1, ${objective} only learns the jump from noise to data; use a value below 1`,
  ({ times: { law, levels } }) =>
    !['dyadic', 'grid', 'ratio-step'].includes(law) &&
    levels !== 7 &&
    `times.levels: only the laws dyadic, grid and ratio-step have levels, found ${law}`,
  ({ times: { law, argmaxShare } }) =>
    law !== 'argmax' &&
    argmaxShare !== base.times.argmaxShare &&
    `times.argmaxShare: only the law argmax uses it, found ${law}`,
  ({ times: { law, gapMean } }) =>
    !law.startsWith('gap-') &&
    gapMean !== base.times.gapMean &&
    `times.gapMean: only the laws gap-first and gap-uniform draw a gap, found ${law}`,
  ({ times: { law, means } }) =>
    law !== 'sorted-pair' &&
    means.join() !== base.times.means.join() &&
    `times.means: only the law sorted-pair has two means, found ${law}`,
  (config, objective) =>
    config.anchor.law !== null &&
    !hasAnchor(objective, config) &&
    `anchor.law: ${objective.id} has no anchor with its own time; only tvm has`,
  ({ anchor: { law, mean, deviation } }) =>
    law === null &&
    (mean !== null || deviation !== null) &&
    `anchor.${mean !== null ? 'mean' : 'deviation'}: is not used without a law; set anchor.law, e.g. logit-normal`,
]

/** The key of a loss that is changed, if any is. */
const changedLoss = ({ loss: { kind, adaptive, minSnr, gapWeight } }: Config): string | undefined =>
  Object.entries({ kind: kind !== 'mse', adaptive, minSnr, gapWeight }).find(([, value]) => value)?.[0]

const weights: readonly Check[] = [
  (config, { id, parts, parameterization }) => {
    const key = changedLoss(config)
    // A diagonal term of logits is no residual either.
    const stands =
      parts?.(config.options as never).every(({ plain }) => plain) ?? parameterization === 'simplex'
    return (
      stands === true &&
      key !== undefined &&
      `loss.${key}: ${id} already has a robust loss with its own weight; remove this key`
    )
  },
  ({ loss: { minSnr }, options }, objective, { compares }) => {
    if (minSnr === null || compares !== 'jump') return false
    const other = optionFor(objective, options, traits => traits.compares === 'velocity')
    return `loss.minSnr: weights errors of a velocity, but ${objective.id} compares jumps${other ? ' here' : ''}; use null${other ? `, or ${other}` : ''}`
  },
  ({ loss: { minSnr } }, { id, jumps }) =>
    minSnr !== null &&
    jumps === 'from-noise' &&
    `loss.minSnr: ${id} trains at s = 1, where the signal-to-noise ratio, and so the weight, is 0; use null`,
  ({ loss: { minSnr, learned } }) =>
    minSnr !== null &&
    learned &&
    'loss.learned: a learned weight would cancel loss.minSnr; use one of the two',
  ({ loss: { adaptive, learned } }) =>
    adaptive !== null &&
    adaptive.p >= 1 &&
    learned &&
    'loss.learned: with loss.adaptive of p = 1 every loss is already near 1; use one of the two',
  ({ loss: { gapWeight } }, { id, parts }) =>
    gapWeight !== null && !parts && `loss.gapWeight: ${id} trains no gaps; use null`,
  ({ loss: { gapWeight } }, { id, jumps }) =>
    gapWeight !== null &&
    jumps === 'both-ways' &&
    `loss.gapWeight: is made for jumps towards the data, and ${id} jumps both ways; use times.gap`,
  ({ loss: { adaptive, kind } }, { id }, { conditionalMean }) =>
    conditionalMean === true &&
    (adaptive !== null || kind !== 'mse') &&
    `loss: ${id} is right in the conditional mean only, which a robust or adaptive loss moves; use mse`,
  ({ loss: { adaptive, kind }, options }, { id }) =>
    options.tangentNormalization === true &&
    (adaptive !== null || kind !== 'mse') &&
    `loss: ${id} with tangentNormalization has a residual of fixed size already; use mse, or tangentNormalization: false`,
]

const couplings: readonly Check[] = [
  ({ coupling: { kind }, options }, { id }) =>
    Number(options.regression) > 0 &&
    kind !== 'reflow' &&
    `options.regression: ${id} compares its samples with those to which the teacher takes the same noise; use coupling.kind reflow, found ${kind}`,
  ({ coupling: { kind } }, { id, coupling }) =>
    coupling !== undefined &&
    kind !== coupling &&
    `coupling.kind: ${id} learns from ${coupling === 'trajectory' ? 'trajectories' : `the coupling ${coupling}`}; use ${coupling}, found ${kind}`,
  ({ coupling: { kind } }, { id, coupling }) =>
    kind === 'trajectory' &&
    coupling !== kind &&
    `coupling.kind: points of a trajectory are not points of the path that ${id} needs; use reflow, or --objective cmt`,
  ({ coupling, options }, { id, jumps, needs }) =>
    coupling.kind !== 'independent' &&
    jumps === 'from-noise' &&
    !(Number(options.regression) > 0 && coupling.kind === 'reflow') &&
    `coupling.kind: ${id} ${needs.includes('data') ? 'does not pair noise with data' : 'never sees data'}, so a coupling has no effect; use independent`,
  ({ coupling, diagonal: { objective, fraction, options } }) =>
    objective !== null &&
    fraction > 0 &&
    coupling.kind === 'reflow' &&
    traitsOf(objectives.get(objective)!, options).freshNoise === true &&
    `coupling.kind: ${objective} needs a fresh noise for each sample; use samples or independent`,
]

const conditions: readonly Check[] = [
  ({ condition: { kind }, network }) =>
    kind !== 'none' &&
    !kindOf(network).conditions?.includes(kind) &&
    // A backbone is told noisy points, whatever its layers are.
    !(kind === 'state' && Number(network.backbone) > 0) &&
    `condition.kind: a network of kind ${network.kind} does not support the condition ${kind}; use none`,
  ({ condition: { kind, drop } }, { id }, { untold }) =>
    untold === true &&
    (kind === 'none' || drop === 0) &&
    `options.fake: without a fake score ${id} compares what the model says with and without a condition; use --condition class --condition.drop 0.1, or options.fake true`,
]

const players: readonly Check[] = [
  ({ optimizer: { accumulate } }, { id, turns }) =>
    accumulate > 1 &&
    turns !== undefined &&
    `optimizer.accumulate: the networks of ${id} train in turns, each on what the one before has learned, so an update has one batch; use 1, found ${accumulate}`,
  (config, objective) => {
    const known = ['map', ...playersIn(config).map(({ name }) => name)]
    const wrong = Object.keys(config.players).find(name => !known.includes(name))
    return (
      wrong !== undefined &&
      `players.${wrong}: ${objective.id} has no such player; it has ${known.join(', ')}`
    )
  },
  (config, objective) => {
    const startable = playersIn(config).flatMap(({ name, keys }) => (keys ? [name] : []))
    const wrong = Object.entries(config.players).find(
      ([name, { start = 'random' }]) => start !== 'random' && !startable.includes(name),
    )
    if (!wrong) return false
    const use = wrong[0] === 'map' ? 'use initFrom' : 'use random'
    return `players.${wrong[0]}.start: ${wrong[0]} of ${objective.id} cannot start from another run; ${use}`
  },
  (config, objective) => {
    const alone = playersWithTurns(config)
    const wrong = Object.entries(config.players).find(
      ([name, { times }]) => times !== undefined && !alone.includes(name),
    )
    return (
      wrong !== undefined &&
      `players.${wrong[0]}.times: ${wrong[0]} is not trained in alternation in ${objective.id}, so it has no times`
    )
  },
]

/** Objectives that train a divergence head. */
const withHeads = (): string[] => [...objectives.values()].flatMap(({ id, head }) => (head ? [id] : []))

/** Objectives that train a policy. */
const policies = (): string =>
  [...objectives.values()]
    .flatMap(({ id, parameterization }) => (parameterization === 'policy' ? [id] : []))
    .join(', ')

/** Parameterizations whose network sees the point and its times as they are, as a divergence head must. */
const PLAIN = ['average-velocity', 'denoised']

/** Features of a time that change faster than this make its derivative the largest part of a loss. */
const FASTEST_TIME = 30

const network: readonly Check[] = [
  ({ network }) => kindOf(network).problem?.(network) ?? false,
  ({ network }, { id, head = false }) => {
    const { divergenceHead = 0 } = network
    if (head === (divergenceHead !== 0)) return false
    return head
      ? `network.divergenceHead: ${id} trains a divergence head; use auto or a scale above 0, found 0`
      : `network.divergenceHead: ${id} does not train one; use 0, or one of ${withHeads().join(', ')}; found ${divergenceHead}`
  },
  ({ network: { parameterization } }, { head }) =>
    head === true &&
    !PLAIN.includes(parameterization) &&
    `network.parameterization: ${parameterization} shows the network other points and times, which a divergence head does not know; use ${PLAIN.join(' or ')}`,
  ({ diagonal: { objective } }, { id, head }) =>
    objective !== null &&
    head !== true &&
    objectives.get(objective)?.head === true &&
    `diagonal.objective: ${objective} trains a divergence head, and ${id} does not; use one of ${withHeads().join(', ')}`,
  ({ adapter, initFrom }, { id, head }) =>
    head === true &&
    adapter !== null &&
    `adapter: ${id} trains a divergence head in full, which an adapter of ${initFrom} is not; use null`,
  ({ network }, { id }, { differentiatesTime }) => {
    const scale = kindOf(network).timeScale?.(network) ?? 1
    return (
      differentiatesTime === true &&
      scale > FASTEST_TIME &&
      `network.timeScale: ${id} differentiates the network by its times, and these derivatives grow with the scale, so that training diverges; use at most ${FASTEST_TIME} (1 in every published recipe of its kind), or an objective without them such as psd; found ${scale}`
    )
  },
  ({ network: { parameterization, components, substeps, conditioning } }, { id, parameterization: own }) => {
    if (parameterization === 'policy') {
      if (own !== 'policy') {
        return `network.parameterization: a policy gives every velocity of a jump at once, which ${policies()} trains and ${id} does not; use average-velocity`
      }
      return (
        conditioning !== 's' &&
        `network.conditioning: a policy only sees the time at which a jump starts; use "s", found "${conditioning}"`
      )
    }
    if (own === 'policy') {
      return `network.parameterization: ${id} trains a policy; use policy, found ${parameterization}`
    }
    const key = components !== undefined ? 'components' : substeps !== undefined ? 'substeps' : undefined
    return (
      key !== undefined &&
      `network.${key}: only a policy has ${key}; use the objective ${policies()}, or remove this key`
    )
  },
  ({ network }, { id, parts, jumps }) =>
    parts !== null &&
    network.conditioning === 's' &&
    network.parameterization !== 'policy' &&
    // A map that ends at data alone needs no target time, and these are published without one.
    !(jumps === 'to-data' && ['edm', 'consistency', 'trigflow'].includes(network.parameterization)) &&
    `network.conditioning: "s" gives a velocity network, and ${id} trains a two-time map; use "s,t"`,
  ({ network }, { id }, { absoluteTimes }) =>
    network.conditioning === 's-t' &&
    absoluteTimes === true &&
    `network.conditioning: ${id} tells its two modes apart by the times themselves, which "s-t" hides; use "s,t"`,
  ({ network: { parameterization }, objective, diagonal }) => {
    const ofLogits = [objective, diagonal.objective].find(
      id => id !== null && objectives.get(id)!.parameterization === 'simplex',
    )
    return (
      ofLogits !== undefined &&
      parameterization !== 'simplex' &&
      `network.parameterization: ${ofLogits} reads logits; use simplex, found ${parameterization}`
    )
  },
  ({ network }, { id, parameterization: own }, { startsAtTarget }) =>
    (['denoised', 'point', 'consistency'].includes(network.parameterization) ||
      (network.parameterization === 'simplex' && own !== 'simplex')) &&
    startsAtTarget === true &&
    `network.parameterization: ${network.parameterization} divides by the time that the network starts from, and ${id} also starts from its target time, which reaches 0; use average-velocity`,
  ({ network: { parameterization }, times }) =>
    ['denoised', 'point', 'consistency', 'simplex'].includes(parameterization) &&
    times.minimum === 0 &&
    `times.minimum: the ${parameterization} parameterization divides by s and needs a minimum above 0, e.g. 0.05`,
  ({ network: { predicts = 'velocity', parameterization } }, { id, parts }) =>
    predicts !== 'velocity' &&
    (parameterization !== 'average-velocity'
      ? `network.predicts: the ${parameterization} parameterization says itself what its network predicts; use predicts velocity, found ${predicts}`
      : parts !== null &&
        `network.predicts: ${predicts} is predicted of one time, and ${id} trains a two-time map; use velocity`),
  ({ diagonal }, { id, parts }) =>
    parts !== null &&
    diagonal.objective !== null &&
    traitsOf(objectives.get(diagonal.objective)!, diagonal.options).predicts === true &&
    `diagonal.objective: ${diagonal.objective} trains a prediction of one time, and ${id} a two-time map; use flow-matching`,
  ({ interpolant, network: { parameterization } }) =>
    baseDeviation(interpolants[interpolant]) > WIDE &&
    parameterization !== 'edm' &&
    `interpolant: the noise of the ${interpolant} path has standard deviation ${Math.round(baseDeviation(interpolants[interpolant]))}, and only the edm parameterization rescales it for the network; use network.parameterization edm, found ${parameterization}`,
  ({ interpolant, coupling: { kind } }, { id, jumps, parts }) =>
    baseDeviation(interpolants[interpolant]) > WIDE &&
    (jumps === 'from-noise' || kind !== 'independent' || (parts !== null && jumps === 'both-ways')) &&
    `interpolant: ${id} starts from standard normal noise, but the noise of the ${interpolant} path has a different standard deviation; use linear, trig or vp`,
  ({ network: { parameterization }, interpolant }) => {
    const path = { consistency: 'linear', trigflow: 'trig', policy: 'linear', simplex: 'linear' }[
      parameterization as string
    ]
    return (
      path !== undefined &&
      path !== interpolant &&
      `interpolant: the ${parameterization} parameterization belongs to the ${path} path, found ${interpolant}`
    )
  },
]

const training: readonly Check[] = [
  ({ interpolant }, { id, needs }, { interpolant: own = interpolant }) =>
    interpolant !== own &&
    `interpolant: ${id} adds noise to its samples along the ${own} path${needs.includes('teacher') ? ', and its teacher must be trained on that path' : ''}; use ${own}, found ${interpolant}`,
  ({ target, averages }) => {
    const known = ['ema', 'student', ...Object.keys(averages)]
    return !known.includes(target) && `target: expected ${known.join(' or ')}, found ${target}`
  },
  (config, { parts }) =>
    config.target === 'ema' &&
    config.ema === 0 &&
    parts !== null &&
    'target: "ema" needs ema above 0; use target: student',
  ({ steps, initFrom }) =>
    steps === 0 &&
    (initFrom === null || initFrom === 'teacher') &&
    'steps: 0 is only useful with --init-from RUN, whose parameters are then converted; expected at least 1, or --init-from RUN',
  ({ schedule, steps }) =>
    steps > 0 &&
    schedule.warmup > steps &&
    `schedule.warmup: ${schedule.warmup} is more than the ${steps} steps of the run`,
]

/** Why a combination that parses cannot work, or would silently do something else: the key and the reason. */
export function validate(config: Config, objective: Objective): string | undefined {
  const traits = traitsOf(objective, config.options)
  for (const check of [
    teachers,
    batches,
    times,
    weights,
    perceptualChecks,
    couplings,
    sourceChecks,
    apartChecks,
    conditions,
    adapterChecks,
    guidanceChecks,
    stateChecks,
    levelChecks,
    addedChecks,
    aloneChecks,
    players,
    batchwiseChecks(diagonalRows),
    network,
    training,
  ].flat()) {
    const message = check(config, objective, traits)
    if (message) return message
  }
  return undefined
}

/** What a user should know about a choice that is allowed. */
export function remarksOn(config: Config, objective: Objective): string[] {
  return [
    ...lossRemarks(config, objective),
    ...perceptualRemarks(config),
    ...guidanceRemarks(config),
    ...batchwiseRemarks(config, objective),
  ]
}

function lossRemarks({ loss, diagonal }: Config, { id, setting, defaults }: Objective): string[] {
  const grounded =
    diagonal.objective !== null && !groundsInTeacher(diagonal.objective) && diagonal.fraction > 0
  const inTheMean = setting !== 'distillation' || grounded
  const picked =
    (loss.kind !== 'mse' && loss.kind !== defaults.loss?.kind && `loss.kind ${loss.kind}`) ||
    (loss.adaptive !== null && loss.adaptive.p > 0 && !defaults.loss?.adaptive && 'loss.adaptive')
  if (!inTheMean || !picked) return []
  return [
    `${picked} moves the optimum away from the conditional mean, where ${id} is correct; only the mean square has its minimum there`,
  ]
}
