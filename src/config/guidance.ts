import { kindOf, networks } from '../model/index.ts'
import {
  type GuidanceRule,
  type GuidanceRuleName,
  guidanceRules,
  type Objective,
} from '../objective/index.ts'
import { isPlain, type Plain } from './plain.ts'
import type { Config } from './schema.ts'

/** What a rule takes where the user says nothing. */
const OWN: Readonly<Partial<Record<GuidanceRuleName, Plain>>> = {
  model: { omega: 0.5 },
  random: { law: 'log-uniform' },
  gft: { law: 'inverse-uniform' },
}

/** What a network is shown of drawn scales. */
const SHOWN: Readonly<Partial<Record<GuidanceRuleName, string>>> = { linear: 'inverse', gft: 'inverse' }

/**
 * Whether the papers of an objective guide it by its present parameters (MeanFlow and what came of it, and guidance-free
 * training): what learns from data alone asks for no averaged ones otherwise.
 */
const takesPresent = ({ setting, defaults }: Objective): boolean =>
  setting === 'marginal' || defaults.guidance !== undefined

/**
 * Defaults of the rule that a configuration names, in its own keys: a map that trains on drawn scales and intervals is told them.
 *
 * @param given  the user's keys on top of the objective's
 */
export function guidanceConfig({ guidance }: Plain, kind: string, objective: Objective): Plain {
  const { rule, law = undefined, interval = undefined } = isPlain(guidance) ? guidance : {}
  if (typeof rule !== 'string' || !Object.hasOwn(guidanceRules, rule)) return {}
  const own = OWN[rule as GuidanceRuleName] ?? {}
  const isDrawn = (law ?? own.law ?? 'fixed') !== 'fixed'
  const keys = networks.get(kind)?.defaults ?? {}
  const [canBeShown, canBeShownInterval] = ['scale' in keys, 'interval' in keys]
  return {
    guidance: own,
    ...(takesPresent(objective) && { target: 'student' }),
    ...(isDrawn &&
      canBeShown && {
        network: {
          scale: SHOWN[rule as GuidanceRuleName] ?? 'complement',
          ...(interval === 'drawn' && canBeShownInterval && { interval: true }),
        },
      }),
  }
}

/** Whether the velocities that guide a run are a teacher's. */
export const isGuidedByTeacher = (rule: Config['guidance']['rule']): boolean =>
  rule !== 'none' && guidanceRules[rule].of === 'teacher'

export type GuidanceForm = Config['guidance']['form']

/** What a trained map knows of guidance: kept with it, so that nobody guides it twice. */
export interface GuidanceRecord {
  readonly rule: Config['guidance']['rule']
  /** `baked`: it is of one scale. `input`: it is told one. */
  readonly applied: 'none' | 'baked' | 'input'
  /** The scale that is baked. */
  readonly scale: number | null
  /** Scales that it has been told. */
  readonly range: readonly [number, number] | null
  /** Source times in which it acts, null for all of them; `input`: it is told them. */
  readonly interval: readonly [number, number] | 'input' | null
  /** What its network is shown of a scale. */
  readonly input: 'inverse' | 'complement' | null
  /** Whether it also knows the data as a whole. */
  readonly null: boolean
  /** Present where it is not the velocity that is led. */
  readonly form?: 'logit'
}

const recordedInterval = (interval: Config['guidance']['interval']): GuidanceRecord['interval'] => {
  if (interval === 'drawn') return 'input'
  return interval.join() === '0,1' ? null : interval
}

/** The record of a configuration. */
export function guidanceRecord({ guidance, condition, network }: Config): GuidanceRecord {
  const { rule, scale, law, range, omega, kappa, interval, baked, form } = guidance
  const none = condition.kind !== 'none' && condition.drop > 0
  const common = { rule, null: none, scale: null, range: null, input: null } as const
  if (rule === 'none') {
    return { ...common, applied: baked === null ? 'none' : 'baked', scale: baked, interval: null }
  }
  const own = {
    ...common,
    interval: recordedInterval(interval),
    ...(form === 'logit' && { form }),
  }
  const isTold = law !== 'fixed' && kindOf(network).seesScale?.(network)
  if (isTold) {
    return { ...own, applied: 'input', range, input: network.scale as GuidanceRecord['input'] }
  }
  const of: GuidanceRule = guidanceRules[rule]
  return { ...own, applied: 'baked', scale: of.scale?.({ omega, kappa }) ?? scale }
}
