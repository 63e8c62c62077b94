import { z } from 'zod'
import { networkOf } from '../../model/index.ts'
import {
  boot,
  bootBoundary,
  bootResidual,
  freeflowAuxiliary,
  freeflowCorrection,
  freeflowPrediction,
  pid,
} from '../data-free.ts'
import { one, row } from '../objective.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/data-free.ts'
const step = z.number().gt(0).max(0.5).default(5e-3)

/** The Lagrangian rule from pure noise, `s = 1`. */
export const dataFreeRows = [
  row(
    {
      id: 'pid',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['teacher'],
      jumps: 'from-noise',
      diagonal: null,
      options: z.strictObject({ h: step }),
      parts: ({ h }) => one(pid(h)),
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Physics-informed distillation',
      formula: 'mse(V(eps,1,t) + (t-1) D_t V(eps,1,t) - sg[v_phi(F(eps,1,t),t)])',
      terms: {
        consistency:
          '\\| V(\\epsilon,1,t) + (t-1) D_t V(\\epsilon,1,t) - \\mathrm{sg}[v_\\phi(F(\\epsilon,1,t),t)] \\|^2',
      },
      paper: 'Tee et al. 2024, arXiv:2411.08378',
      publishedCost: 7,
      costNote: 'counts a one-sided difference, whose second value is V itself; the central one takes two',
      source,
      code: ['pid'],
      whenToUse: 'One-jump distillation with neither data nor derivatives inside the loss.',
      trouble:
        'Only jumps from pure noise are trained; the finite difference amplifies float32 noise below h = 0.001.',
    },
  ),
  row(
    {
      id: 'boot',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['teacher'],
      jumps: 'from-noise',
      diagonal: null,
      options: z.strictObject({
        delta: z.number().gt(0).max(0.5).default(0.05),
        boundary: z.number().min(0).default(0.1),
      }),
      parts: ({ delta, boundary }) => [
        { name: 'bootstrap', loss: boot(delta), residual: bootResidual(delta) },
        { name: 'boundary', loss: bootBoundary, weight: boundary },
      ],
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'BOOT',
      formula:
        'mse(V(eps,1,t-d) - sg[V - d (V - v_phi(F,t))/(1-t)])/d^2 + b mse(V(eps,1,1) - v_phi(eps,1)), V and F at t',
      terms: {
        bootstrap:
          '\\tfrac1{\\delta^2} \\| V(\\epsilon,1,t-\\delta) - \\mathrm{sg}\\big[V - \\delta\\, \\tfrac{V - v_\\phi(F,t)}{1-t}\\big] \\|^2',
        boundary: '\\| V(\\epsilon,1,1) - v_\\phi(\\epsilon,1) \\|^2',
      },
      where: ['V = V(\\epsilon,1,t)', 'F = F(\\epsilon,1,t)'],
      paper: 'Gu et al. 2023, arXiv:2306.05544',
      publishedCost: 9,
      source,
      code: ['boot', 'bootBoundary', 'bootResidual'],
      whenToUse:
        'Distillation without data and without derivatives: each time learns from the one a step closer to the noise, starting at the noise.',
      trouble:
        'Errors near the noise are copied to all later times, and steps of delta add their own error; only jumps from pure noise are trained.',
    },
  ),
  row(
    {
      id: 'freeflow',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['teacher'],
      jumps: 'from-noise',
      diagonal: null,
      options: z.strictObject({
        h: step,
        correctionWeight: annealed(z.number().min(0)).default({
          kind: 'linear',
          from: 0,
          to: 0.02,
          start: 0.1,
          end: 0.4,
        }),
      }),
      parts: ({ h, correctionWeight }) => [
        { name: 'prediction', loss: freeflowPrediction(h) },
        { name: 'correction', loss: freeflowCorrection, weight: correctionWeight, plain: true },
        { name: 'auxiliary', loss: freeflowAuxiliary, plain: true },
      ],
      traits: { draws: ['noise', 'r'], interpolant: 'linear' },
      // A velocity of the map's size.
      players: [
        {
          name: 'auxiliary',
          title: 'auxiliary velocity',
          learns: "the velocity of the map's own samples",
          network: (config, point) => networkOf({ ...config, conditioning: 's' }, point),
        },
      ],
      defaults: { diagonalFraction: 0, loss: { adaptive: { p: 1, c: 1e-3 } }, clip: 1 },
    },
    {
      name: 'FreeFlow',
      formula:
        'mse(V(eps,1,t) - sg[v_phi(F(eps,1,t),t) - (t-1) D_t V(eps,1,t)]) + w <x, sg[v_phi(z,r) - v_aux(z,r)]>, x = F(eps,1,0), z = sg[(1-r) x + r n]',
      terms: {
        prediction:
          '\\| V(\\epsilon,1,t) - \\mathrm{sg}[v_\\phi(F(\\epsilon,1,t),t) - (t-1) D_t V(\\epsilon,1,t)] \\|^2',
        correction: '\\langle x, \\mathrm{sg}[v_\\phi(z,r) - v_{\\mathrm{aux}}(z,r)] \\rangle',
        auxiliary: '\\| v_{\\mathrm{aux}}(z,r) - (n - \\mathrm{sg}[x]) \\|^2',
      },
      where: ['x = F(\\epsilon,1,0)', 'z = \\mathrm{sg}[(1-r) x + r n]'],
      tex: '\\| V(\\epsilon,1,t) - \\mathrm{sg}[v_\\phi(F(\\epsilon,1,t),t) - (t-1) D_t V(\\epsilon,1,t)] \\|^2 + w \\langle x, \\mathrm{sg}[v_\\phi(z,r) - v_{\\mathrm{aux}}(z,r)] \\rangle,\\; x = F(\\epsilon,1,0),\\; z = \\mathrm{sg}[(1-r) x + r n]',
      paper: 'Tong et al. 2025, arXiv:2511.19428',
      publishedCost: 12,
      costNote: 'counts a one-sided difference, whose second value is V itself; the central one takes two',
      source,
      code: ['freeflowPrediction', 'freeflowCorrection', 'freeflowAuxiliary'],
      whenToUse: 'Distillation without data whose samples are also corrected as a distribution.',
      trouble:
        'The correction is only as good as the auxiliary velocity, which is trained at the same time: let it start late and small.',
    },
  ),
]
