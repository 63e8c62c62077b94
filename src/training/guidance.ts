import { constant, type Tensor } from '../autodiff/index.ts'
import type { Config } from '../config/index.ts'
import {
  type Condition,
  type ConditionSpec,
  extrapolate,
  type Interval,
  isInside,
  isToldOf,
  nullCondition,
  timeShape,
  type VelocityField,
} from '../model/index.ts'
import { type Draw, guidedDraw, guidedMean } from '../objective/index.ts'
import { type Guides, type TermInputs, type Told, tell } from './guides.ts'

/** Guides the draws of a term, where the run has a rule. */
export function guidanceOf(
  { guidance: { rule, omega, kappa, interval, form }, coupling }: Config,
  inputs: TermInputs<Tensor>,
  condition: Condition<Tensor> | undefined,
  { target, frozen, teacher, weak, told }: Guides,
): (draw: Draw) => Draw {
  const { scale, low, high } = inputs
  if (rule === 'none' || !scale || !condition || !told) return draw => draw
  const none = nullCondition(told, condition)
  const seen = condition[told.kind]!
  const isTold = isToldOf(told, seen).reshape(timeShape(seen.shape[0], scale.shape.slice(1)))
  const velocityOf = (map: Told<VelocityField> | undefined, of: Condition<Tensor>) => map && tell(map, of)
  const [own, without] = [
    velocityOf(teacher, condition),
    velocityOf(weak ?? teacher, weak ? condition : none),
  ]
  // The averaged parameters where the objective has such, which are the stopped ones of the student otherwise.
  const map = (target ?? frozen)!
  return draw =>
    guidedDraw(draw, {
      rule,
      keys: { omega, kappa },
      interval: interval === 'drawn' ? [low!, high!] : interval,
      scale,
      isTold,
      form,
      ofData: coupling.kind === 'independent',
      map: w => tell(map, { ...condition, scale: w }),
      untold: tell(map, none),
      ...(own && without && { teacher: { told: own, untold: without } }),
    })
}

/** A teacher guided at one scale, or the same towards what samples are told from a weaker model; see `guidanceRules`. */
export function guidedTeacher(
  {
    scale,
    interval,
    form,
  }: { readonly scale: number; readonly interval: Interval; readonly form?: 'velocity' | 'logit' },
  told: ConditionSpec,
  teacher: (condition: Condition<Tensor> | undefined) => VelocityField,
  weak?: (condition: Condition<Tensor> | undefined) => VelocityField,
): (condition: Condition<Tensor> | undefined) => VelocityField {
  return condition => {
    const seen = condition?.[told.kind]
    if (!condition || !seen) return teacher(condition)
    const [own, without] = [teacher(condition), weak?.(condition) ?? teacher(nullCondition(told, condition))]
    const isTold = isToldOf(told, seen)
    return {
      velocity(x, s) {
        const on = isTold.reshape(timeShape(seen.shape[0], x.shape.slice(1))).mul(isInside(s, interval))
        const w = on.mul(scale - 1).add(constant(1, [], x.dtype))
        if (form === 'logit') return x.sub(guidedMean(without, own, x, s, w)).div(s)
        return extrapolate(without.velocity(x, s), own.velocity(x, s), w)
      },
    }
  }
}
