import { z } from 'zod'
import { fmm } from '../flow-map-matching.ts'
import { one, row } from '../objective.ts'
import { midTraining } from '../trajectory.ts'

/** Maps in both directions, and trajectories as data. */
export const otherRows = [
  row(
    {
      id: 'fmm',
      rule: 'compositional',
      setting: 'marginal',
      needs: ['data', 'both-directions'],
      jumps: 'both-ways',
      diagonal: null,
      options: z.strictObject({}),
      parts: () => one(fmm),
      traits: { differentiatesTime: true, compares: 'jump', startsAtTarget: true },
      defaults: {
        diagonalFraction: 0,
        times: { law: 'sorted-uniform', gap: { kind: 'linear', from: 0.25, to: 1, end: 0.5 } },
      },
    },
    {
      name: 'Flow map matching',
      formula: 'y = F(x_s,s,t); mse(d_s F(y,t,s) - v_cond) + mse(F(y,t,s) - x_s)',
      terms: { consistency: '\\| \\partial_s F(y,t,s) - \\dot x_s \\|^2 + \\| F(y,t,s) - x_s \\|^2' },
      where: ['y = F(x_s,s,t)'],
      paper: 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507',
      publishedCost: 9,
      source: 'src/objective/flow-map-matching.ts',
      code: ['fmm'],
      whenToUse: 'A map that also jumps from data to noise: encoding, editing, round trips.',
      trouble: 'Long gaps are hard to learn at once: its gaps grow over training, and few steps beat one.',
    },
  ),
  row(
    {
      id: 'cmt',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['teacher'],
      diagonal: null,
      options: z.strictObject({}),
      parts: () => one(midTraining),
      traits: { compares: 'jump', curved: true },
      coupling: 'trajectory',
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Consistency mid-training',
      formula: 'mse(F(x_s,s,t) - x_t), x_s and x_t on one solved trajectory of the teacher',
      terms: { consistency: '\\| F(x_s,s,t) - x_t \\|^2' },
      where: ['x_t = \\Phi_\\phi(x_s,s,t)'],
      paper: 'Hu et al. 2025, arXiv:2509.24526',
      publishedCost: null,
      source: 'src/objective/trajectory.ts',
      code: ['midTraining'],
      whenToUse:
        'A short training between the velocity and any other objective (--init-from): plain regression, always stable.',
      trouble: 'Only as good as the stored trajectories: their number and the solver limit it.',
    },
  ),
]
