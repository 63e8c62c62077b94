import { z } from 'zod'
import { ayfLmd, lmd, lmdDiscrete, lsd, tvmAnchor, tvmTerminal } from '../lagrangian.ts'
import { one, row } from '../objective.ts'

const source = 'src/objective/lagrangian.ts'
const boffi2024 = 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507'
const none = z.strictObject({})

/** `d_t F(x,s,t) = v(F(x,s,t),t)` */
export const lagrangianRows = [
  row(
    {
      id: 'lmd',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: none,
      parts: () => one(lmd),
      defaults: { diagonalFraction: 0 },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Lagrangian map distillation',
      formula: 'mse(d_t F(x_s,s,t) - v_phi(F(x_s,s,t),t))',
      terms: { consistency: '\\| \\partial_t F(x_s,s,t) - v_\\phi(F(x_s,s,t),t) \\|^2' },
      paper: boffi2024,
      publishedCost: 9,
      costNote: 'counts a full backward pass through the teacher, where the one to its input is enough',
      source,
      code: ['lmd'],
      whenToUse: 'Distillation at full accuracy: no target network and no discretisation.',
      trouble:
        'Gradients flow through the teacher, so the teacher must be smooth, and steps include its backward pass.',
    },
  ),
  row(
    {
      id: 'lmd-discrete',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: 'teacher-velocity',
      options: none,
      parts: () => one(lmdDiscrete),
      traits: { compares: 'jump', between: true, curved: true },
    },
    {
      name: 'Lagrangian map distillation, one Euler step',
      formula: 'xm = F-(x_s,s,m); mse(F(x_s,s,t) - sg[xm + (t-m) v_phi(xm,m)])',
      terms: { consistency: '\\| F(x_s,s,t) - \\mathrm{sg}[x_m + (t-m) v_\\phi(x_m,m)] \\|^2' },
      where: ['x_m = F^-(x_s,s,m)'],
      paper: boffi2024,
      publishedCost: null,
      source,
      code: ['lmdDiscrete'],
      whenToUse: 'If you do not want derivatives inside the loss.',
      trouble: 'Biased by the Euler step from m to t: second order in m - t.',
    },
  ),
  row(
    {
      id: 'lsd',
      rule: 'lagrangian',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: none,
      parts: () => one(lsd),
      traits: { differentiatesTime: true, startsAtTarget: true, curved: true },
      defaults: { weight: 0.02 },
    },
    {
      name: 'Lagrangian self-distillation',
      formula: 'mse(d_t F(x_s,s,t) - sg[V-(F(x_s,s,t),t,t)])',
      terms: { consistency: '\\| \\partial_t F(x_s,s,t) - \\mathrm{sg}[V^-(F(x_s,s,t),t,t)] \\|^2' },
      paper: 'Boffi, Albergo & Vanden-Eijnden 2025, arXiv:2505.18825',
      publishedCost: 10,
      source,
      code: ['lsd'],
      whenToUse:
        'The Lagrangian rule from data alone, in one stage; for one jump the recipe one-step is far better at the same compute.',
      trouble:
        'Its residual is a velocity, much larger than a jump error: lower its weight (0.02 on the ring).',
    },
  ),
  row(
    {
      id: 'ayf-lmd',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: none,
      parts: () => one(ayfLmd),
      defaults: { diagonalFraction: 0, loss: { adaptive: { p: 0.5, c: 1e-2 } }, clip: 1 },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Align Your Flow, Lagrangian',
      formula: 'mse(V(x_s,s,t) - sg[v_phi(F(x_s,s,t),t) - (t-s) d_t V(x_s,s,t)])',
      terms: {
        consistency:
          '\\| V(x_s,s,t) - \\mathrm{sg}[v_\\phi(F(x_s,s,t),t) - (t-s)\\,\\partial_t V(x_s,s,t)] \\|^2',
      },
      paper: 'Sabour, Fidler & Kreis 2025, arXiv:2506.14603',
      publishedCost: 6,
      costNote: 'counts V once more beside the derivative that already gives it',
      source,
      code: ['ayfLmd'],
      whenToUse: 'The Lagrangian rule at half the cost of lmd: nothing is differentiated but V itself.',
      trouble:
        'A fixed-point iteration, not a descent: raise the batch or lower the learning rate if it wanders.',
    },
  ),
  row(
    {
      id: 'tvm',
      rule: 'lagrangian',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: null,
      options: z.strictObject({ anchorWeight: z.number().min(0).default(1) }),
      parts: ({ anchorWeight }) => [
        { name: 'terminal', loss: tvmTerminal },
        { name: 'anchor', loss: tvmAnchor, at: 't', weight: anchorWeight },
      ],
      traits: { differentiatesTime: true, startsAtTarget: true, curved: true },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Terminal velocity matching',
      formula:
        'y = x_s + (t-s) sg[V(x_s,s,t)]; mse(d_t F(x_s,s,t) - sg[V-(y,t,t)]) + mse(V(x_t,t,t) - v_cond)',
      terms: {
        terminal: '\\| \\partial_t F(x_s,s,t) - \\mathrm{sg}[V^-(y,t,t)] \\|^2',
        anchor: '\\| V(x_t,t,t) - \\dot x_t \\|^2',
      },
      where: ['y = \\mathrm{sg}[F(x_s,s,t)]'],
      paper: 'Zhou et al. 2025, arXiv:2511.19797',
      publishedCost: 10,
      source,
      code: ['tvmTerminal', 'tvmAnchor'],
      whenToUse:
        'The Lagrangian rule without a teacher, grounded where the jump ends; `anchor.times` gives the anchor its own distribution of times.',
      trouble:
        'As in lsd, its residual is a velocity; gradients flow through the derivative, which costs memory and adds noise.',
    },
  ),
]
