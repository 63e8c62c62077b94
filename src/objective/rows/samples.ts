import { z } from 'zod'
import { listed } from '../list.ts'
import { drifting, driftOfSamples, driftSize } from '../matching/drifting.ts'
import {
  distanceElsewhere,
  frechet,
  frechetDistance,
  frechetMemory,
  memoryElsewhere,
} from '../matching/frechet.ts'
import { imm } from '../matching/imm.ts'
import { row } from '../objective.ts'

const number = z.number()

/** Rows that compare the samples of a batch, without a teacher and without a second network. */
export const sampleRows = [
  row(
    {
      id: 'imm',
      rule: 'distributional',
      setting: 'marginal',
      keepsTrajectories: false,
      needs: ['data'],
      diagonal: null,
      options: z.strictObject({
        sigmaData: number.positive().default(1),
        a: number.min(0).default(1),
        b: number.default(5),
        diagonal: z.boolean().default(true),
      }),
      parts: options => [{ name: 'matching', loss: imm(options), plain: true, batchwise: true }],
      traits: { between: true, dividesByGap: true, interpolant: 'linear' },
      defaults: {
        diagonalFraction: 0,
        times: { law: 'ratio-step', minimum: 0.006, levels: 12, group: 4 },
      },
    },
    {
      name: 'Inductive moment matching',
      formula:
        'W(s) (1/M^2) sum_ij [k(y_i,y_j) + k(z_i,z_j) - 2 k(y_i,z_j)], y = F(x_s,s,t), z = sg[F(x_m,m,t)], k(a,b) = exp(-|a-b|/((s-t) sigma D))',
      terms: {
        matching: 'W(s) \\frac{1}{M^2} \\sum_{ij} \\left[ k(y_i,y_j) + k(z_i,z_j) - 2 k(y_i,z_j) \\right]',
      },
      where: [
        'y = F(x_s,s,t)',
        'z = \\mathrm{sg}[F(x_m,m,t)]',
        'k(a,b) = \\exp \\left( -\\frac{|a-b|}{(s-t) \\sigma D} \\right)',
      ],
      paper: 'Zhou et al. 2025, arXiv:2503.07565',
      publishedCost: 4,
      source: 'src/objective/matching/imm.ts',
      code: ['imm'],
      whenToUse:
        'A map between any two times from data alone, without derivatives inside the loss: it matches the distribution of the samples, not their paths.',
      trouble:
        'sigmaData should be the standard deviation of the data as the network sees it (1 where it is standardised). Small groups make a noisy loss whose value means little; with the diagonal it is not 0 at the exact map. Without it (options.diagonal false) what holds a sample to its own target is gone, and groups of 4 hardly learn: take 16 or more.',
    },
  ),
  row(
    {
      id: 'drifting',
      rule: 'distributional',
      setting: 'marginal',
      keepsTrajectories: false,
      needs: ['data'],
      jumps: 'from-noise',
      diagonal: null,
      options: z.strictObject({
        kernel: z.enum(['laplace', 'gaussian']).default('laplace'),
        normalisation: z.enum(['separate', 'joint']).default('separate'),
        temperatures: listed(z.array(number.positive()).min(1).max(8)).default([0.02, 0.05, 0.2]),
        normaliseDrift: z.boolean().default(true),
      }),
      parts: options => [
        {
          name: 'drift',
          loss: drifting(options),
          plain: true,
          batchwise: true,
          measures: { drift: driftSize(options) },
          drift: {
            says: 'Each sample is drawn towards near data and pushed away from near samples.',
            of: driftOfSamples(options),
          },
        },
      ],
      traits: { features: true },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Drifting',
      formula:
        'mse(x/S - sg[x/S + V(x)]), x = F(eps,1,0), V(x) = sum_j k(x,x0_j) (x0_j - x)/sum_j k(x,x0_j) - sum_j k(x,x_j) (x_j - x)/sum_j k(x,x_j)',
      terms: { drift: '\\| x/S - \\mathrm{sg}[x/S + V(x)] \\|^2' },
      where: [
        'x = F(\\epsilon,1,0)',
        'V(x) = \\frac{\\sum_j k(x,x^0_j) (x^0_j - x)}{S \\sum_j k(x,x^0_j)} - \\frac{\\sum_j k(x,x_j) (x_j - x)}{S \\sum_j k(x,x_j)}',
        'k(a,b) = \\exp \\left( -\\frac{|a-b|}{S \\tau \\sqrt{D}} \\right)',
      ],
      paper: 'Deng et al. 2026, arXiv:2602.04770',
      publishedCost: 3,
      costNote:
        'leaves out the distances of all pairs in a batch, which come to two passes more for 2,048 samples',
      source: 'src/objective/matching/drifting.ts',
      code: ['drifting'],
      whenToUse:
        'One jump from data alone, without a teacher or a critic: samples move towards nearby data and away from nearby samples.',
      trouble:
        'Only the widest temperature sees far: without one of 0.2 a start on one mode stays there. On images, raw coordinates say little; compare features.',
    },
  ),
  row(
    {
      id: 'frechet',
      rule: 'distributional',
      setting: 'marginal',
      keepsTrajectories: false,
      needs: ['data'],
      jumps: 'from-noise',
      diagonal: null,
      options: z.strictObject({
        beta: number.min(0).lt(1).default(0.99),
        epsilon: number.positive().default(0.01),
        queue: z.int().min(2).max(500_000).nullable().default(null),
        classes: z.boolean().default(false),
      }),
      parts: options => [
        {
          name: 'distance',
          loss: frechet(options),
          plain: true,
          batchwise: true,
          measures: { distance: frechetDistance(options), distanceElsewhere: distanceElsewhere(options) },
        },
      ],
      memories: options => [frechetMemory(options), memoryElsewhere(options)],
      traits: { features: true },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Frechet distance',
      formula:
        "d/sg[d + 0.01], d = |m - m'|^2 + tr(C + C' - 2 (C^1/2 C' C^1/2)^1/2), m, C: moments of f(F(eps,1,0)) remembered over steps",
      terms: { distance: '\\frac{d}{\\mathrm{sg}[d + 0.01]}' },
      where: [
        "d = |m - m'|^2 + \\mathrm{tr} \\left( C + C' - 2 (C^{1/2} C' C^{1/2})^{1/2} \\right)",
        'm, C = \\text{moments of } f(F(\\epsilon,1,0))',
      ],
      paper: 'Yang et al. 2026, arXiv:2604.28190',
      publishedCost: 3,
      source: 'src/objective/matching/frechet.ts',
      code: ['frechet'],
      whenToUse:
        'Post-training of a map that already jumps in one step, with the metric itself as the loss. Start it with --init-from.',
      trouble:
        'It sees two moments of the features: without features a Gaussian cloud is perfect. An optimised metric no longer measures quality; look at others. From a random start a long memory lags behind the map, which then swings: use options.beta 0.9 or less, or a small learning rate.',
    },
  ),
]
