import { stopGradient, type Tensor } from '../autodiff/index.ts'
import {
  extrapolate,
  type FlowMap,
  type Interval,
  type Intervals,
  isInside,
  type Path,
  type VelocityField,
} from '../model/index.ts'
import type { Draw } from './loss.ts'

/** Velocities at one point and time, each evaluated where it is asked for. */
interface Velocities {
  /** The conditional velocity of the sample. */
  readonly u: Tensor
  /** `V(x,s,s,c,w)` of the map, or `v_c` of a teacher. */
  readonly told: () => Tensor
  /** `V(x,s,s,0,1)`, or `v_0` of a teacher; of a weaker model with the same condition under `auto`. */
  readonly untold: () => Tensor
}

/** How much a sample is guided at one time: `w`, and 1 where guidance acts and 0 where it does not. */
interface Strength {
  readonly w: Tensor
  readonly on: Tensor
}

/** Constants of a rule. */
export interface GuidanceKeys {
  readonly omega: number
  readonly kappa: number
}

/** How a guided velocity is made in training: a row of the table below. */
export interface GuidanceRule {
  /** Whose velocities it takes: of a teacher that stands still, or the map's own, stopped. */
  readonly of: 'teacher' | 'map'
  /** The scale that it comes to, where it is not drawn. */
  readonly scale?: (keys: GuidanceKeys) => number
  /** The guided velocity. At the exact guided field its mean over data is `v_w`. */
  readonly velocity: (at: Velocities, strength: Strength, keys: GuidanceKeys) => Tensor
  /** Forward passes beside those of the objective. */
  readonly cost: (keys: GuidanceKeys) => number
}

const byTeacher = {
  of: 'teacher',
  velocity: ({ told, untold }, { w }) => extrapolate(untold(), told(), w),
  cost: () => 2,
} as const satisfies GuidanceRule

export const guidanceRules = {
  /** `v_0 + w (v_c - v_0)` of a teacher. Meng et al. 2023, arXiv:2210.03142. */
  teacher: byTeacher,
  /** `v_b + w (v_c - v_b)`, `v_b` of a weaker model. Karras et al. 2024, arXiv:2406.02507; Sabour et al. 2025 (Align Your Flow), arXiv:2506.14603. */
  auto: byTeacher,
  /** `omega u + (1 - omega - kappa) V(.,0) + kappa V(.,c)`. Geng et al. 2025 (MeanFlow), arXiv:2505.13447, eq. 19 and 20. */
  mix: {
    of: 'map',
    scale: ({ omega, kappa }) => omega / (1 - kappa),
    velocity: ({ u, told, untold }, { on }, keys) => {
      const omega = on.mul(keys.omega - 1).add(1)
      const rest = on.mul(1 - keys.omega - keys.kappa)
      const mixed = omega.mul(u).add(rest.mul(untold()))
      return keys.kappa === 0 ? mixed : mixed.add(on.mul(keys.kappa).mul(told()))
    },
    cost: ({ kappa }) => (kappa === 0 ? 1 : 2),
  },
  /** `u + omega (V(.,c) - V(.,0))`. Tang et al. 2025 (model guidance), arXiv:2502.12154; Lee et al. 2025 (Decoupled MeanFlow), arXiv:2510.24474. */
  model: {
    of: 'map',
    scale: ({ omega }) => 1 / (1 - omega),
    velocity: ({ u, told, untold }, { on }, { omega }) => u.add(on.mul(omega).mul(told().sub(untold()))),
    cost: () => 2,
  },
  /** `u + (1 - 1/w) (V(.,c,w) - V(.,0,1))`. Geng et al. 2025 (Improved Mean Flows), arXiv:2512.02012. */
  random: {
    of: 'map',
    velocity: ({ u, told, untold }, { w }) => u.add(w.pow(-1).neg().add(1).mul(told().sub(untold()))),
    cost: () => 2,
  },
  /** `w u + (1 - w) V(.,0,1)`. Zhou et al. 2025 (Terminal Velocity Matching), arXiv:2511.19797. */
  linear: {
    of: 'map',
    velocity: ({ u, untold }, { w }) => extrapolate(untold(), u, w),
    cost: () => 1,
  },
  /** Guides the map's output in the loss of the row `gft`, not what it is trained to. Chen et al. 2025, arXiv:2501.15420. */
  gft: { of: 'map', velocity: ({ u }) => u, cost: () => 1 },
} as const satisfies Record<string, GuidanceRule>

export type GuidanceRuleName = keyof typeof guidanceRules

/** The guidance of a batch. */
export interface Guidance {
  readonly rule: GuidanceRuleName
  readonly keys: GuidanceKeys
  readonly interval: Interval | Intervals
  /** `w` of each sample, shaped as times are. */
  readonly scale: Tensor
  /** 1 for samples that are told something, 0 where they are shown the null: those are not guided. */
  readonly isTold: Tensor
  /** The map at a scale, stopped: whose velocity a rule takes, of samples told their own condition. */
  readonly map: (scale: Tensor) => FlowMap
  /** And without a condition. */
  readonly untold: VelocityField & Pick<Partial<FlowMap>, 'logits'>
  /** What is guided; default the velocity. */
  readonly form?: 'velocity' | 'logit'
  /** Whether points are of data, whose velocities are to be guided; those of a guided teacher's samples are already. */
  readonly ofData: boolean
  /** The same of a teacher: `untold` of a weaker model under `auto`. */
  readonly teacher?: { readonly told: VelocityField; readonly untold: VelocityField }
}

/** Below this a probability is rounding, where it is read off a velocity. */
const LEAST = 1e-6

/** Logits at one time: those of a map that has them, else of what its velocity says of the data, `x - s v`. */
const logitsAt = (map: VelocityField & Partial<FlowMap>, x: Tensor, s: Tensor): Tensor =>
  map.logits?.(x, s, s) ??
  x
    .sub(s.mul(map.velocity(x, s)))
    .maximum(LEAST)
    .log()

/** `softmax((1-w) z_0 + w z_c)` */
export const guidedMean = (
  untold: VelocityField,
  told: VelocityField,
  x: Tensor,
  s: Tensor,
  w: Tensor,
): Tensor => extrapolate(logitsAt(untold, x, s), logitsAt(told, x, s), w).softmax()

/**
 * A draw in which guided velocities stand for those that a formula asks for: for the conditional velocity, in targets and in
 * tangents alike, and for the teacher's. A sample that is shown the null keeps its own.
 */
export function guidedDraw(draw: Draw, guidance: Guidance): Draw {
  const { rule, keys, interval, scale, isTold, teacher } = guidance
  const { of, velocity }: GuidanceRule = guidanceRules[rule]
  const strengthAt = (s: Tensor): Strength => {
    const on = isTold.mul(isInside(s, interval))
    return { on, w: on.mul(scale.sub(1)).add(1) }
  }
  const isOfLogits = guidance.form === 'logit'
  const denoised =
    isOfLogits && of === 'teacher'
      ? (x: Tensor, s: Tensor) =>
          stopGradient(guidedMean(teacher!.untold, teacher!.told, x, s, strengthAt(s).w))
      : undefined
  const guided = (x: Tensor, s: Tensor, u: Tensor): Tensor => {
    const strength = strengthAt(s)
    if (denoised) return x.sub(denoised(x, s)).div(s)
    const [told, untold] =
      of === 'teacher' ? [teacher!.told, teacher!.untold] : [guidance.map(strength.w), guidance.untold]
    const at = {
      u,
      told: () => stopGradient(instantaneous(told, x, s)),
      untold: () => stopGradient(instantaneous(untold, x, s)),
    }
    return velocity(at, strength, keys)
  }
  const { path } = draw
  const velocityOf = (s: Tensor): Tensor => {
    const u = path.velocity(s)
    const g = guided(path.at(s), s, u)
    return of === 'map' ? g : u.add(isTold.mul(g.sub(u)))
  }
  // The same time gives the same node: a guided velocity costs two networks.
  const made = new Map<Tensor, Tensor>()
  const guidedPath: Path = {
    // Not every path has data and noise.
    get x0() {
      return path.x0
    },
    get eps() {
      return path.eps
    },
    at: path.at,
    velocity: s => {
      const known = made.get(s) ?? velocityOf(s)
      made.set(s, known)
      return known
    },
    onward: (s, m) => draw.space.jump(path.at(s), m.sub(s).mul(guidedPath.velocity(s))),
  }
  const { w, on } = strengthAt(draw.s)
  return {
    ...draw,
    ...(guidance.ofData && { path: guidedPath }),
    ...(of === 'teacher' && { teacher: { velocity: (x: Tensor, s: Tensor) => guided(x, s, x) } }),
    guided: {
      scale: w,
      map: guidance.map(w),
      untold: guidance.untold,
      ...(isOfLogits && rule === 'mix' && keys.kappa > 0 && { kept: on.mul(keys.kappa) }),
      ...(denoised && { denoised }),
    },
  }
}

/** A map's instantaneous velocity, by its second output where it has one. */
export const instantaneous = (map: VelocityField & Partial<FlowMap>, x: Tensor, s: Tensor): Tensor =>
  map.velocityHead ? map.velocityHead(x, s, s) : map.velocity(x, s)
