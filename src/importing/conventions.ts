import type { UserConfig } from '../config/index.ts'

/** What a network is shown besides the point: our source time `s`, our target time `t`, or the length of the jump. */
export type TimeInput = 's' | 't' | 'd'

/** How a paper or code base writes a flow, against this package's: noise at `s = 1`, `F(x, s, t) = x + (t-s) V`. */
export interface Convention {
  /** Where it is written down. */
  readonly source: string
  /** Path and update in its own letters. */
  readonly formula: string
  /** What its network is shown, in order, in our letters: `x`, then times. */
  readonly inputs: readonly ['x', ...TimeInput[]]
  /** Its time as an affine function of the one that our network is shown: `offset + factor s`. */
  readonly time: { readonly offset: number; readonly factor: number }
  /** Its output times this is ours. */
  readonly output: number
  /** For data of the deviation that it calls `sigma_data`, which is 0.5 unless told. */
  readonly usesSigmaData?: boolean
  /** What its models are, in the keys of our configuration. */
  readonly config: UserConfig
}

const FORWARD = { offset: 0, factor: 1 }
const BACKWARD = { offset: 1, factor: -1 }

/** Noise at time 0, data at 1: the other end of time, and a velocity of the other sign. */
const fromNoise = { time: BACKWARD, output: -1 } as const

/**
 * The conventions that weights are read in. All are exact but for `consistency`, whose jump ends at the noise level 0.002
 * and not at 0.
 */
export const conventions = {
  oxbow: {
    source: 'this package; Align Your Flow, Sabour et al. 2025, arXiv:2506.14603',
    formula: 'x_s = (1-s) x0 + s eps, F(x, s, t) = x + (t-s) V(x, s, t)',
    inputs: ['x', 's', 't'],
    time: FORWARD,
    output: 1,
    config: { objective: 'lsd' },
  },
  meanflow: {
    source: 'MeanFlow, Geng et al. 2025, arXiv:2505.13447',
    formula: 'z_t = (1-t) x + t eps, z_r = z_t - (t-r) u(z_t, r, t)',
    inputs: ['x', 't', 's'],
    time: FORWARD,
    output: 1,
    config: { objective: 'meanflow' },
  },
  'flow-map': {
    source: 'Flow maps, Boffi et al. 2024 and 2025, arXiv:2406.07507 and arXiv:2505.18825',
    formula: 'I_t = (1-t) eps + t x1, X_{s,t}(x) = x + (t-s) v_{s,t}(x)',
    inputs: ['x', 's', 't'],
    ...fromNoise,
    config: { objective: 'lsd' },
  },
  shortcut: {
    source: 'Shortcut models, Frans et al. 2024, arXiv:2410.12557',
    formula: 'x_t = (1-t) eps + t x1, x_{t+d} = x_t + d s(x_t, t, d)',
    inputs: ['x', 's', 'd'],
    ...fromNoise,
    config: { objective: 'shortcut' },
  },
  'flow-matching': {
    source:
      'Flow Matching Guide, Lipman et al. 2024, arXiv:2412.06264; rectified flow, Liu et al. 2022, arXiv:2209.03003',
    formula: "x_t = (1-t) eps + t x1, x' = v(x, t) = x1 - eps",
    inputs: ['x', 's'],
    ...fromNoise,
    config: { objective: 'flow-matching' },
  },
  diffusers: {
    source: 'diffusers, FlowMatchEulerDiscreteScheduler; Esser et al. 2024, arXiv:2403.03206',
    formula: 'x = (1-sigma) x0 + sigma eps, timestep = 1000 sigma, output eps - x0',
    inputs: ['x', 's'],
    time: { offset: 0, factor: 1000 },
    output: 1,
    config: { objective: 'flow-matching' },
  },
  'diffusers-flow-map': {
    source: 'diffusers, FlowMapEulerDiscreteScheduler; AnyFlow, Gu et al. 2026, arXiv:2605.13724',
    formula: 'timestep = 1000 sigma_t, r_timestep = 1000 sigma_r, z_r = z_t - (sigma_t - sigma_r) u',
    inputs: ['x', 's', 't'],
    time: { offset: 0, factor: 1000 },
    output: 1,
    config: { objective: 'meanflow' },
  },
  edm: {
    source: 'EDM, Karras et al. 2022, arXiv:2206.00364',
    formula: 'x = x0 + sigma eps, D = c_skip x + c_out N(c_in x, ln(sigma)/4)',
    inputs: ['x', 's'],
    time: FORWARD,
    output: 1,
    usesSigmaData: true,
    config: { objective: 'flow-matching', network: { parameterization: 'edm' } },
  },
  consistency: {
    source: 'Consistency models, Song et al. 2023, arXiv:2303.01469',
    formula: 'x = x0 + sigma eps, f = c_skip x + c_out N(c_in x, 1000 ln(sigma)/4), f(x, 0.002) = x',
    inputs: ['x', 's'],
    time: { offset: 0, factor: 1000 },
    output: 1,
    usesSigmaData: true,
    config: { objective: 'ct', network: { parameterization: 'consistency' }, times: { minimum: 0.004 } },
  },
  trigflow: {
    source: 'TrigFlow, Lu & Song 2024, arXiv:2410.11081',
    formula: "x_t = cos(t) x0 + sin(t) sigma_data eps, x' = sigma_data N(x/sigma_data, t)",
    inputs: ['x', 's'],
    time: { offset: 0, factor: Math.PI / 2 },
    output: 1,
    usesSigmaData: true,
    config: { objective: 'flow-matching', interpolant: 'trig', network: { parameterization: 'trigflow' } },
  },
  scm: {
    source: 'sCM, Lu & Song 2024, arXiv:2410.11081',
    formula: 'f(x, t) = cos(t) x - sin(t) sigma_data N(x/sigma_data, t)',
    inputs: ['x', 's'],
    time: { offset: 0, factor: Math.PI / 2 },
    output: 1,
    usesSigmaData: true,
    config: { objective: 'scm', interpolant: 'trig', network: { parameterization: 'trigflow' } },
  },
} as const satisfies Record<string, Convention>

export type ConventionName = keyof typeof conventions
