import type { SamplingMethod } from '../names.ts'
import { adaptive } from './adaptive.ts'
import { ancestral } from './ancestral.ts'
import { ddim } from './ddim.ts'
import { dpm, sdeDpm } from './dpm.ts'
import { edm } from './edm.ts'
import { eulerMaruyama } from './euler-maruyama.ts'
import { bridge, jump, renoise, transition } from './jumps.ts'
import { euler, heun, midpoint, rk4 } from './one-step.ts'
import type { Solver } from './solver.ts'

/** Every way through a grid of times: the jumps of a map, and solvers of its velocity or its diffusion. */
export const solvers = {
  jump,
  renoise,
  bridge,
  transition,
  euler,
  heun,
  midpoint,
  rk4,
  ddim,
  ancestral,
  'dpm++2m': dpm,
  'sde-dpm++2m': sdeDpm,
  'euler-maruyama': eulerMaruyama,
  edm,
  adaptive,
} as const satisfies { readonly [name in SamplingMethod]: unknown }

/** Each solver knows its own options. */
// biome-ignore lint/suspicious/noExplicitAny: they are checked by the row that reads them
export const solverOf = (method: SamplingMethod): Solver<any> => solvers[method] as Solver<any>
