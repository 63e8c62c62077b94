import { kindOf } from '../model/index.ts'
import { guidanceRules } from '../objective/index.ts'
import type { Check } from './check.ts'
import { base } from './defaults.ts'
import { isGuidedByTeacher } from './guidance.ts'
import type { Config } from './schema.ts'

const TRAIN_TOLD = 'train with --condition class'

/** Keys of the block that some rules do not use, and which do. */
const USED: Readonly<Record<string, (guidance: Config['guidance']) => boolean>> = {
  scale: ({ rule, law }) => law === 'fixed' && !['mix', 'model'].includes(rule),
  range: ({ law }) => law !== 'fixed',
  omega: ({ rule }) => ['mix', 'model'].includes(rule),
  kappa: ({ rule }) => rule === 'mix',
  form: () => true,
  interval: () => true,
  divide: () => true,
}

/** Why a key that the user has set would say nothing. */
function unused(guidance: Config['guidance']): string | undefined {
  const { rule, law } = guidance
  const isSet = (key: string): boolean =>
    JSON.stringify(guidance[key as keyof typeof guidance]) !==
    JSON.stringify(base.guidance[key as keyof typeof guidance])
  const key = Object.keys(USED).find(key => isSet(key) && (rule === 'none' || !USED[key](guidance)))
  if (!key) return undefined
  if (rule === 'none') return `guidance.${key}: is not used without a rule; set guidance.rule, e.g. mix`
  if (key === 'scale' && law === 'fixed') {
    return `guidance.scale: ${rule} comes to ${rule === 'mix' ? 'omega/(1 - kappa)' : '1/(1 - omega)'}; set ${rule === 'mix' ? 'these' : 'guidance.omega'} instead`
  }
  if (key === 'scale')
    return `guidance.scale: scales are drawn by the law ${law}, from guidance.range; set that`
  if (key === 'range') return 'guidance.range: no scales are drawn; set guidance.law, e.g. log-uniform'
  return `guidance.${key}: ${rule} has no ${key}; those that have: ${key === 'omega' ? 'mix and model' : 'mix'}`
}

/** Combinations of guidance that make no sense. */
export const guidanceChecks: readonly Check[] = [
  ({ guidance: { interval, law }, network }) =>
    interval === 'drawn' &&
    (law === 'fixed' || !kindOf(network).seesInterval?.(network)) &&
    `guidance.interval: with drawn intervals, the network must take the interval and the scale as inputs; use ${law === 'fixed' ? 'guidance.law log-uniform' : 'interval' in network ? 'network.interval true' : 'a network of kind dit'}, or an interval such as [0.2,0.8]`,
  ({ guidance: { interval }, network }) =>
    interval !== 'drawn' &&
    kindOf(network).seesInterval?.(network) === true &&
    'network.interval: the network takes guidance intervals as an input, but none are drawn; set guidance.interval drawn, or remove this key',
  ({ guidance: { rule }, condition }) =>
    rule !== 'none' &&
    condition.kind === 'none' &&
    `guidance.rule: ${rule} guides towards a condition, but this run has none; ${TRAIN_TOLD}, or use none`,
  ({ guidance: { rule }, condition: { kind, drop } }) =>
    rule !== 'none' &&
    !isGuidedByTeacher(rule) &&
    drop === 0 &&
    `guidance.rule: ${rule} takes the map's own velocity without its ${kind}, which condition.drop 0 never trains; use a drop such as 0.1`,
  ({ guidance: { rule }, condition: { kind, drop }, teacher }) =>
    rule === 'teacher' &&
    teacher === 'train' &&
    drop === 0 &&
    `guidance.rule: teacher leads away from the teacher's velocity without its ${kind}, which condition.drop 0 never trains; use a drop such as 0.1`,
  ({ guidance: { rule, kappa } }) =>
    rule === 'mix' &&
    kappa >= 1 &&
    `guidance.kappa: the scale of mix is omega/(1 - kappa), so kappa must be below 1, found ${kappa}`,
  ({ guidance: { rule, omega } }) =>
    rule === 'model' &&
    omega >= 1 &&
    `guidance.omega: the scale of model is 1/(1 - omega), so omega must be below 1, found ${omega}`,
  ({ guidance: { rule, law } }) =>
    law !== 'fixed' &&
    ['none', 'mix', 'model'].includes(rule) &&
    `guidance.law: ${rule === 'none' ? 'scales are drawn for a rule of guidance, and there is none' : `the scale of ${rule} is that of omega and kappa, and none is drawn`}; use fixed, found ${law}`,
  ({ guidance: { law }, network }) =>
    law !== 'fixed' &&
    !kindOf(network).seesScale?.(network) &&
    `guidance.law: with ${law} scales, the network must take the scale as an input; use ${'scale' in network ? 'network.scale inverse' : 'a network of kind dit'}, or the law fixed`,
  ({ guidance: { rule } }, { id, setting, needs }) =>
    rule !== 'none' &&
    setting === 'distillation' &&
    !needs.includes('flow-map-teacher') &&
    guidanceRules[rule].of === 'map' &&
    `guidance.rule: ${id} learns from a teacher's velocity, which ${rule} does not guide; use teacher or auto`,
  ({ guidance: { rule } }, { id, needs }) =>
    rule !== 'none' &&
    needs.includes('flow-map-teacher') &&
    `guidance.rule: ${id} learns from the jumps of a trained map, and guided jumps are not the jumps of a guided flow; guide the training of that map, and use none here`,
  ({ guidance: { rule, form }, network: { parameterization } }) =>
    rule !== 'none' &&
    (form === 'logit') !== (parameterization === 'simplex') &&
    (form === 'logit'
      ? `guidance.form: logit guides the logits of text, with network.parameterization simplex; found ${parameterization}`
      : 'guidance.form: for text, a guided velocity does not give probabilities; use logit'),
  ({ guidance: { rule, form } }) =>
    form === 'logit' &&
    rule === 'gft' &&
    'guidance.rule: gft is a loss of velocities; logits are guided in cross-entropy: use linear, which comes to the same scale',
  ({ guidance: { rule, form }, diagonal }, { id }) =>
    rule !== 'none' &&
    form === 'logit' &&
    !isGuidedByTeacher(rule) &&
    !(diagonal.objective === 'cross-entropy' && diagonal.fraction > 0) &&
    `guidance.rule: with the form logit ${rule} acts in cross-entropy, and ${id} does not train it; set diagonal.objective cross-entropy with a diagonal.fraction above 0`,
  ({ guidance }) => unused(guidance) ?? false,
  ({ guidance: { rule, weak } }) =>
    rule === 'auto' &&
    weak === null &&
    'guidance.weak: auto leads away from a weaker model; name a run, such as an early checkpoint or a smaller network',
  ({ guidance: { rule, weak } }) =>
    rule !== 'auto' && weak !== null && `guidance.weak: only auto takes a weaker model, found ${rule}`,
  ({ guidance: { rule } }, { id, defaults }) =>
    (rule === 'gft') !== (defaults.guidance === 'gft') &&
    (rule === 'gft'
      ? `guidance.rule: gft is the loss of --objective gft, found ${id}`
      : `guidance.rule: ${id} is made with gft, found ${rule}`),
  ({ guidance: { rule }, coupling: { kind } }) =>
    rule !== 'none' &&
    kind !== 'independent' &&
    !isGuidedByTeacher(rule) &&
    `guidance.rule: with coupling.kind ${kind} trajectories of a teacher are solved before the training, which ${rule} does not guide; use teacher or auto`,
  ({ guidance: { law }, coupling: { kind } }) =>
    law !== 'fixed' &&
    kind !== 'independent' &&
    `guidance.law: with coupling.kind ${kind} trajectories are solved before the training, at one scale; use fixed`,
  ({ guidance: { rule, baked } }) =>
    rule !== 'none' &&
    baked !== null &&
    `guidance.baked: what this run learns from has the scale ${baked} already, and ${rule} would multiply it; use none`,
]

/** What a user should know of guidance that is allowed: an output `w N` and a loss over `w^2` are a regression of `N` together. */
export function guidanceRemarks({ guidance: { rule, divide }, network }: Config): string[] {
  const isScaled = 'outputScale' in network && network.outputScale === true
  if (rule === 'none' || isScaled === divide) return []
  return [
    divide
      ? 'guidance.divide: divides losses by w^2, which is meant for an output multiplied by w; set network.outputScale true, or remove this key'
      : 'network.outputScale: multiplies the output by w, so large scales dominate the loss; set guidance.divide true, or remove this key',
  ]
}
