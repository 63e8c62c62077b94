import { jvp, onesLike, stopGradient, type Tensor } from '../../src/autodiff/index.ts'
import type { Loss } from '../../src/objective/index.ts'

/** Formulas with one mistake each: what the golden values and the exact solutions must tell from the right ones. */

const bySource = (f: (x: Tensor, s: Tensor) => Tensor, x: Tensor, s: Tensor, u: Tensor) =>
  jvp(f, [x, s], [u, onesLike(s)])[1]

/** Mistakes that change the residual. */
export const wrongFormulas: Record<string, Record<string, Loss>> = {
  'flow-matching': {
    'velocity towards the data': ({ map, path, s, error }) =>
      error(map.velocity(path.at(s), s), path.velocity(s).neg()),
  },
  'teacher-velocity': {
    'the teacher at another time': ({ map, teacher, path, s, t, error }) =>
      error(map.velocity(path.at(s), s), teacher.velocity(path.at(s), t)),
  },
  psd: {
    'times in the wrong order': ({ map, target, path, s, t, m, error }) => {
      const x = path.at(s)
      return error(map.jump(x, s, t), stopGradient(target.jump(target.jump(x, s, m), s, t)))
    },
    'the second jump from the first point': ({ map, target, path, s, t, m, error }) =>
      error(map.jump(path.at(s), s, t), stopGradient(target.jump(path.at(s), m, t))),
  },
  'psd velocity': {
    'weights exchanged': ({ map, target, path, s, t, m, error }) => {
      const x = path.at(s)
      const w = t.sub(m).div(t.sub(s))
      const [first, second] = [target.velocity(x, s, m), target.velocity(target.jump(x, s, m), m, t)]
      return error(map.velocity(x, s, t), stopGradient(second.add(w.mul(first.sub(second)))))
    },
    'weights of one half': ({ map, target, path, s, t, m, error }) => {
      const x = path.at(s)
      const [first, second] = [target.velocity(x, s, m), target.velocity(target.jump(x, s, m), m, t)]
      return error(map.velocity(x, s, t), stopGradient(first.add(second).mul(0.5)))
    },
  },
  lmd: {
    'the teacher at the source': ({ map, teacher, path, s, t, error }) => {
      const [, dF] = jvp(t => map.jump(path.at(s), s, t), [t], [onesLike(t)])
      return error(dF, teacher.velocity(path.at(s), s))
    },
  },
  lsd: {
    'derivative by the source time': ({ map, target, path, s, t, error }) => {
      const x = path.at(s)
      const [xt, dF] = jvp(s => map.jump(x, s, t), [s], [onesLike(s)])
      return error(dF, stopGradient(target.velocity(xt, t)))
    },
    'the average velocity as target': ({ map, target, path, s, t, error }) => {
      const [xt, dF] = jvp(t => map.jump(path.at(s), s, t), [t], [onesLike(t)])
      return error(dF, stopGradient(target.velocity(xt, s, t)))
    },
  },
  emd: {
    'the spatial term subtracted': ({ map, teacher, path, s, t, error }) => {
      const x = path.at(s)
      const dF = bySource((x, s) => map.jump(x, s, t), x, s, teacher.velocity(x, s).neg())
      return error(dF, dF.mul(0))
    },
  },
  esd: {
    'the spatial term subtracted': ({ map, target, path, s, t, error }) => {
      const x = path.at(s)
      const dF = bySource((x, s) => map.jump(x, s, t), x, s, stopGradient(target.velocity(x, s)).neg())
      return error(dF, dF.mul(0))
    },
    'the spatial term forgotten': ({ map, path, s, t, error }) => {
      const x = path.at(s)
      const [, dF] = jvp(s => map.jump(x, s, t), [s], [onesLike(s)])
      return error(dF, dF.mul(0))
    },
  },
  meanflow: {
    'the tangent subtracted': ({ map, path, s, t, error }) => {
      const u = path.velocity(s)
      const V = map.velocity(path.at(s), s, t)
      const dV = bySource((x, s) => map.velocity(x, s, t), path.at(s), s, u)
      return error(V, stopGradient(u.sub(t.sub(s).mul(dV))))
    },
    'only the derivative in time': ({ map, path, s, t, error }) => {
      const u = path.velocity(s)
      const x = path.at(s)
      const [V, dV] = jvp(s => map.velocity(x, s, t), [s], [onesLike(s)])
      return error(V, stopGradient(u.add(t.sub(s).mul(dV))))
    },
  },
  'lmd-discrete': {
    'the step from s': ({ map, target, teacher, path, s, t, m, error }) => {
      const xm = target.jump(path.at(s), s, m)
      return error(map.jump(path.at(s), s, t), stopGradient(xm.add(t.sub(s).mul(teacher.velocity(xm, m)))))
    },
  },
  'emd-discrete': {
    'the step forwards': ({ map, target, teacher, path, s, t, m, error }) => {
      const x = path.at(s)
      const xm = x.add(s.sub(m).mul(teacher.velocity(x, s)))
      return error(map.jump(x, s, t), stopGradient(target.jump(xm, m, t)))
    },
  },
}

/** The right residual with a gradient where none should be, or none where one should be. */
export const wrongGradients: Record<string, Loss> = {
  psd: ({ map, target, path, s, t, m, error }) =>
    error(map.jump(path.at(s), s, t), target.jump(target.jump(path.at(s), s, m), m, t)),
  'psd velocity': ({ map, target, path, s, t, m, error }) => {
    const x = path.at(s)
    const w = m.sub(s).div(t.sub(s))
    const [first, second] = [target.velocity(x, s, m), target.velocity(target.jump(x, s, m), m, t)]
    return error(map.velocity(x, s, t), second.add(w.mul(first.sub(second))))
  },
  lmd: ({ map, teacher, path, s, t, error }) => {
    const [xt, dF] = jvp(t => map.jump(path.at(s), s, t), [t], [onesLike(t)])
    return error(dF, stopGradient(teacher.velocity(xt, t)))
  },
  lsd: ({ map, target, path, s, t, error }) => {
    const [xt, dF] = jvp(t => map.jump(path.at(s), s, t), [t], [onesLike(t)])
    return error(dF, target.velocity(xt, t))
  },
  emd: ({ map, teacher, path, s, t, error }) => {
    const x = path.at(s)
    const [, dF] = jvp(s => map.jump(x, s, t), [s], [onesLike(s)])
    const [, spatial] = jvp(x => map.jump(x, s, t), [x], [teacher.velocity(x, s)])
    return error(dF, stopGradient(spatial.neg()))
  },
  esd: ({ map, target, path, s, t, error }) => {
    const x = path.at(s)
    const dF = bySource((x, s) => map.jump(x, s, t), x, s, target.velocity(x, s))
    return error(dF, dF.mul(0))
  },
  meanflow: ({ map, path, s, t, error }) => {
    const u = path.velocity(s)
    const [V, dV] = jvp((x, s) => map.velocity(x, s, t), [path.at(s), s], [u, onesLike(s)])
    return error(V, u.add(t.sub(s).mul(dV)))
  },
  'lmd-discrete': ({ map, target, teacher, path, s, t, m, error }) => {
    const xm = target.jump(path.at(s), s, m)
    return error(map.jump(path.at(s), s, t), xm.add(t.sub(m).mul(teacher.velocity(xm, m))))
  },
  'emd-discrete': ({ map, target, teacher, path, s, t, m, error }) => {
    const x = path.at(s)
    return error(map.jump(x, s, t), target.jump(x.add(m.sub(s).mul(teacher.velocity(x, s))), m, t))
  },
}
