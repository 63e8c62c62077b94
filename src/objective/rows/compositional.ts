import { z } from 'zod'
import { pfmm, progressive, psdMap, psdMidpoint, psdVelocity, shortcut } from '../compositional.ts'
import { one, row, type Traits } from '../objective.ts'

const source = 'src/objective/compositional.ts'
const boffi2024 = 'Boffi, Albergo & Vanden-Eijnden 2024, arXiv:2406.07507'

const SPACES = { map: psdMap, velocity: psdVelocity, midpoint: psdMidpoint } as const
const space = z.strictObject({ space: z.enum(['map', 'velocity', 'midpoint']).default('map') })
const spaceTraits = ({ space }: { space: keyof typeof SPACES }): Traits => ({
  compares: space === 'map' ? 'jump' : 'velocity',
  between: space !== 'midpoint',
  dividesByGap: space === 'velocity',
  curved: space !== 'midpoint',
})

/** `F(F(x,s,m),m,t) = F(x,s,t)` */
export const compositionalRows = [
  row(
    {
      id: 'psd',
      rule: 'compositional',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: space,
      parts: ({ space }) => one(SPACES[space]),
      traits: spaceTraits,
    },
    {
      name: 'Progressive self-distillation',
      formula: 'mse(F(x_s,s,t) - sg[F-(F-(x_s,s,m),m,t)])',
      terms: { consistency: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(F^-(x_s,s,m),m,t)] \\|^2' },
      paper: 'Boffi, Albergo & Vanden-Eijnden 2025, arXiv:2505.18825',
      publishedCost: 8,
      source,
      code: ['psdMap', 'psdVelocity', 'psdMidpoint'],
      whenToUse:
        'A single objective without a teacher: no derivatives inside the loss, stable at any weight. For one jump the recipe one-step is far better at the same compute.',
      trouble: 'Errors of short jumps are copied into long ones; learns slowly from fine to coarse.',
    },
  ),
  row(
    {
      id: 'semigroup',
      rule: 'compositional',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: 'teacher-velocity',
      options: space,
      parts: ({ space }) => one(SPACES[space]),
      traits: spaceTraits,
    },
    {
      name: 'Semigroup distillation',
      formula: 'mse(F(x_s,s,t) - sg[F-(F-(x_s,s,m),m,t)]) + mse(V(x_s,s,s) - v_phi(x_s,s))',
      terms: {
        consistency: '\\| F(x_s,s,t) - \\mathrm{sg}[F^-(F^-(x_s,s,m),m,t)] \\|^2',
        diagonal: '\\| V(x_s,s,s) - v_\\phi(x_s,s) \\|^2',
      },
      paper: boffi2024,
      publishedCost: null,
      source,
      code: ['psdMap', 'psdVelocity', 'psdMidpoint'],
      whenToUse: 'If you have a teacher: the most even quality over step counts on the ring.',
      trouble: 'Inherits every error of the teacher.',
    },
  ),
  row(
    {
      id: 'shortcut',
      rule: 'compositional',
      setting: 'self-distillation',
      needs: ['data'],
      diagonal: 'flow-matching',
      options: z.strictObject({}),
      parts: () => one(shortcut),
      defaults: { diagonalFraction: 0.75, times: { law: 'dyadic', levels: 7 } },
    },
    {
      name: 'Shortcut model',
      formula:
        'h = (t-s)/2; x1 = x_s + h V-(x_s,s,s+h); mse(V(x_s,s,t) - sg[(V-(x_s,s,s+h) + V-(x1,s+h,t))/2])',
      terms: {
        consistency:
          '\\| V(x_s,s,t) - \\mathrm{sg}[\\tfrac12 V^-(x_s,s,s+h) + \\tfrac12 V^-(x_1,s+h,t)] \\|^2',
      },
      where: ['x_1 = x_s + h V^-(x_s,s,s+h)', 'h = \\tfrac{t-s}{2}'],
      paper: 'Frans et al. 2025, arXiv:2410.12557',
      publishedCost: 8,
      source,
      code: ['shortcut'],
      whenToUse: 'Few, fixed step counts that are powers of two; the simplest target to understand.',
      trouble: 'Only trained on dyadic steps: on other grids, the network interpolates.',
    },
  ),
  row(
    {
      id: 'splitmeanflow',
      rule: 'compositional',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      diagonal: 'teacher-velocity',
      options: z.strictObject({}),
      parts: () => one(psdVelocity),
      traits: { between: true, dividesByGap: true, curved: true },
    },
    {
      name: 'SplitMeanFlow',
      formula:
        'w = (m-s)/(t-s); mse(V(x_s,s,t) - sg[w V-(x_s,s,m) + (1-w) V-(F-(x_s,s,m),m,t)]) + mse(V(x_s,s,s) - v_phi(x_s,s))',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[w V^-(x_s,s,m) + (1-w) V^-(F^-(x_s,s,m),m,t)] \\|^2',
      },
      where: ['w = \\tfrac{m-s}{t-s}'],
      paper: 'Guo et al. 2025, arXiv:2507.16884',
      publishedCost: 9,
      source,
      code: ['psdVelocity'],
      whenToUse: 'As semigroup, with long and short jumps weighted alike: the residual is a velocity.',
      trouble: 'Short jumps divide by t - s, so equal times are not allowed.',
    },
  ),
  row(
    {
      id: 'pfmm',
      rule: 'compositional',
      setting: 'distillation',
      needs: ['data', 'flow-map-teacher'],
      diagonal: null,
      options: z.strictObject({ space: z.enum(['map', 'velocity']).default('map') }),
      parts: ({ space }) => one({ map: pfmm, velocity: progressive }[space]),
      traits: ({ space }) =>
        space === 'map' ? { compares: 'jump', between: true, curved: true } : { compares: 'velocity' },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Progressive flow map matching',
      formula: 'mse(F(x_s,s,t) - sg[F_pre(F_pre(x_s,s,m),m,t)])',
      terms: {
        consistency: '\\| F(x_s,s,t) - \\mathrm{sg}[F_{\\mathrm{pre}}(F_{\\mathrm{pre}}(x_s,s,m),m,t)] \\|^2',
      },
      paper: boffi2024,
      publishedCost: 5,
      source,
      code: ['pfmm', 'progressive'],
      whenToUse:
        'To halve the jumps of a trained flow map: a two-jump map becomes a one-jump map. "oxbow progressive" does so repeatedly, starting from the Euler steps of a velocity.',
      trouble:
        'Inherits every error of the flow map, including that of Euler steps; needs one that is good in two jumps. With times.law grid it only knows the steps of that grid.',
    },
  ),
]
