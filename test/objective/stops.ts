import { grad, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity } from '../../src/model/index.ts'
import type { Loss } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import {
  type Batch,
  batch,
  distance,
  drawOf,
  flat,
  inputsOf,
  norm,
  other,
  type Roles,
  student,
} from './setting.ts'
import type { Term } from './terms.ts'

const [teacher, pretrained, auxiliary] = [21, 22, 23].map(other)

/** A student among networks of their own; its target is itself. */
export const guides = (map: FlowMap, stopped: FlowMap = map): Roles => ({
  map,
  target: map,
  frozen: stopped,
  teacher,
  pretrained,
  auxiliary,
})

/** Gradients of the mean loss by the student's parameters, joined. */
export function gradients(
  loss: Loss,
  at: Batch = batch,
  roles: (map: FlowMap, stopped: FlowMap) => Roles = guides,
): Value {
  const n = student.count
  const found = valuesOf(
    (...x) =>
      grad((parameters: Tensor[]) => {
        const [map, stopped] = [student.bind(parameters), student.stopped(parameters)]
        return loss(drawOf(roles(map, stopped), x.slice(n))).mean()
      })(x.slice(0, n)),
    ...student.values,
    ...inputsOf(at),
  )
  return flat(found)
}

/** Roles whose parameters some formulas differentiate, were they the student's; all others stop before them. */
export const differentiated: Readonly<Record<'teacher' | 'auxiliary', readonly string[]>> = {
  teacher: ['teacher-velocity', 'lmd', 'emd', 'facm:anchor'],
  auxiliary: ['freeflow:auxiliary'],
}

const ROLES = ['target', 'pretrained', 'teacher', 'auxiliary'] as const

export interface Policy {
  readonly name: (typeof ROLES)[number]
  /** How much the gradient changes, relatively, when the parameters in that role are stopped. */
  readonly miss: (loss: Loss) => number
}

/** Another map of the same parameters: in a role the student itself could make a residual vanish. */
const likeness = (map: FlowMap): FlowMap => fromVelocity((x, s, t) => map.velocity(x, s, t).mul(1.5))

/** For every role that a formula must not differentiate, the student is put in that role: that may not be seen. */
export const policies = ({ key }: Pick<Term, 'key'>, all = false): readonly Policy[] =>
  ROLES.filter(
    name => all || !(name in differentiated && differentiated[name as 'teacher'].includes(key)),
  ).map(name => ({
    name,
    miss: loss => {
      const [free, stopped] = [true, false].map(passes =>
        gradients(loss, batch, (map, stopped) => ({
          ...guides(map, stopped),
          [name]: likeness(passes ? map : stopped),
        })),
      )
      return norm(free) === norm(stopped) ? 0 : distance(free, stopped)
    },
  }))
