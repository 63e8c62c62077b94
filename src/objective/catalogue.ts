import { z } from 'zod'
import { psdMap, psdMidpoint, psdVelocity } from './compositional.ts'
import { flowMatching, teacherVelocity } from './diagonal.ts'
import { emd, emdDiscrete, esd, esdSpatial, meanflow } from './eulerian.ts'
import { lmd, lmdDiscrete, lsd } from './lagrangian.ts'
import type { Loss } from './loss.ts'
import type { TimeLawName, TimeOptions } from './times.ts'

export type Rule = 'diagonal' | 'compositional' | 'lagrangian' | 'eulerian'
export type Setting = 'distillation' | 'self-distillation' | 'marginal' | 'velocity'
export type DiagonalId = 'flow-matching' | 'teacher-velocity'

/**
 * The jumps `s -> t` that a map is trained for: `any` towards data (`t < s`), only those that end at data (`to-data`,
 * `t = 0`), only those that begin at noise (`from-noise`, `s = 1`), or towards data and towards noise (`both-ways`).
 */
export type Jumps = 'any' | 'to-data' | 'from-noise' | 'both-ways'

/** What a run takes from the objective where the user says nothing. */
export interface ObjectiveDefaults {
  /** Weight of the consistency term. */
  readonly weight?: number
  /** Part of the batch that trains the diagonal. */
  readonly diagonalFraction?: number
  readonly times?: { readonly law: TimeLawName } & TimeOptions
  readonly adaptive?: { readonly p: number; readonly c: number }
  readonly clip?: number
}

/** One row of the catalogue. */
export interface Objective<O = unknown> {
  readonly id: string
  readonly name: string
  readonly rule: Rule
  readonly setting: Setting
  readonly formula: string
  readonly tex: string
  readonly paper: string
  /** What training needs beside noise. */
  readonly needs: readonly ('data' | 'teacher')[]
  /** One step's cost in forward passes as the literature counts it (diagonal included); `null` where it gives none. */
  readonly publishedCost: number | null
  /** Where the formula stands in the source. */
  readonly source: string
  readonly whenToUse: string
  readonly trouble: string
  /** The diagonal term trained beside it, or `null` where none is needed. */
  readonly diagonal: DiagonalId | null
  readonly options: z.ZodType<O>
  /** The consistency term, or `null` for a row that is only a diagonal term. */
  readonly loss: ((options: O) => Loss) | null
  /** Default `any`. Says nothing of a row that is only a diagonal term, whose velocity can be followed anywhere. */
  readonly jumps?: Jumps
  readonly defaults: ObjectiveDefaults
}

const noOptions = z.strictObject({})
const SPACES = { map: psdMap, velocity: psdVelocity, midpoint: psdMidpoint } as const

/** Keeps each row's option type while it is written down. */
const row = <O>(objective: Objective<O>): Objective => objective as Objective

const boffi2024 = 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507'
const boffi2025 = 'Boffi, Albergo & Vanden-Eijnden 2025, arXiv:2505.18825'

const list: readonly Objective[] = [
  row({
    id: 'flow-matching',
    name: 'Flow matching',
    rule: 'diagonal',
    setting: 'velocity',
    formula: 'mse(V(x_s,s,s) - v_cond)',
    tex: '\\| V(x_s,s,s) - \\dot x_s \\|^2',
    paper: 'Lipman et al. 2023, arXiv:2210.02747',
    needs: ['data'],
    publishedCost: null,
    source: 'src/objective/diagonal.ts',
    whenToUse: 'To train a velocity: a teacher for distillation, or the baseline sampled with Euler or Heun.',
    trouble: 'Needs many steps to sample: one Euler step gives the mean of the data.',
    diagonal: 'flow-matching',
    options: noOptions,
    loss: null,
    defaults: { diagonalFraction: 1 },
  }),
  row({
    id: 'teacher-velocity',
    name: 'Velocity distillation',
    rule: 'diagonal',
    setting: 'distillation',
    formula: 'mse(V(x_s,s,s) - v_phi(x_s,s))',
    tex: '\\| V(x_s,s,s) - v_\\phi(x_s,s) \\|^2',
    paper: boffi2024,
    needs: ['data', 'teacher'],
    publishedCost: null,
    source: 'src/objective/diagonal.ts',
    whenToUse: 'As the diagonal term of a distillation; lower variance than flow matching.',
    trouble: 'Inherits every error of the teacher.',
    diagonal: 'teacher-velocity',
    options: noOptions,
    loss: null,
    defaults: { diagonalFraction: 1 },
  }),
  row({
    id: 'psd',
    name: 'Progressive self-distillation',
    rule: 'compositional',
    setting: 'self-distillation',
    formula: 'mse(F(x_s,s,t) - sg[F-(F-(x_s,s,m),m,t)])',
    tex: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(F^-(x_s,s,m),m,t)] \\|^2',
    paper: boffi2025,
    needs: ['data'],
    publishedCost: 8,
    source: 'src/objective/compositional.ts',
    whenToUse:
      'The safe first choice without a teacher: no derivatives inside the loss, stable at any weight.',
    trouble: 'Errors of short jumps are copied into long ones; learns slowly from fine to coarse.',
    diagonal: 'flow-matching',
    options: z.strictObject({ space: z.enum(['map', 'velocity', 'midpoint']).default('map') }),
    loss: ({ space }) => SPACES[space],
    defaults: {},
  }),
  row({
    id: 'semigroup',
    name: 'Semigroup distillation',
    rule: 'compositional',
    setting: 'distillation',
    formula: 'mse(F(x_s,s,t) - sg[F-(F-(x_s,s,m),m,t)]) + mse(V(x_s,s,s) - v_phi(x_s,s))',
    tex: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(F^-(x_s,s,m),m,t)] \\|^2 + \\| V(x_s,s,s) - v_\\phi(x_s,s) \\|^2',
    paper: boffi2024,
    needs: ['data', 'teacher'],
    publishedCost: null,
    source: 'src/objective/compositional.ts',
    whenToUse: 'With a teacher at hand: the most even quality over step counts on the ring.',
    trouble: 'Inherits every error of the teacher.',
    diagonal: 'teacher-velocity',
    options: z.strictObject({ space: z.enum(['map', 'velocity', 'midpoint']).default('map') }),
    loss: ({ space }) => SPACES[space],
    defaults: {},
  }),
  row({
    id: 'lmd',
    name: 'Lagrangian map distillation',
    rule: 'lagrangian',
    setting: 'distillation',
    formula: 'mse(d_t F(x_s,s,t) - v_phi(F(x_s,s,t),t))',
    tex: '\\| \\partial_t F(x_s,s,t) - v_\\phi(F(x_s,s,t),t) \\|^2',
    paper: boffi2024,
    needs: ['data', 'teacher'],
    publishedCost: 9,
    source: 'src/objective/lagrangian.ts',
    whenToUse: 'Distillation at full accuracy: no target network and no discretisation.',
    trouble:
      'Differentiates through the teacher, so the teacher must be smooth and its graph is trained through.',
    diagonal: null,
    options: noOptions,
    loss: () => lmd,
    defaults: { diagonalFraction: 0 },
  }),
  row({
    id: 'lmd-discrete',
    name: 'Lagrangian map distillation, one Euler step',
    rule: 'lagrangian',
    setting: 'distillation',
    formula: 'xm = F-(x_s,s,m); mse(F(x_s,s,t) - sg[xm + (t-m) v_phi(xm,m)])',
    tex: '\\| F(x_s,s,t) - \\mathrm{sg}[x_m + (t-m) v_\\phi(x_m,m)] \\|^2,\\; x_m = F^-(x_s,s,m)',
    paper: boffi2024,
    needs: ['data', 'teacher'],
    publishedCost: null,
    source: 'src/objective/lagrangian.ts',
    whenToUse: 'Where derivatives inside the loss are not wanted.',
    trouble: 'Biased by the Euler step from m to t: second order in m - t.',
    diagonal: 'teacher-velocity',
    options: noOptions,
    loss: () => lmdDiscrete,
    defaults: {},
  }),
  row({
    id: 'lsd',
    name: 'Lagrangian self-distillation',
    rule: 'lagrangian',
    setting: 'self-distillation',
    formula: 'mse(d_t F(x_s,s,t) - sg[V-(F(x_s,s,t),t,t)])',
    tex: '\\| \\partial_t F(x_s,s,t) - \\mathrm{sg}[V^-(F(x_s,s,t),t,t)] \\|^2',
    paper: boffi2025,
    needs: ['data'],
    publishedCost: 10,
    source: 'src/objective/lagrangian.ts',
    whenToUse: 'The most accurate single jumps without a teacher.',
    trouble:
      'Its residual is a velocity, much larger than a jump error: lower its weight (0.02 on the ring).',
    diagonal: 'flow-matching',
    options: noOptions,
    loss: () => lsd,
    defaults: { weight: 0.02 },
  }),
  row({
    id: 'emd',
    name: 'Eulerian map distillation',
    rule: 'eulerian',
    setting: 'distillation',
    formula: 'mse(d_s F(x_s,s,t) + J_x F . v_phi(x_s,s))',
    tex: '\\| \\partial_s F(x_s,s,t) + \\nabla F(x_s,s,t)\\, v_\\phi(x_s,s) \\|^2',
    paper: boffi2024,
    needs: ['data', 'teacher'],
    publishedCost: 7,
    source: 'src/objective/eulerian.ts',
    whenToUse: 'When the teacher can only be evaluated on the path itself.',
    trouble: 'Differentiates the Jacobian in space: high variance where the map is steep.',
    diagonal: null,
    options: noOptions,
    loss: () => emd,
    defaults: { diagonalFraction: 0 },
  }),
  row({
    id: 'emd-discrete',
    name: 'Eulerian map distillation, one Euler step',
    rule: 'eulerian',
    setting: 'distillation',
    formula: 'xm = x_s + (m-s) v_phi(x_s,s); mse(F(x_s,s,t) - sg[F-(xm,m,t)])',
    tex: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(x_m,m,t)] \\|^2,\\; x_m = x_s + (m-s) v_\\phi(x_s,s)',
    paper: boffi2024,
    needs: ['data', 'teacher'],
    publishedCost: null,
    source: 'src/objective/eulerian.ts',
    whenToUse: 'Consistency distillation to any end time, without derivatives inside the loss.',
    trouble: 'Biased by the Euler step from s to m: second order in s - m, worst for one jump.',
    diagonal: 'teacher-velocity',
    options: noOptions,
    loss: () => emdDiscrete,
    defaults: {},
  }),
  row({
    id: 'esd',
    name: 'Eulerian self-distillation',
    rule: 'eulerian',
    setting: 'self-distillation',
    formula: 'u = sg[V-(x_s,s,s)]; mse(d_s F(x_s,s,t) + sg[J_x F . u])',
    tex: '\\| \\partial_s F(x_s,s,t) + \\mathrm{sg}[\\nabla F(x_s,s,t)\\, V^-(x_s,s,s)] \\|^2',
    paper: boffi2025,
    needs: ['data'],
    publishedCost: 10,
    source: 'src/objective/eulerian.ts',
    whenToUse:
      'To study the Eulerian rule without a teacher; `spatialGradient` keeps the gradient of J_x F . u.',
    trouble: 'The noisiest of the self-distillations: use a low weight (0.1) and part of the batch.',
    diagonal: 'flow-matching',
    options: z.strictObject({ spatialGradient: z.boolean().default(false) }),
    loss: ({ spatialGradient }) => (spatialGradient ? esdSpatial : esd),
    defaults: { weight: 0.1 },
  }),
  row({
    id: 'meanflow',
    name: 'MeanFlow',
    rule: 'eulerian',
    setting: 'marginal',
    formula: 'u = v_cond; mse(V(x_s,s,t) - sg[u + (t-s)(d_s V + J_x V . u)])',
    tex: '\\| V(x_s,s,t) - \\mathrm{sg}[u + (t-s)(\\partial_s V + \\nabla V\\, u)] \\|^2,\\; u = \\dot x_s',
    paper: 'Geng et al. 2025, arXiv:2505.13447',
    needs: ['data'],
    publishedCost: 4,
    source: 'src/objective/eulerian.ts',
    whenToUse: 'The cheapest step: one derivative, no teacher, no target network, no diagonal term.',
    trouble:
      'Its target is noisy: keep most samples at t = s, clip, and expect the adaptive weight to shift the optimum.',
    diagonal: null,
    options: noOptions,
    loss: () => meanflow,
    defaults: {
      diagonalFraction: 0,
      times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.75 },
      adaptive: { p: 1, c: 1e-3 },
      clip: 1,
    },
  }),
]

/** Every objective by its id. */
export const objectives: ReadonlyMap<string, Objective> = new Map(
  list.map(objective => [objective.id, objective]),
)

/** The diagonal terms by id. */
export const diagonals: Readonly<Record<DiagonalId, Loss>> = {
  'flow-matching': flowMatching,
  'teacher-velocity': teacherVelocity,
}
