import { z } from 'zod'
import { reverseKl, weightedFlowMatching } from '../energy-training.ts'
import { meanflow } from '../eulerian.ts'
import { inverse } from '../flow-map-matching.ts'
import { row } from '../objective.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/energy-training.ts'

/** Maps whose own density is used: to weigh their samples to an energy. */
export const energyRows = [
  row(
    {
      id: 'falcon',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data', 'both-directions'],
      jumps: 'both-ways',
      diagonal: null,
      options: z.strictObject({
        average: annealed(z.number().min(0)).default(1),
        inverse: annealed(z.number().min(0)).default(10),
      }),
      parts: ({ average, inverse: weight }) => [
        { name: 'average', loss: meanflow, weight: average },
        { name: 'inverse', loss: inverse, weight },
      ],
      traits: { differentiatesTime: true, compares: 'jump', startsAtTarget: true, curved: true },
      defaults: { diagonalFraction: 0, times: { law: 'sorted-uniform', minimum: 0, equal: 0.4 }, clip: 1 },
    },
    {
      name: 'FALCON',
      formula:
        'a mse(V(x_s,s,t) - sg[v_cond + (t-s)(d_s V + J_x V . v_cond)]) + w mse(F(F(x_s,s,t),t,s) - x_s), both orders of s and t',
      terms: {
        average:
          '\\| V(x_s,s,t) - \\mathrm{sg}[\\dot x_s + (t-s)(\\partial_s V + \\nabla V\\, \\dot x_s)] \\|^2',
        inverse: 'w \\| F(F(x_s,s,t),t,s) - x_s \\|^2',
      },
      paper: 'Rehman et al. 2025, arXiv:2512.09914',
      publishedCost: 7,
      costNote:
        'counts the way back through the jump once that both terms share; each goes back through it by itself',
      source: 'src/objective/flow-map-matching.ts',
      code: ['inverse'],
      whenToUse:
        'For samples whose density can be trusted in few jumps: importance weights for an energy (`oxbow weigh`), `oxbow sample --density jump`.',
      trouble:
        'One-to-one only where the round trip was trained, on the data and its path: look at `folded`, and use 2 jumps or more for stable weights.',
    },
  ),
  row(
    {
      id: 'weighted-flow-matching',
      rule: 'diagonal',
      setting: 'velocity',
      needs: ['data', 'weights'],
      diagonal: 'weighted-flow-matching',
      options: z.strictObject({}),
      parts: null,
      grounds: () => weightedFlowMatching,
      defaults: { diagonalFraction: 1 },
      traits: { draws: ['logWeight'], curved: true },
    },
    {
      name: 'Weighted flow matching',
      formula: 'sum_i W_i mse(V(x_s,s,s) - v_cond), W = softmax(log w) over the batch',
      terms: {
        diagonal: '\\textstyle\\sum_i W_i \\| V(x_s,s,s) - \\dot x_s \\|^2',
      },
      where: ['W = \\mathrm{softmax}(\\log w)'],
      paper: 'Zhang et al. 2025, arXiv:2503.04975',
      publishedCost: null,
      source,
      code: ['weightedFlowMatching'],
      whenToUse:
        'To improve a map with its own weighted samples: alternate `oxbow weigh --samples` and this, each round starting from the one before.',
      trouble:
        'If a few weights dominate, it learns only a few points: temper them (`oxbow weigh` does, until a tenth of the samples are effective).',
    },
  ),
  row(
    {
      id: 'reverse-kl',
      rule: 'lagrangian',
      setting: 'marginal',
      needs: ['energy'],
      jumps: 'from-noise',
      diagonal: null,
      options: z.strictObject({}),
      parts: () => [{ name: 'divergence', loss: reverseKl, plain: true }],
      defaults: { diagonalFraction: 0, clip: 1 },
    },
    {
      name: 'Reverse Kullback-Leibler',
      formula: 'mean U(F(z,1,0)) - log |det J_z F(z,1,0)|',
      terms: { divergence: '\\mathbb{E}_z\\, U(F(z,1,0)) - \\log |\\det \\nabla_z F(z,1,0)|' },
      paper: 'Noé et al. 2019, arXiv:1812.01729',
      publishedCost: null,
      source,
      code: ['reverseKl'],
      whenToUse:
        'Distributions with one mode and a known energy, without data; its minimum is -log Z. A baseline elsewhere.',
      trouble:
        'Seeks one mode: on the double well it collapses to one well even from a map of both, and its own effective samples do not show it. Needs a derivative for each coordinate, of which there may be at most 32.',
    },
  ),
]
