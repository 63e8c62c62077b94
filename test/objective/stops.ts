import { grad, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { divergenceOf, type FlowMap, fromVelocity, type Space } from '../../src/model/index.ts'
import { divergences } from '../../src/objective/divergence.ts'
import type { Loss } from '../../src/objective/index.ts'
import { valuesOf } from '../autodiff/values.ts'
import {
  type Batch,
  distance,
  drawOf,
  flat,
  inputsOf,
  norm,
  onSphere,
  type Place,
  placeFor,
  plane,
  type Roles,
  symbols,
} from './setting.ts'
import type { Term } from './terms.ts'

/** Networks of constants at each place. */
const others = new Map(
  [plane, symbols, onSphere].map(place => {
    const [teacher, pretrained, auxiliary, target] = [21, 22, 23, 24].map(place.other)
    return [place, { teacher, pretrained, auxiliary, target }]
  }),
)

/** A student among networks of their own; its target is itself. */
export const guides = (map: FlowMap, stopped: FlowMap = map, place: Place = plane): Roles => ({
  ...others.get(place)!,
  space: place.space,
  map,
  target: map,
  frozen: stopped,
})

/** The same with a target of its own. */
export const apart: typeof guides = (map, stopped = map, place = plane) => ({
  ...guides(map, stopped, place),
  target: others.get(place)!.target,
})

/** Gradients of the mean loss by the student's parameters, joined. */
export function gradients(
  loss: Loss,
  at?: Batch,
  roles: (map: FlowMap, stopped: FlowMap, place: Place) => Roles = guides,
  place: Place = plane,
): Value {
  const { student, batch } = place
  const n = student.count
  const found = valuesOf(
    (...x) =>
      grad((parameters: Tensor[]) => {
        const [map, stopped] = [student.bind(parameters), student.stopped(parameters)]
        return loss(drawOf(roles(map, stopped, place), x.slice(n))).mean()
      })(x.slice(0, n)),
    ...student.values,
    ...inputsOf(at ?? batch),
  )
  return flat(found)
}

/** Roles whose parameters some formulas differentiate, were they the student's; all others stop before them. */
export const differentiated: Readonly<Record<'teacher' | 'auxiliary', readonly string[]>> = {
  // The velocity's part of `f2d2:diagonal` is `teacher-velocity`.
  teacher: [
    ...['teacher-velocity', 'lmd', 'emd', 'facm:anchor'],
    ...['published', 'none'].map(weight => `sid:matching weight=${weight}`),
    ...Object.keys(divergences).map(name => `f2d2:diagonal divergence=${name}`),
  ],
  auxiliary: ['freeflow:auxiliary'],
}

const ROLES = ['target', 'pretrained', 'teacher', 'auxiliary'] as const

export interface Policy {
  readonly name: (typeof ROLES)[number] | 'student'
  /** How much the gradient changes, relatively, when the parameters in that role are stopped; of the student, whether it is trained. */
  readonly miss: (loss: Loss) => number
}

/** Another map of the same parameters: in a role the student itself could make a residual vanish. */
const likeness = (map: FlowMap, space: Space): FlowMap => ({
  ...fromVelocity((x, s, t) => map.velocity(x, s, t).mul(1.5), space),
  ...(map.divergence && {
    divergence: divergenceOf((x, s, t) => map.divergence!(x, s, t).mul(1.5), map.divergence.scale),
  }),
  ...(map.logits && { logits: (x, s, t) => map.logits!(x, s, t).mul(1.5) }),
})

/** For every role that a formula must not differentiate, the student is put in that role: that may not be seen. */
export const policies = (
  { key, id }: Pick<Term, 'key' | 'id'>,
  { all = false, place = placeFor(id) } = {},
): readonly Policy[] => {
  const free = Object.entries(differentiated).flatMap(([role, keys]) => (keys.includes(key) ? [role] : []))
  const guided = ROLES.filter(name => all || !free.includes(name)).map((name): Policy => {
    const put = (loss: Loss, passes: boolean) =>
      gradients(
        loss,
        undefined,
        (map, stopped) => ({
          ...guides(map, stopped, place),
          [name]: likeness(passes ? map : stopped, place.space),
        }),
        place,
      )
    return { name, miss: loss => change(put(loss, true), put(loss, false)) }
  })
  // What trains another player leaves the student alone; everything else trains it.
  const idle = /^freeflow:auxiliary|:(fake|critic|residual)( |$)/.test(key)
  const student = (loss: Loss) => {
    const size = norm(gradients(loss, undefined, guides, place))
    return idle ? size : Number(size < 1e-5)
  }
  return [...guided, { name: 'student', miss: student }]
}

const change = (a: Value, b: Value): number => (norm(a) === 0 && norm(b) === 0 ? 0 : distance(a, b))
