import { z } from 'zod'
import { cd, ct, ctm, facmAnchor, facmConsistency, scm } from '../consistency.ts'
import { one, row } from '../objective.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/consistency.ts'
const delta = annealed(z.number().gt(0).max(1))
const positive = z.number().positive()

/** The Eulerian rule to the data alone: `t = 0`. Consistency models. */
export const consistencyRows = [
  row(
    {
      id: 'ct',
      rule: 'eulerian',
      setting: 'self-distillation',
      needs: ['data'],
      jumps: 'to-data',
      diagonal: null,
      options: z.strictObject({ delta: delta.default({ kind: 'steps', from: 1 / 2, to: 1 / 150 }) }),
      parts: ({ delta }) => one(ct(delta)),
      traits: { compares: 'jump', curved: true },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Consistency training',
      formula: 'm = s - Δ, xm on the same path; mse(F(x_s,s,0) - sg[F-(xm,m,0)])',
      terms: { consistency: '\\| F(x_s,s,0) - \\mathrm{sg}[F^-(x_m,m,0)] \\|^2' },
      where: ['m = s - \\Delta'],
      paper: 'Song et al. 2023, arXiv:2303.01469',
      publishedCost: 4,
      source,
      code: ['ct'],
      whenToUse: 'A consistency model from data alone, with the fewest moving parts.',
      trouble: 'Biased for large Δ, slow for small Δ: Δ must shrink during training.',
    },
  ),
  row(
    {
      id: 'cd',
      rule: 'eulerian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      jumps: 'to-data',
      diagonal: null,
      options: z.strictObject({ delta: delta.default(1 / 18) }),
      parts: ({ delta }) => one(cd(delta)),
      traits: { compares: 'jump', curved: true },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Consistency distillation',
      formula: 'm = s - Δ, xm = x_s - Δ v_phi(x_s,s); mse(F(x_s,s,0) - sg[F-(xm,m,0)])',
      terms: { consistency: '\\| F(x_s,s,0) - \\mathrm{sg}[F^-(x_m,m,0)] \\|^2' },
      where: ['x_m = x_s - \\Delta\\, v_\\phi(x_s,s)', 'm = s - \\Delta'],
      paper: 'Song et al. 2023, arXiv:2303.01469',
      publishedCost: 5,
      source,
      code: ['cd'],
      whenToUse: 'A consistency model with a teacher: without the noise of the conditional velocity.',
      trouble: 'Errors add up over 1/Δ steps, each of second order in Δ.',
    },
  ),
  row(
    {
      id: 'ict',
      rule: 'eulerian',
      setting: 'self-distillation',
      needs: ['data'],
      jumps: 'to-data',
      diagonal: null,
      options: z.strictObject({ delta: delta.default({ kind: 'halving', from: 1 / 10, to: 1 / 1280 }) }),
      parts: ({ delta }) => one(ct(delta)),
      traits: { compares: 'jump', curved: true },
      defaults: {
        diagonalFraction: 0,
        target: 'student',
        times: { law: 'lognormal', mean: -1.1, deviation: 2 },
        loss: { kind: 'pseudo-huber', c: 0.03 },
      },
    },
    {
      name: 'Improved consistency training',
      formula: 'm = s - Δ, xm on the same path; huber(F(x_s,s,0) - sg[F(xm,m,0)])',
      terms: { consistency: '\\sqrt{\\| F(x_s,s,0) - \\mathrm{sg}[F(x_m,m,0)] \\|^2 + c^2} - c' },
      where: ['m = s - \\Delta'],
      paper: 'Song & Dhariwal 2024, arXiv:2310.14189',
      publishedCost: null,
      source,
      code: ['ct'],
      whenToUse:
        'Consistency training with its known faults fixed: no averaged target, robust loss, doubling steps.',
      trouble:
        'Pseudo-Huber moves the optimum off the conditional mean; its lognormal noise levels rarely reach s = 1 for data of unit size.',
    },
  ),
  row(
    {
      id: 'ect',
      rule: 'eulerian',
      setting: 'self-distillation',
      needs: ['data'],
      jumps: 'to-data',
      diagonal: null,
      options: z.strictObject({ delta: delta.default({ kind: 'exponential', from: 1, to: 1 / 256 }) }),
      parts: ({ delta }) => one(ct(delta)),
      traits: { compares: 'jump', curved: true },
      defaults: {
        diagonalFraction: 0,
        target: 'student',
        times: { law: 'lognormal', mean: -1.1, deviation: 2 },
        loss: { kind: 'pseudo-huber', c: 0.03 },
      },
    },
    {
      name: 'Easy consistency tuning',
      formula: 'm = s - Δ, Δ from 1 to small; huber(F(x_s,s,0) - sg[F(xm,m,0)])',
      terms: { consistency: '\\sqrt{\\| F(x_s,s,0) - \\mathrm{sg}[F(x_m,m,0)] \\|^2 + c^2} - c' },
      where: ['m = s - \\Delta', '\\Delta: 1 \\to 0'],
      paper: 'Geng et al. 2024, arXiv:2406.14548',
      publishedCost: null,
      source,
      code: ['ct'],
      whenToUse:
        'To tune a trained velocity (--init-from) into a consistency model: Δ = 1 is denoising, then Δ shrinks.',
      trouble: 'From scratch it first learns the mean of the data; pseudo-Huber moves the optimum.',
    },
  ),
  row(
    {
      id: 'scm',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data'],
      needsTeacher: ({ velocity }) => velocity === 'teacher',
      jumps: 'to-data',
      diagonal: null,
      options: z.strictObject({
        velocity: z.enum(['teacher', 'conditional']).default('conditional'),
        tangentNormalization: z.boolean().default(true),
        c: positive.default(0.1),
        warmup: annealed(z.number().min(0).max(1)).default({ kind: 'linear', from: 0, to: 1, end: 0.1 }),
      }),
      parts: options => one(scm(options)),
      defaults: { diagonalFraction: 0, times: { law: 'lognormal', mean: -1, deviation: 1.4 }, clip: 1 },
      traits: { differentiatesTime: true, curved: true },
    },
    {
      name: 'Continuous-time consistency model',
      formula:
        'g = V(x_s,s,0) - u + w s (d_s V + J_x V . u), u = v_cond or v_phi; mse(V(x_s,s,0) - sg[V - g/(|g| + c)])',
      terms: {
        consistency:
          '\\left\\| V(x_s,s,0) - \\mathrm{sg}\\left[V - \\frac{g}{\\|g\\| + c}\\right] \\right\\|^2',
      },
      where: ['g = V - u + w s (\\partial_s V + \\nabla V\\, u)'],
      paper: 'Lu & Song 2025, arXiv:2410.11081',
      publishedCost: null,
      source,
      code: ['scm'],
      whenToUse: 'Consistency training (or, with `velocity: teacher`, distillation) without a step size.',
      trouble:
        'The normalised tangent has a fixed length, so the loss does not fall: watch the samples, and decay the learning rate.',
    },
  ),
  row(
    {
      id: 'facm',
      rule: 'eulerian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      jumps: 'to-data',
      diagonal: null,
      options: z.strictObject({ anchorWeight: z.number().min(0).default(1) }),
      parts: ({ anchorWeight }) => [
        { name: 'consistency', loss: facmConsistency },
        { name: 'anchor', loss: facmAnchor, at: 's', weight: anchorWeight },
      ],
      traits: { differentiatesTime: true, absoluteTimes: true, curved: true },
      defaults: { diagonalFraction: 0, loss: { adaptive: { p: 0.5, c: 1e-2 } }, clip: 1 },
    },
    {
      name: 'Flow-anchored consistency model',
      formula: 'u = v_phi(x_s,s); mse(V(x_s,s,0) - sg[u - s (d_s V + J_x V . u)]) + mse(V(x_s,1+s,1+s) - u)',
      terms: {
        consistency: '\\| V(x_s,s,0) - \\mathrm{sg}[u - s(\\partial_s V + \\nabla V\\, u)] \\|^2',
        anchor: '\\| V(x_s,1+s,1+s) - u \\|^2',
      },
      where: ['u = v_\\phi(x_s,s)'],
      paper: 'Peng et al. 2025, arXiv:2507.03738',
      publishedCost: 8,
      source,
      code: ['facmConsistency', 'facmAnchor'],
      whenToUse: 'A consistency model that keeps its velocity as an anchor, at times above 1.',
      trouble:
        'Time s and time 1+s share their higher frequencies: only the lowest one distinguishes the anchor.',
    },
  ),
  row(
    {
      id: 'ctm',
      rule: 'eulerian',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: z.strictObject({ delta: delta.default(1 / 18) }),
      parts: ({ delta }) => one(ctm(delta)),
      traits: { compares: 'jump', curved: true },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Consistency trajectory model',
      formula: 'm = s - Δ, xm = x_s - Δ v_phi(x_s,s); mse(F_sg(F(x_s,s,t),t,0) - sg[F-(F-(xm,m,t),t,0)])',
      terms: {
        consistency: '\\| F_{\\mathrm{sg}}(F(x_s,s,t),t,0) - \\mathrm{sg}[F^-(F^-(x_m,m,t),t,0)] \\|^2',
      },
      where: ['x_m = x_s - \\Delta\\, v_\\phi(x_s,s)', 'm = s - \\Delta'],
      paper: 'Kim et al. 2024, arXiv:2310.02279',
      publishedCost: 7,
      costNote: 'leaves out the backward pass through F_sg to its input',
      source,
      code: ['ctm'],
      whenToUse: 'Jumps between any times, compared where it matters: at the data.',
      trouble:
        'The comparison is made through the student itself, so early errors at t hide behind its jump to 0.',
    },
  ),
]
