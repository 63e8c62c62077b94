import { z } from 'zod'
import { psdMap } from '../compositional.ts'
import { fmm } from '../flow-map-matching.ts'
import { one, row } from '../objective.ts'
import { rewardOf, rewardSchema } from '../reward.ts'
import { rewardBackprop } from '../reward-training.ts'
import { annealed } from '../schedule.ts'
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
      trouble: 'Long gaps are hard to learn at once, so gaps grow during training, and a few steps beat one.',
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
        'A short phase between the velocity and any other objective (--init-from): plain regression, always stable.',
      trouble: 'Only as good as the stored trajectories: their number and the solver limit it.',
    },
  ),
  row(
    {
      id: 'reward-backprop',
      rule: 'compositional',
      setting: 'distillation',
      needs: ['data', 'flow-map-teacher'],
      diagonal: null,
      options: z.strictObject({
        beta: annealed(z.number()).default(1),
        reward: rewardSchema.prefault({}),
        leash: annealed(z.number().min(0)).default(0.1),
        by: z.enum(['l2', 'kl']).default('l2'),
        semigroup: z.number().min(0).default(1),
      }),
      parts: ({ beta, reward, leash, by, semigroup }) => [
        { name: 'reward', loss: rewardBackprop(beta, rewardOf(reward), leash, by), at: 's', plain: true },
        ...(semigroup > 0 ? [{ name: 'semigroup', loss: psdMap, weight: semigroup }] : []),
      ],
      traits: ({ by, semigroup }) => ({
        compares: 'jump',
        ...(by === 'kl' && { draws: ['noise'] as const, interpolant: 'linear' as const }),
        between: semigroup > 0,
      }),
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Reward backpropagation',
      formula:
        '-beta mean r(F(eps,1,0)) + leash mean |F(eps,1,0) - F_base(eps,1,0)|^2, or leash E (1-s)/s |V(x_s,s,s) - v_base|^2',
      terms: {
        reward:
          '-\\beta\\, r(F(\\epsilon,1,0)) + \\lambda \\| F(\\epsilon,1,0) - F_{\\mathrm{base}}(\\epsilon,1,0) \\|^2',
        semigroup: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(F^-(x_s,s,m),m,t)] \\|^2',
      },
      paper: 'Xu et al. 2023, arXiv:2304.05977; Clark et al. 2024, arXiv:2309.17400',
      publishedCost: null,
      source: 'src/objective/reward-training.ts',
      code: ['rewardBackprop'],
      whenToUse:
        'To raise a reward that has a gradient in a few hundred steps, if the result need not be the tilted distribution: keep the leash, and stop early.',
      trouble:
        'Does not sample the tilted distribution: without a leash, the reward exceeds that of the tilt and samples collapse to one place; a leash on points leaves samples between modes, and one on velocities hardly constrains a single jump.',
    },
  ),
]
