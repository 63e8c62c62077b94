import { z } from 'zod'
import { row } from '../objective.ts'
import { rewardSchema } from '../reward.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/diagonal.ts'

/** Terms at `s = t`: they ground the velocity. */
export const diagonalRows = [
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
    source,
    code: ['flowMatching'],
    whenToUse: 'To train a velocity: a teacher for distillation, or the baseline sampled with Euler or Heun.',
    trouble: 'Needs many steps to sample: one Euler step gives the mean of the data.',
    diagonal: 'flow-matching',
    options: z.strictObject({}),
    parts: null,
    defaults: { diagonalFraction: 1 },
  }),
  row({
    id: 'teacher-velocity',
    name: 'Velocity distillation',
    rule: 'diagonal',
    setting: 'distillation',
    formula: 'mse(V(x_s,s,s) - v_phi(x_s,s))',
    tex: '\\| V(x_s,s,s) - v_\\phi(x_s,s) \\|^2',
    paper: 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507',
    needs: ['data', 'teacher'],
    publishedCost: null,
    source,
    code: ['teacherVelocity'],
    whenToUse: 'As the diagonal term of a distillation; lower variance than flow matching.',
    trouble: 'Inherits every error of the teacher.',
    diagonal: 'teacher-velocity',
    options: z.strictObject({}),
    parts: null,
    defaults: { diagonalFraction: 1 },
  }),
  row({
    id: 'itm',
    name: 'Implicit tilt matching',
    rule: 'diagonal',
    setting: 'distillation',
    formula: 'mse(V(x_s,s,s) - sg[v_phi(x_s,s) + (exp(beta r(x0)) - 1)(v_cond - V(x_s,s,s))])',
    tex: '\\| V(x_s,s,s) - \\mathrm{sg}[v_\\phi(x_s,s) + (e^{\\beta r(x_0)} - 1)(\\dot x_s - V(x_s,s,s))] \\|^2',
    paper: 'Potaptchik et al. 2025, arXiv:2512.21829',
    needs: ['teacher'],
    publishedCost: null,
    source,
    code: ['tiltMatching'],
    whenToUse:
      'To tilt a velocity towards a reward, p(x) exp(beta r(x)), in one stage and without reward gradients.',
    trouble:
      'The weight exp(beta r) has a high variance for a large beta: raise it over training, or in stages.',
    diagonal: 'itm',
    options: z.strictObject({
      beta: annealed(z.number()).default(1),
      reward: rewardSchema.prefault({}),
    }),
    parts: null,
    defaults: { diagonalFraction: 1, coupling: 'samples' },
  }),
  row({
    id: 'reflow',
    name: 'Rectified flow, another round',
    rule: 'diagonal',
    setting: 'distillation',
    formula: "mse(V(x_s,s,s) - v_cond), x0 = the end of the teacher's trajectory from eps",
    tex: '\\| V(x_s,s,s) - \\dot x_s \\|^2,\\; x_0 = \\Phi_\\phi(\\epsilon, 1, 0)',
    paper: 'Liu, Gong & Liu 2023, arXiv:2209.03003',
    needs: ['teacher'],
    publishedCost: null,
    source,
    code: ['flowMatching'],
    whenToUse:
      'To straighten a velocity; again with the straightened one as the teacher. Under any other objective: coupling.kind reflow.',
    trouble: 'Each round adds the error of the teacher and of its solver.',
    diagonal: 'flow-matching',
    options: z.strictObject({}),
    parts: null,
    defaults: { diagonalFraction: 1, coupling: 'reflow' },
  }),
]
