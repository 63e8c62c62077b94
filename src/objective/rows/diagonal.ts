import { z } from 'zod'
import { denoise } from '../denoise.ts'
import { type DenoiseWeighting, denoiseWeights } from '../denoise-weights.ts'
import { flowMatching, guidanceFree, teacherVelocity, tiltMatching } from '../diagonal.ts'
import { row } from '../objective.ts'
import { rewardOf, rewardSchema } from '../reward.ts'
import { metaFinetuning, posteriorTilt } from '../reward-training.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/diagonal.ts'

/** Terms at `s = t`: they ground the velocity. */
export const diagonalRows = [
  row(
    {
      id: 'flow-matching',
      rule: 'diagonal',
      setting: 'velocity',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: z.strictObject({}),
      parts: null,
      grounds: () => flowMatching,
      defaults: { diagonalFraction: 1 },
      traits: { curved: true },
    },
    {
      name: 'Flow matching',
      formula: 'mse(V(x_s,s,s) - v_cond)',
      terms: { diagonal: '\\| V(x_s,s,s) - \\dot x_s \\|^2' },
      paper: 'Lipman et al. 2023, arXiv:2210.02747',
      publishedCost: null,
      source,
      code: ['flowMatching'],
      whenToUse:
        'To train a velocity: a teacher for distillation, or the baseline sampled with Euler or Heun.',
      trouble: 'Needs many steps to sample: one Euler step gives the mean of the data.',
    },
  ),
  row(
    {
      id: 'denoise',
      rule: 'diagonal',
      setting: 'velocity',
      needs: ['data'],
      diagonal: 'denoise',
      options: z.strictObject({
        weighting: z.enum(Object.keys(denoiseWeights) as [DenoiseWeighting]).default('none'),
        gamma: z.number().positive().default(5),
      }),
      parts: null,
      grounds: ({ weighting, gamma }) => denoise(weighting, gamma),
      // Samplers ask near the data, where an error of x0 counts most.
      defaults: { diagonalFraction: 1, times: { minimum: 0.001 } },
      traits: { predicts: true },
    },
    {
      name: 'Denoising',
      formula: 'w(s) mse(N(x_s,s) - p(x0, eps)), p what network.predicts says',
      terms: { diagonal: 'w(s)\\, \\| N(x_s,s) - p(x_0,\\epsilon) \\|^2' },
      where: ['p \\in \\{ \\dot x_s, x_0, \\epsilon, -\\epsilon/\\sigma, \\alpha\\epsilon - \\sigma x_0 \\}'],
      paper: 'Ho, Jain & Abbeel 2020, arXiv:2006.11239',
      publishedCost: null,
      source: 'src/objective/denoise.ts',
      code: ['denoise'],
      whenToUse:
        'The diffusion baselines: DDPM, score SDE, EDM. The velocity of any prediction is a teacher for the flow maps.',
      trouble:
        'Predicting the noise says nothing about the data where the path is pure noise; predicting x0 multiplies its error by 1/sigma near the data.',
    },
  ),
  row(
    {
      id: 'gft',
      rule: 'diagonal',
      setting: 'velocity',
      needs: ['data'],
      diagonal: 'gft',
      options: z.strictObject({}),
      parts: null,
      grounds: () => guidanceFree,
      defaults: { diagonalFraction: 1, guidance: 'gft' },
      traits: { curved: true },
    },
    {
      name: 'Guidance-free training',
      formula: 'mse(V(x_s,s,s,c,w)/w + (1 - 1/w) sg[V(x_s,s,s,0,1)] - v_cond)',
      terms: {
        diagonal:
          '\\| \\tfrac1w V(x_s,s,s,c,w) + (1-\\tfrac1w)\\,\\mathrm{sg}[V(x_s,s,s,\\varnothing,1)] - \\dot x_s \\|^2',
      },
      paper: 'Chen et al. 2025, arXiv:2501.15420',
      publishedCost: null,
      source,
      code: ['guidanceFree'],
      whenToUse:
        'A velocity with built-in guidance, at any scale and with one evaluation per step: trained from scratch, or fine-tuned from a conditional run.',
      trouble:
        'Needs a network with the scale as an input; residuals are divided by the scale, so large scales count less.',
    },
  ),
  row(
    {
      id: 'teacher-velocity',
      rule: 'diagonal',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: 'teacher-velocity',
      options: z.strictObject({}),
      parts: null,
      grounds: () => teacherVelocity,
      defaults: { diagonalFraction: 1 },
      traits: { curved: true },
    },
    {
      name: 'Velocity distillation',
      formula: 'mse(V(x_s,s,s) - v_phi(x_s,s))',
      terms: { diagonal: '\\| V(x_s,s,s) - v_\\phi(x_s,s) \\|^2' },
      paper: 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507',
      publishedCost: null,
      source,
      code: ['teacherVelocity'],
      whenToUse: 'As the diagonal term of a distillation; lower variance than flow matching.',
      trouble: 'Inherits every error of the teacher.',
    },
  ),
  row(
    {
      id: 'itm',
      rule: 'diagonal',
      setting: 'distillation',
      needs: ['teacher'],
      diagonal: 'itm',
      options: z.strictObject({
        beta: annealed(z.number()).default(1),
        reward: rewardSchema.prefault({}),
        draw: z.enum(['path', 'posterior']).default('path'),
        center: z.union([z.boolean(), z.number()]).default(false),
      }),
      parts: null,
      grounds: ({ beta, reward, draw, center }) =>
        (draw === 'path' ? tiltMatching : posteriorTilt)(beta, rewardOf(reward), center),
      traits: ({ draw }) =>
        draw === 'posterior'
          ? { conditionalMean: true, draws: ['noise'], posterior: true, interpolant: 'linear' }
          : { conditionalMean: true, freshNoise: true, curved: true },
      defaults: { diagonalFraction: 1, coupling: 'samples' },
    },
    {
      name: 'Implicit tilt matching',
      formula: 'mse(V(x_s,s,s) - sg[v_phi(x_s,s) + (exp(beta (r(x0) - c)) - 1)(v_cond - V(x_s,s,s))])',
      terms: {
        diagonal:
          '\\| V(x_s,s,s) - \\mathrm{sg}[v_\\phi(x_s,s) + (e^{\\beta (r(x_0) - c)} - 1)(\\dot x_s - V(x_s,s,s))] \\|^2',
      },
      paper: 'Potaptchik et al. 2025, arXiv:2512.21829',
      publishedCost: null,
      source,
      code: ['tiltMatching'],
      whenToUse:
        'To tilt a velocity towards a reward, p(x) exp(beta r(x)), in one stage and without reward gradients.',
      trouble:
        'The weight exp(beta r) has a high variance for a large beta: increase beta during training or in stages, and subtract a constant (options.center).',
    },
  ),
  row(
    {
      id: 'mfm-ft',
      rule: 'diagonal',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: 'mfm-ft',
      options: z.strictObject({
        beta: annealed(z.number()).default(1),
        reward: rewardSchema.prefault({}),
      }),
      parts: null,
      grounds: ({ beta, reward }) => metaFinetuning(beta, rewardOf(reward)),
      traits: { conditionalMean: true, draws: ['noise'], posterior: true, interpolant: 'linear' },
      defaults: { diagonalFraction: 1 },
    },
    {
      name: 'Meta flow map finetuning',
      formula:
        'w = exp(beta r(G(e,1,0|x_s,s))); mse(V(x_s,s,s) - sg[v_phi - (w - 1)(V - v_phi) - s/(1-s) grad_x w])',
      terms: {
        diagonal:
          '\\| V(x_s,s,s) - \\mathrm{sg}[v_\\phi - (w-1)(V - v_\\phi) - \\tfrac{s}{1-s} \\nabla_x w] \\|^2',
      },
      where: ['w = e^{\\beta r(G(e,1,0\\mid x_s,s))}'],
      paper: 'Meta flow maps 2026, arXiv:2601.14430',
      publishedCost: null,
      source: 'src/objective/reward-training.ts',
      code: ['metaFinetuning', 'posteriorTilt'],
      whenToUse:
        'To tilt a velocity towards a reward that has a gradient, from points of any distribution: one posterior sample per step gives the right mean.',
      trouble:
        'Needs posterior samples (data given a noisy point) that are differentiable in that point; exp(beta r) and its gradient have a high variance for a large beta.',
    },
  ),
  row(
    {
      id: 'reflow',
      rule: 'diagonal',
      setting: 'distillation',
      needs: ['teacher'],
      diagonal: 'flow-matching',
      options: z.strictObject({}),
      parts: null,
      coupling: 'reflow',
      defaults: { diagonalFraction: 1 },
      traits: { curved: true },
    },
    {
      name: 'Rectified flow, another round',
      formula: "mse(V(x_s,s,s) - v_cond), x0 = the end of the teacher's trajectory from eps",
      terms: { diagonal: '\\| V(x_s,s,s) - \\dot x_s \\|^2' },
      where: ['x_0 = \\Phi_\\phi(\\epsilon, 1, 0)'],
      paper: 'Liu, Gong & Liu 2023, arXiv:2209.03003',
      publishedCost: null,
      source,
      code: ['flowMatching'],
      whenToUse:
        'To straighten a velocity, repeatedly if the straightened one is used as the teacher. With any other objective: coupling.kind reflow.',
      trouble: 'Each round adds the error of the teacher and of its solver.',
    },
  ),
]
