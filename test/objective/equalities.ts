import { concat, jvp, onesLike, stopGradient, type Tensor } from '../../src/autodiff/index.ts'
import {
  type BoundNetwork,
  extrapolate,
  type FlowMap,
  flowMap,
  fromVelocity,
  interpolants,
  pathOf,
} from '../../src/model/index.ts'
import type { Catalogue } from '../../src/objective/golden.ts'
import type { Loss } from '../../src/objective/index.ts'
import { type Batch, distance, only, onSphere, type Place, plane, symbols } from './setting.ts'
import { apart, gradients, guides } from './stops.ts'
import { lossOf } from './terms.ts'

/** Losses of a catalogue by row, and by row and part. */
export const lookup = (catalogue: Catalogue) => ({
  row: (id: string, options: object = {}) => lossOf({ id, part: null, options: {} }, options, catalogue),
  part: (id: string, name: string, options: object = {}) =>
    lossOf({ id, part: name, options: {} }, options, catalogue),
})

export const gapOf = (at: Batch) => at.s.data[0] - at.t.data[0]
const halfway = (at: Batch): Batch => ({
  ...at,
  m: { ...at.m, data: at.m.data.map((_, i) => (at.s.data[i] + at.t.data[i]) / 2) },
})
export const toData = (at: Batch): Batch => ({ ...at, t: { ...at.t, data: at.t.data.map(() => 0) } })
/** The slope of the signal divides by `t`. */
const offData = (at: Batch): Batch => ({ ...at, t: { ...at.t, data: at.t.data.map(t => Math.max(t, 0.05)) } })
export const fromNoise = (at: Batch): Batch => ({ ...at, s: { ...at.s, data: at.s.data.map(() => 1) } })

/** A loss whose path has the teacher's velocity. */
const taught =
  (loss: Loss): Loss =>
  draw =>
    loss({
      ...draw,
      path: { ...draw.path, at: draw.path.at, velocity: s => draw.teacher.velocity(draw.path.at(s), s) },
    })

/** A loss whose teacher is the student's own stopped velocity. */
export const selfTaught =
  (loss: Loss): Loss =>
  draw =>
    loss({ ...draw, teacher: draw.frozen })

/** Two formulas whose gradients are the same or in a known ratio. */
export interface Equality {
  readonly name: string
  /** The row of the left formula. */
  readonly of: string
  readonly left: Loss
  readonly right: Loss
  /** The left gradient is so many times the right one. */
  readonly factor?: (at: Batch) => number
  readonly leftAt?: (at: Batch) => Batch
  readonly rightAt?: (at: Batch) => Batch
  /** Where it is not the student's own map that is trained. */
  readonly roles?: typeof guides
  /** Where both are run; the plane where nothing is said. */
  readonly place?: Place
}

/** A step of boot, longer than one of the times is. */
const DELTA = 0.3

export const free = { tangentNormalization: false }

/** What rows of symbols learn, in probabilities: `psi`, its change along a direction, and the target's. */
interface Probabilities {
  readonly x: Tensor
  readonly s: Tensor
  readonly t: Tensor
  readonly F: Tensor
  readonly psi: Tensor
  /** `d_t psi`, and `(d_s + u . J_x) psi` along `u = (x - psi-(x,s,s))/s`. */
  readonly byTarget: Tensor
  readonly bySource: Tensor
  /** `psi-` at a point's own time. */
  readonly there: (x: Tensor, t: Tensor) => Tensor
}

const overSymbols = (a: Tensor): Tensor => a.sum(-1).mean(-1)
/** `-sum T log psi`, whose gradient is that of the divergence. */
const crossed = (target: Tensor, psi: Tensor): Tensor =>
  overSymbols(stopGradient(target).mul(psi.log())).neg()
const normalised = (a: Tensor): Tensor => a.div(a.sum(-1, true))

/** A formula in probabilities. */
const inProbabilities =
  (formula: (of: Probabilities) => Tensor): Loss =>
  ({ map, target, path, s, t }) => {
    const x = path.at(s)
    const psiOf = (x: Tensor, s: Tensor, t: Tensor) => map.logits!(x, s, t).softmax()
    const there = (x: Tensor, t: Tensor) => target.logits!(x, t, t).softmax()
    const u = stopGradient(target.velocity(x, s))
    const [psi, byTarget] = jvp(t => psiOf(x, s, t), [t], [onesLike(t)])
    const [, bySource] = jvp((x, s) => psiOf(x, s, t), [x, s], [u, onesLike(s)])
    return formula({ x, s, t, F: map.jump(x, s, t), psi, byTarget, bySource, there })
  }

/** A student with logits so steep that divisors of targets reach their floor. */
const steep: typeof guides = (map, stopped, place) => {
  const sharp = flowMap((x, s, t) => map.logits!(x, s, t).add(x.mul(s.add(t).sub(2)).mul(20)), {
    parameterization: 'simplex',
  })
  return { ...guides(sharp, stopped, place), target: apart(map, stopped, place).target }
}

/** Of a target's divisor, as small as in the formulas. */
const LEAST = 1e-6

/** The equalities of a catalogue's rows. */
export function equalities(catalogue: Catalogue): readonly Equality[] {
  const { row, part } = lookup(catalogue)
  return [
    {
      name: 'shortcut is psd in velocity space, m halfway',
      of: 'shortcut',
      left: row('shortcut'),
      right: row('psd', { space: 'velocity' }),
      rightAt: halfway,
    },
    {
      name: 'psd midpoint is psd in velocity space, m halfway',
      of: 'psd',
      left: row('psd', { space: 'midpoint' }),
      right: row('psd', { space: 'velocity' }),
      rightAt: halfway,
    },
    {
      name: 'psd in map space is (t-s)^2 psd in velocity space',
      of: 'psd',
      left: row('psd'),
      right: row('psd', { space: 'velocity' }),
      factor: at => gapOf(at) ** 2,
    },
    {
      name: 'meanflow with a teacher is ayf-emd',
      of: 'meanflow',
      left: taught(row('meanflow')),
      right: row('ayf-emd'),
    },
    {
      name: 'ayf-emd half warmed up is half of itself and half velocity distillation',
      of: 'ayf-emd',
      left: row('ayf-emd', { ...free, warmup: 0.5 }),
      right: draw => {
        const { map, teacher, path, s, t, error } = draw
        const x = path.at(s)
        const distilled = error(map.velocity(x, s, t), teacher.velocity(x, s))
        return row('ayf-emd', free)(draw).add(distilled).div(2)
      },
    },
    {
      name: 'ayf-emd with its tangent normalised is its loss over the length of the tangent',
      of: 'ayf-emd',
      left: row('ayf-emd', { tangentNormalization: true, c: 0.1, warmup: 0.5 }),
      right: draw => {
        const loss = row('ayf-emd', { ...free, warmup: 0.5 })(draw)
        const dimension = draw.path.eps.shape[1]
        return loss.div(stopGradient(loss.mul(dimension).sqrt().add(0.1)))
      },
    },
    {
      name: 'boot regresses to where the signal goes in an Euler step of the teacher',
      of: 'boot',
      left: part('boot', 'bootstrap', { delta: DELTA }),
      right: ({ map, teacher, path: { eps }, t, error }) => {
        const one = t.mul(0).add(1)
        const [x, before] = [map.jump(eps, one, t), t.sub(DELTA).maximum(0)]
        // y = eps - V and dy/dt = (y - D)/(t (1-t)), D = x - t v
        const y = eps.sub(map.velocity(eps, one, t))
        const D = x.sub(t.mul(teacher.velocity(x, t)))
        const slope = y.sub(D).div(t.mul(one.sub(t)))
        const next = stopGradient(y.sub(t.sub(before).mul(slope)))
        return error(eps.sub(map.velocity(eps, one, before)), next).div(DELTA ** 2)
      },
      leftAt: offData,
      rightAt: offData,
    },
    {
      name: 'boot is bounded away from the noise',
      of: 'boot',
      left: part('boot', 'bootstrap', { delta: 0.1 }),
      right: part('boot', 'bootstrap', { delta: 0.1 }),
      leftAt: at => ({ ...at, t: { ...at.t, data: at.t.data.map(() => 1) } }),
      rightAt: at => ({ ...at, t: { ...at.t, data: at.t.data.map(() => 0.99) } }),
    },
    {
      name: 'the boundary of boot is velocity distillation at the noise',
      of: 'boot',
      left: part('boot', 'boundary'),
      right: ({ map, teacher, path: { eps }, t, error }) => {
        const one = t.mul(0).add(1)
        return error(map.velocity(eps, one, one), teacher.velocity(eps, one))
      },
    },
    {
      name: 'scm with a teacher is the consistency part of facm',
      of: 'scm',
      left: row('scm', { velocity: 'teacher', ...free }),
      right: part('facm', 'consistency'),
    },
    {
      name: 'the consistency part of facm is ayf-emd to the data',
      of: 'facm',
      left: part('facm', 'consistency'),
      right: row('ayf-emd'),
      rightAt: toData,
    },
    {
      name: 'scm without a teacher is meanflow to the data',
      of: 'scm',
      left: row('scm', { velocity: 'conditional', ...free }),
      right: row('meanflow'),
      rightAt: toData,
    },
    ...(['map', 'velocity', 'midpoint'] as const).map(space => ({
      name: `semigroup is psd in ${space} space`,
      of: 'semigroup',
      left: row('semigroup', { space }),
      right: row('psd', { space }),
    })),
    {
      name: 'psd by velocities on a sphere regresses to the geodesic to where two jumps lead',
      of: 'psd',
      left: row('psd', { space: 'velocity' }),
      right: ({ map, target, path, s, t, m, error }) => {
        const x = path.at(s)
        const y = target.jump(target.jump(x, s, m), m, t)
        // log_x(y) = theta/sin(theta) (y - cos(theta) x)
        const cos = x.mul(y).sum(-1, true)
        const sin = cos.square().neg().add(1).sqrt()
        const log = y.sub(cos.mul(x)).mul(sin.div(cos).atan().div(sin))
        return error(map.velocity(x, s, t), stopGradient(log.div(t.sub(s))))
      },
      place: onSphere,
    },
    {
      name: 'psd-velocity-simplex is psd in velocity space',
      of: 'psd-velocity-simplex',
      left: row('psd-velocity-simplex'),
      right: row('psd', { space: 'velocity' }),
      place: symbols,
    },
    {
      name: 'fmlm-residual regresses its student to the jump that a second-order step makes, as pfmm to that of its teacher',
      of: 'fmlm-residual',
      left: part('fmlm-residual', 'student'),
      right: draw => {
        const { teacher, players, s, t } = draw
        const second: FlowMap['jump'] = x => {
          const d = t.sub(s)
          const slope = teacher.velocity(x, s).add(d.mul(players!.residual(x, s, t)).mul(0.5))
          return x.add(slope.mul(d))
        }
        // With m = s the first of its two jumps is nothing.
        const jump: FlowMap['jump'] = (x, from, to) => (to === s ? x : second(x, from, to))
        return row('pfmm')({ ...draw, m: s, pretrained: { ...draw.pretrained, jump } })
      },
      place: symbols,
    },
    {
      name: 'fmlm-residual trains its residual by psd of the map that a second-order step makes',
      of: 'fmlm-residual',
      left: part('fmlm-residual', 'residual'),
      right: draw => {
        const second = (r: BoundNetwork): FlowMap =>
          fromVelocity((x, s, t) =>
            stopGradient(draw.teacher.velocity(x, s)).add(
              t
                .sub(s)
                .mul(r(x, s, t))
                .mul(0.5),
            ),
          )
        const map = second(draw.players!.residual)
        return row('psd', { space: 'map' })({ ...draw, map, target: map })
      },
      roles: (map, stopped, place) => ({
        ...guides(map, stopped, place),
        players: { residual: (x, s, t) => map.velocity(x, s, t) },
      }),
      place: symbols,
    },
    {
      name: 'csd is t^2 lsd, summed over symbols',
      of: 'csd',
      left: row('csd'),
      right: row('lsd'),
      factor: at => at.t.data[0] ** 2 * at.x0.shape[2],
      place: symbols,
    },
    {
      name: 'psd-simplex mixes what two jumps say of the data',
      of: 'psd-simplex',
      left: row('psd-simplex'),
      right: ({ map, target, path, s, t, m }) => {
        const x = path.at(s)
        const y = target.jump(target.jump(x, s, m), m, t)
        // F = (t/s) x + (1 - t/s) psi
        const mixed = y.sub(t.div(s).mul(x)).div(s.sub(t).div(s))
        return crossed(mixed, x.sub(s.mul(map.velocity(x, s, t))))
      },
      place: symbols,
    },
    ...[undefined, steep].map(roles => ({
      name: `lsd-simplex in probabilities${roles ? ', on the floor' : ''}`,
      of: 'lsd-simplex',
      left: row('lsd-simplex'),
      right: inProbabilities(({ s, t, F, psi, byTarget, there }) => {
        const left = t.mul(s.sub(t)).div(s).mul(byTarget.div(psi)).neg().add(1)
        return crossed(normalised(there(F, t).div(left.maximum(LEAST))), psi)
      }),
      place: symbols,
      ...(roles && { roles }),
    })),
    ...[undefined, steep].map(roles => ({
      name: `esd-simplex in probabilities${roles ? ', on the floor' : ''}`,
      of: 'esd-simplex',
      left: row('esd-simplex'),
      right: inProbabilities(({ x, s, t, psi, bySource, there }) => {
        const left = t.add(s.mul(s.sub(t)).mul(bySource.div(psi)))
        return crossed(normalised(there(x, s).div(left.maximum(LEAST))), psi)
      }),
      place: symbols,
      ...(roles && { roles }),
    })),
    {
      name: 'cross-entropy is minus the log-likelihood of the symbols',
      of: 'cross-entropy',
      left: draw => row('cross-entropy')({ ...draw, guided: undefined }),
      right: ({ map, path, s }) => {
        const x = path.at(s)
        return crossed(path.x0, x.sub(s.mul(map.velocity(x, s))))
      },
      place: symbols,
    },
    ...(['g', 'code'] as const).map(gap => ({
      name: `ecld in probabilities, with the gap ${gap}`,
      of: 'ecld',
      left: row('ecld', { gap, ce: 3, energy: 0.7 }),
      right: inProbabilities(({ s, t, F, psi, byTarget, there }) => {
        const b = s.sub(t).div(s)
        const energy = (gap === 'g' ? b.mul(t) : b).mul(byTarget).square()
        return crossed(there(stopGradient(F), t), psi)
          .mul(3)
          .add(overSymbols(energy).mul(0.7))
      }),
      place: symbols,
    })),
    {
      name: 'rmf-self is meanflow on a path with the velocity of its target',
      of: 'rmf-self',
      left: row('rmf-self'),
      right: draw => {
        const velocity = (s: Tensor) => draw.target.velocity(draw.path.at(s), s)
        return row('meanflow')({ ...draw, path: { ...draw.path, at: draw.path.at, velocity } })
      },
    },
    {
      name: 'lmf-inverse is ayf-lmd from where its own map leads back to, taught by the path',
      of: 'lmf-inverse',
      left: row('lmf-inverse'),
      right: draw => {
        const { map, path, s, t } = draw
        const back = stopGradient(map.jump(path.at(t), t, s))
        const teacher = { velocity: () => path.velocity(t) }
        return row('ayf-lmd')({ ...draw, path: { ...path, at: () => back }, teacher })
      },
    },
    {
      name: 'splitmeanflow is psd in velocity space',
      of: 'splitmeanflow',
      left: row('splitmeanflow'),
      right: row('psd', { space: 'velocity' }),
    },
    { name: 'reflow is flow matching', of: 'reflow', left: row('reflow'), right: row('flow-matching') },
    { name: 'the terminal part of tvm is lsd', of: 'tvm', left: part('tvm', 'terminal'), right: row('lsd') },
    {
      name: 'the anchor of tvm is flow matching at the target time',
      of: 'tvm',
      left: part('tvm', 'anchor'),
      right: row('flow-matching'),
      rightAt: at => ({ ...at, s: at.t }),
    },
    {
      name: 'gft times w^2 is the regression of the guided velocity w u + (1-w) V(.,0)',
      of: 'gft',
      left: row('gft'),
      right: ({ map, guided, path, s, error }) => {
        const x = path.at(s)
        const { scale: w, untold } = guided!
        const g = stopGradient(extrapolate(untold.velocity(x, s), path.velocity(s), w))
        return error(map.velocity(x, s), g).div(w.square().reshape([s.shape[0]]))
      },
    },
    {
      name: 'imf with a velocity head follows the head, and trains it beside',
      of: 'imf',
      left: row('imf'),
      right: draw => {
        const { map, path, s, t, error } = draw
        const { velocityHead: head, ...alone } = map
        const guided = {
          ...draw.guided!,
          map: { ...alone, velocity: (x: Tensor, s: Tensor) => head!(x, s, s) },
        }
        const beside = error(head!(path.at(s), s, t), path.velocity(s))
        return row('imf')({ ...draw, map: alone, guided }).add(beside)
      },
      roles: (map, stopped) => ({
        ...guides(map, stopped),
        map: { ...map, velocityHead: (x, s, t) => map.velocity(x.mul(0.7), t, s).sin() },
      }),
    },
    {
      name: 'ct goes to its second point as the path leads onward',
      of: 'ct',
      left: row('ct', { delta: 0.3 }),
      right: ({ map, target, path, s, distance }) => {
        const [x, zero, m] = [path.at(s), s.mul(0), s.sub(0.3)]
        const xm = x.add(m.sub(s).mul(path.velocity(s)).mul(2))
        return distance(map.jump(x, s, zero), stopGradient(target.jump(xm, m, zero)))
      },
      roles: (map, stopped) => ({
        ...guides(map, stopped),
        path: (_, _t, path) => ({
          ...path,
          onward: (s, m) => path.at(s).add(m.sub(s).mul(path.velocity(s)).mul(2)),
        }),
      }),
    },
    {
      name: 'dmf is meanflow over its own size, and learns that size',
      of: 'dmf',
      left: row('dmf'),
      right: draw => {
        const loss = row('meanflow')(draw)
        const q = draw.logSize!(draw.s, draw.t).reshape(loss.shape)
        const least = stopGradient(q.exp().mul(0.01))
        return loss.add(q.mul(least)).div(stopGradient(loss.add(least)))
      },
      // What learns the size is a network of its own in a training; here the student's parameters stand for it.
      roles: (map, stopped) => ({
        ...apart(map, stopped),
        logSize: (s, t) => map.velocity(concat([s, t]), s, t).sum(-1, true),
      }),
    },
    {
      name: 'dmf without a learned size',
      of: 'dmf',
      left: row('dmf'),
      right: draw => {
        const loss = row('meanflow')(draw)
        return loss.div(stopGradient(loss.add(0.01)))
      },
    },
    {
      name: 'itm with beta = 0 is velocity distillation',
      of: 'itm',
      left: row('itm', { beta: 0 }),
      right: row('teacher-velocity'),
    },
    { name: 'ict is ct', of: 'ict', left: row('ict', { delta: 0.1 }), right: row('ct', { delta: 0.1 }) },
    { name: 'ect is ct', of: 'ect', left: row('ect', { delta: 0.1 }), right: row('ct', { delta: 0.1 }) },
    {
      name: 'soflow weighted by its gap is soflow over d (s-t)^2',
      of: 'soflow',
      left: row('soflow', { d: 0.3, weighting: 'gap' }),
      right: row('soflow', { d: 0.3, weighting: 'none' }),
      factor: at => 1 / (0.3 * gapOf(at) ** 2),
    },
    {
      name: 'alphaflow with alpha = 1 is trajectory flow matching',
      of: 'alphaflow',
      left: row('alphaflow', { alpha: 1 }),
      right: ({ map, path, s, t, error }) => error(map.velocity(path.at(s), s, t), path.velocity(s)),
    },
    {
      name: 'cmt with points of the path is (t-s)^2 trajectory flow matching',
      of: 'cmt',
      left: row('cmt'),
      right: row('alphaflow', { alpha: 1 }),
      factor: at => gapOf(at) ** 2,
    },
    {
      name: "the auxiliary velocity of freeflow is trained by flow matching on the student's samples",
      of: 'freeflow',
      left: part('freeflow', 'auxiliary'),
      right: draw => {
        const { map, auxiliary, path, noise, r } = draw
        const samples = map.jump(path.eps, r.mul(0).add(1), r.mul(0))
        const noisy = pathOf(interpolants.linear, samples, noise)
        return row('flow-matching')({ ...draw, map: auxiliary as FlowMap, path: noisy, s: r })
      },
      roles: (map, stopped) => ({ ...apart(map, stopped), map: guides(map).pretrained!, auxiliary: map }),
    },
    {
      name: 'ct with the largest step is denoising',
      of: 'ct',
      left: row('ct', { delta: 1 }),
      right: ({ map, path, s, error }) => error(map.jump(path.at(s), s, s.mul(0)), path.at(s.mul(0))),
    },
  ]
}

const same = (at: Batch) => at

/** How far an equality is missed on one sample, relatively. */
export function inequality(
  { left, right, factor = () => 1, leftAt = same, rightAt = same, roles: own, place = plane }: Equality,
  sample: number,
  given = guides,
): number {
  const roles = own ?? given
  const at = only(sample, place.batch)
  return distance(
    gradients(left, leftAt(at), roles, place),
    gradients(right, rightAt(at), roles, place),
    factor(at),
  )
}
