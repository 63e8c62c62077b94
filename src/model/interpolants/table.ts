import { cosine } from './cosine.ts'
import { ddpmLinear } from './ddpm-linear.ts'
import { edm } from './edm.ts'
import type { Interpolant } from './interpolant.ts'
import { linear } from './linear.ts'
import { subVp } from './sub-vp.ts'
import { trig } from './trig.ts'
import { ve } from './ve.ts'
import { vp } from './vp.ts'

/** Every path between data and noise. */
export const interpolants = {
  linear,
  trig,
  vp,
  'sub-vp': subVp,
  ve,
  cosine,
  'ddpm-linear': ddpmLinear,
  edm,
} as const satisfies Record<string, Interpolant>

export type InterpolantName = keyof typeof interpolants
