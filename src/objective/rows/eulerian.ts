import { z } from 'zod'
import {
  alphaflow,
  ayfEmd,
  ayfTangent,
  decoupledMeanflow,
  emd,
  emdDiscrete,
  esd,
  esdSpatial,
  imf,
  meanflow,
  soflow,
  soflowByGap,
} from '../eulerian.ts'
import { one, row } from '../objective.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/eulerian.ts'
const boffi2024 = 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507'
const none = z.strictObject({})
const fraction = z.number().gt(0).max(1)

/** `d_s F(x,s,t) + J_x F(x,s,t) . v(x,s) = 0` */
export const eulerianRows = [
  row(
    {
      id: 'emd',
      rule: 'eulerian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: none,
      parts: () => one(emd),
      defaults: { diagonalFraction: 0 },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Eulerian map distillation',
      formula: 'mse(d_s F(x_s,s,t) + J_x F . v_phi(x_s,s))',
      terms: { consistency: '\\| \\partial_s F(x_s,s,t) + \\nabla F(x_s,s,t)\\, v_\\phi(x_s,s) \\|^2' },
      paper: boffi2024,
      publishedCost: 7,
      source,
      code: ['emd'],
      whenToUse: 'When the teacher can only be evaluated on the path itself.',
      trouble: 'Differentiates the Jacobian in space: high variance where the map is steep.',
    },
  ),
  row(
    {
      id: 'emd-discrete',
      rule: 'eulerian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: 'teacher-velocity',
      options: none,
      parts: () => one(emdDiscrete),
      traits: { compares: 'jump', between: true, curved: true },
    },
    {
      name: 'Eulerian map distillation, one Euler step',
      formula: 'xm = x_s + (m-s) v_phi(x_s,s); mse(F(x_s,s,t) - sg[F-(xm,m,t)])',
      terms: { consistency: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(x_m,m,t)] \\|^2' },
      where: ['x_m = x_s + (m-s) v_\\phi(x_s,s)'],
      paper: boffi2024,
      publishedCost: null,
      source,
      code: ['emdDiscrete'],
      whenToUse: 'Consistency distillation to any end time, without derivatives inside the loss.',
      trouble: 'Biased by the Euler step from s to m: second order in s - m, worst for one jump.',
    },
  ),
  row(
    {
      id: 'esd',
      rule: 'eulerian',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: z.strictObject({ spatialGradient: z.boolean().default(false) }),
      parts: ({ spatialGradient }) => one(spatialGradient ? esdSpatial : esd),
      defaults: { weight: 0.1 },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Eulerian self-distillation',
      formula: 'u = sg[V-(x_s,s,s)]; mse(d_s F(x_s,s,t) + sg[J_x F . u])',
      terms: {
        consistency: '\\| \\partial_s F(x_s,s,t) + \\mathrm{sg}[\\nabla F(x_s,s,t)\\, V^-(x_s,s,s)] \\|^2',
      },
      paper: 'Boffi, Albergo & Vanden-Eijnden 2025, arXiv:2505.18825',
      publishedCost: 10,
      costNote: 'counts one joint derivative, where the stopped part is taken apart from the other',
      source,
      code: ['esd', 'esdSpatial'],
      whenToUse:
        'To study the Eulerian rule without a teacher; `spatialGradient` keeps the gradient of J_x F . u.',
      trouble:
        'The noisiest of the self-distillations, and can diverge (ring): use a low weight (0.1), or spatialGradient, which costs less and stabilises it.',
    },
  ),
  row(
    {
      id: 'ayf-emd',
      rule: 'eulerian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: z.strictObject({
        tangentNormalization: z.boolean().default(false),
        c: z.number().positive().default(0.1),
        warmup: annealed(z.number().min(0).max(1)).default(1),
      }),
      parts: options =>
        one(options.tangentNormalization || options.warmup !== 1 ? ayfTangent(options) : ayfEmd),
      defaults: { diagonalFraction: 0, loss: { adaptive: { p: 0.5, c: 1e-2 } }, clip: 1 },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Align Your Flow, Eulerian',
      formula: 'u = v_phi(x_s,s); mse(V(x_s,s,t) - sg[u + (t-s)(d_s V + J_x V . u)])',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[u + (t-s)(\\partial_s V + \\nabla V\\, u)] \\|^2',
      },
      where: ['u = v_\\phi(x_s,s)'],
      paper: 'Sabour, Fidler & Kreis 2025, arXiv:2506.14603',
      publishedCost: 6,
      costNote: 'counts V once more beside the derivative that already gives it',
      source,
      code: ['ayfEmd', 'ayfTangent'],
      whenToUse: 'MeanFlow with a teacher: the same step without the noise of the conditional velocity.',
      trouble:
        'A fixed-point iteration: with fast time features (network.frequencies 8), its tangent grows and may diverge.',
    },
  ),
  row(
    {
      id: 'meanflow',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data'],
      diagonal: null,
      options: none,
      parts: () => one(meanflow),
      defaults: {
        diagonalFraction: 0,
        times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.75 },
        loss: { adaptive: { p: 1, c: 1e-3 } },
        clip: 1,
      },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'MeanFlow',
      formula: 'u = v_cond; mse(V(x_s,s,t) - sg[u + (t-s)(d_s V + J_x V . u)])',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[u + (t-s)(\\partial_s V + \\nabla V\\, u)] \\|^2',
      },
      where: ['u = \\dot x_s'],
      paper: 'Geng et al. 2025, arXiv:2505.13447',
      publishedCost: 4,
      source,
      code: ['meanflow'],
      whenToUse: 'The cheapest step: one derivative, no teacher, no target network, no diagonal term.',
      trouble:
        'Its target is noisy: keep most samples at t = s, clip, and expect the adaptive weight to shift the optimum: after short training, its samples crowd in the middle of the data, which strays do not show.',
    },
  ),
  row(
    {
      id: 'imf',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data'],
      diagonal: null,
      options: none,
      parts: () => one(imf),
      defaults: {
        diagonalFraction: 0,
        times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.5 },
        loss: { adaptive: { p: 1, c: 1e-2 } },
        clip: 1,
      },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Improved MeanFlow',
      formula: 'u = sg[V(x_s,s,s)]; mse(V(x_s,s,t) - (t-s) sg[d_s V + J_x V . u] - v_cond)',
      terms: {
        consistency:
          '\\| V(x_s,s,t) - (t-s)\\,\\mathrm{sg}[\\partial_s V + \\nabla V\\, u] - \\dot x_s \\|^2',
      },
      where: ['u = \\mathrm{sg}[V(x_s,s,s)]'],
      paper: 'Geng et al. 2025, arXiv:2512.02012',
      publishedCost: 5,
      source,
      code: ['imf'],
      whenToUse:
        'MeanFlow as a regression: the tangent follows the model, so the target is the plain velocity.',
      trouble: 'One more forward pass than MeanFlow; early tangents are those of an untrained velocity.',
    },
  ),
  row(
    {
      id: 'dmf',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data'],
      diagonal: null,
      options: none,
      parts: () => [{ name: 'consistency', loss: decoupledMeanflow, plain: true, residual: meanflow }],
      defaults: {
        diagonalFraction: 0,
        times: { law: 'sorted-pair', equal: 0.5 },
        loss: { learned: true },
        clip: 1,
      },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Decoupled MeanFlow',
      formula:
        'r = V(x_s,s,t) - sg[v_cond + (t-s)(d_s V + J_x V . v_cond)]; log(|r|^2 e^-q + 0.01) + q, q(s,t) learned',
      terms: {
        consistency: '\\log\\bigl(e^{-q(s,t)} \\| r \\|^2 + 0.01\\bigr) + q(s,t)',
      },
      where: ['r = V(x_s,s,t) - \\mathrm{sg}[\\dot x_s + (t-s)(\\partial_s V + \\nabla V\\, \\dot x_s)]'],
      paper: 'Lee et al. 2025, arXiv:2510.24474',
      publishedCost: null,
      source,
      code: ['decoupledMeanflow'],
      whenToUse:
        'MeanFlow from a trained velocity whose last blocks receive the target time instead: `network.conditioning decoupled` and `initFrom`.',
      trouble: 'The logarithm keeps outliers from dominating, but moves the optimum if residuals are skewed.',
    },
  ),
  row(
    {
      id: 'alphaflow',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data'],
      diagonal: null,
      options: z.strictObject({
        alpha: annealed(fraction).default({ kind: 'sigmoid', from: 1, to: 0.005 }),
      }),
      parts: ({ alpha }) => one(alphaflow(alpha)),
      defaults: {
        diagonalFraction: 0,
        target: 'student',
        times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.5 },
        loss: { adaptive: { p: 1, c: 1e-3 } },
        clip: 1,
      },
    },
    {
      name: 'AlphaFlow',
      formula:
        'm = a t + (1-a) s, u = v_cond, xm = x_s + (m-s) u; (1/a) mse(V(x_s,s,t) - sg[a u + (1-a) V-(xm,m,t)])',
      terms: { consistency: '\\tfrac1a \\| V(x_s,s,t) - \\mathrm{sg}[a u + (1-a) V^-(x_m,m,t)] \\|^2' },
      where: ['m = a t + (1-a) s', 'x_m = x_s + (m-s) u', 'u = \\dot x_s'],
      paper: 'Zhang et al. 2025, arXiv:2510.20771',
      publishedCost: null,
      source,
      code: ['alphaflow'],
      whenToUse:
        'Interpolates from trajectory flow matching (a = 1) to MeanFlow (a near 0): an easy objective first, the right one last.',
      trouble: 'Biased of second order in a, and float32 noise grows as 1/a: the schedule ends at 0.005.',
    },
  ),
  row(
    {
      id: 'soflow',
      rule: 'eulerian',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: z.strictObject({
        d: annealed(fraction).default({ kind: 'exponential', from: 0.1, to: 0.002 }),
        weighting: z.enum(['none', 'gap']).default('gap'),
      }),
      parts: ({ d, weighting }) => one(weighting === 'gap' ? soflowByGap(d) : soflow(d)),
      traits: ({ weighting }) => ({
        compares: weighting === 'none' ? 'jump' : 'velocity',
        curved: weighting === 'none',
      }),
      defaults: {
        diagonalFraction: 0.75,
        target: 'student',
        times: { law: 'logit-normal', mean: -0.2, deviation: 1 },
        loss: { adaptive: { p: 1, c: 1e-2 } },
        clip: 1,
      },
    },
    {
      name: 'SoFlow',
      formula:
        'u = sg[V(x_s,s,s)], m = s + d (t-s), xm = x_s + (m-s) u; mse(F(x_s,s,t) - sg[F-(xm,m,t)]) / (d (s-t)^2)',
      terms: { consistency: '\\tfrac{1}{d\\,(s-t)^2} \\| F(x_s,s,t) - \\mathrm{sg}[F^-(x_m,m,t)] \\|^2' },
      where: ['m = s + d(t-s)', 'x_m = x_s + (m-s)\\,\\mathrm{sg}[V(x_s,s,s)]'],
      paper: 'Luo et al. 2025, arXiv:2512.15657',
      publishedCost: 7,
      costNote: 'counts the conditional velocity in the place of u, which is an evaluation less',
      source,
      code: ['soflow', 'soflowByGap'],
      whenToUse: 'The Eulerian rule without a teacher and without derivatives inside the loss.',
      trouble:
        'Biased of second order in d; its adaptive weight also biases the diagonal term, and the plain loss (loss.adaptive null) is far better in the plane.',
    },
  ),
]
