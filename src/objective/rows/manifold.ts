import { z } from 'zod'
import { meanflowSelf } from '../eulerian.ts'
import { inverseLagrangian } from '../lagrangian.ts'
import { one, row } from '../objective.ts'

const woo2026 = 'Woo et al. 2026, arXiv:2602.07744'
const none = z.strictObject({})

/** Rows that were first written for curved spaces and hold in flat ones too; others go by further names there, see `aliases`. */
export const manifoldRows = [
  row(
    {
      id: 'rmf-self',
      rule: 'eulerian',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: none,
      parts: () => one(meanflowSelf),
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Riemannian MeanFlow along its own velocity',
      formula: 'u = sg[V(x_s,s,s)]; mse(V(x_s,s,t) - sg[(t-s) DV + H_y u])',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[(t-s)\\, D V + H_y u] \\|^2',
      },
      where: ['u = \\mathrm{sg}[V(x_s,s,s)]', 'y = F(x_s,s,t)'],
      paper: woo2026,
      publishedCost: null,
      source: 'src/objective/eulerian.ts',
      code: ['meanflowSelf'],
      whenToUse: 'MeanFlow without the noise of the conditional velocity, if there is no teacher.',
      trouble: 'Its tangent is as wrong as its velocity: give the diagonal term a large part of the batch.',
    },
  ),
  row(
    {
      id: 'lmf-inverse',
      rule: 'lagrangian',
      setting: 'marginal',
      needs: ['data', 'both-directions'],
      jumps: 'both-ways',
      diagonal: null,
      options: none,
      parts: () => one(inverseLagrangian),
      traits: { differentiatesTime: true, startsAtTarget: true, curved: true },
      defaults: { diagonalFraction: 0, times: { law: 'sorted-uniform', equal: 0.25 } },
    },
    {
      name: 'Lagrangian MeanFlow by the inverse jump',
      formula:
        'x_t on the path; x_s = sg[F(x_t,t,s)]; mse(dexp_{x_s}(V(x_s,s,t) + sg[(t-s) d_t V]) - v_cond(t))',
      terms: {
        consistency:
          '\\| d\\exp_{x_s}\\!\\big(V(x_s,s,t) + \\mathrm{sg}[(t-s)\\,\\partial_t V]\\big) - \\dot x_t \\|^2',
      },
      where: ['x_s = \\mathrm{sg}[F(x_t,t,s)]'],
      paper: woo2026,
      publishedCost: null,
      source: 'src/objective/lagrangian.ts',
      code: ['inverseLagrangian'],
      whenToUse: 'A map that also jumps from data to noise, with the Lagrangian rule and without a teacher.',
      trouble: 'Its noisy points come from its own inverse, which is wrong at first.',
    },
  ),
]
