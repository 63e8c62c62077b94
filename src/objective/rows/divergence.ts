import { z } from 'zod'
import { psdMidpoint, psdVelocity } from '../compositional.ts'
import { type DivergenceName, divergences, drawsProbe } from '../divergence.ts'
import { meanflow } from '../eulerian.ts'
import { lsd } from '../lagrangian.ts'
import { f2d2Diagonal, f2d2Lsd, f2d2Meanflow, f2d2Shortcut } from '../lifted.ts'
import type { Loss } from '../loss.ts'
import { type Part, row, type Traits } from '../objective.ts'

const source = 'src/objective/lifted.ts'
const paper = 'F2D2 2025, arXiv:2512.02636'
const SPACES = { midpoint: psdMidpoint, velocity: psdVelocity } as const

const names = Object.keys(divergences) as [DivergenceName]
const weight = z.number().min(0).default(1)
const divergence = z.enum(names).default('auto')
/** Where the divergence is that of a point which is none of the path. */
const anywhere = z.enum(['auto', 'exact', 'rademacher', 'gaussian']).default('auto')

/** The velocity's part and the head's, which no robust loss or weight bends. */
const both = (velocity: Loss, head: Loss, weight: number): readonly Part[] => [
  { name: 'consistency', loss: velocity },
  { name: 'divergence', loss: head, weight, plain: true },
]

const probe = (divergence: DivergenceName): Traits => (drawsProbe(divergence) ? { draws: ['noise'] } : {})
/** Steps of 1 to 1/128 (published: 1/64), in both orders of time: a likelihood leads from the data to the noise. */
const steps = { law: 'dyadic', minimum: 0 } as const

/** Jumps both ways begin at the data, too. */
const anyStart = { startsAtTarget: true } as const satisfies Traits

const symbols = ['a = A/\\mathrm{scale}'] as const

/** Rows that train a divergence head beside the velocity: likelihoods in few jumps. */
export const divergenceRows = [
  row(
    {
      id: 'f2d2:diagonal',
      rule: 'diagonal',
      setting: 'distillation',
      needs: ['data', 'teacher'],
      head: true,
      diagonal: 'f2d2:diagonal',
      options: z.strictObject({ divergence, weight }),
      parts: null,
      grounds: ({ divergence, weight }) => f2d2Diagonal(divergence, weight),
      traits: ({ divergence }) => probe(divergence),
      defaults: { diagonalFraction: 1 },
    },
    {
      name: 'Divergence head, at one time',
      formula: 'mse(V(x_s,s,s) - v_phi(x_s,s)) + (a(x_s,s,s) - sg[div v_phi(x_s,s)]/scale)^2',
      terms: {
        diagonal:
          '\\| V(x_s,s,s) - v_\\phi(x_s,s) \\|^2 + (a(x_s,s,s) - \\mathrm{sg}[\\nabla \\cdot v_\\phi(x_s,s)]/\\mathrm{scale})^2',
      },
      where: symbols,
      paper,
      publishedCost: null,
      source,
      code: ['f2d2Diagonal'],
      whenToUse:
        'As the diagonal term of the other three; alone, for a velocity whose divergence costs one evaluation.',
      trouble: 'If the teacher is an average of the student itself, the head can diverge: use a fixed one.',
    },
  ),
  row(
    {
      id: 'f2d2:shortcut',
      rule: 'compositional',
      setting: 'distillation',
      needs: ['data', 'teacher', 'both-directions'],
      jumps: 'both-ways',
      head: true,
      diagonal: 'f2d2:diagonal',
      options: z.strictObject({ space: z.enum(['midpoint', 'velocity']).default('midpoint'), weight }),
      parts: ({ space, weight }) => both(SPACES[space], f2d2Shortcut(space), weight),
      traits: ({ space }) => ({
        ...anyStart,
        between: space === 'velocity',
        dividesByGap: space === 'velocity',
      }),
      defaults: { diagonalFraction: 0.5, times: steps },
    },
    {
      name: 'Divergence head, shortcut',
      formula:
        'w = (m-s)/(t-s); mse(V(x_s,s,t) - sg[w V-(x_s,s,m) + (1-w) V-(xm,m,t)]) + (a(x_s,s,t) - sg[w a-(x_s,s,m) + (1-w) a-(xm,m,t)])^2, xm = F-(x_s,s,m)',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[w V^-(x_s,s,m) + (1-w) V^-(x_m,m,t)] \\|^2',
        divergence: '(a(x_s,s,t) - \\mathrm{sg}[w a^-(x_s,s,m) + (1-w) a^-(x_m,m,t)])^2',
      },
      where: ['w = \\tfrac{m-s}{t-s}', 'x_m = F^-(x_s,s,m)', ...symbols],
      paper,
      publishedCost: null,
      source,
      code: ['f2d2Shortcut'],
      whenToUse:
        'Likelihoods in 1 to 8 jumps: no derivative of the map, and the divergence of the teacher at a single time only.',
      trouble: 'Its likelihood is not normalised: look at mass too. A value below the truth is not better.',
    },
  ),
  row(
    {
      id: 'f2d2:meanflow',
      rule: 'eulerian',
      setting: 'marginal',
      needs: ['data', 'both-directions'],
      jumps: 'both-ways',
      head: true,
      diagonal: null,
      options: z.strictObject({ divergence, weight }),
      parts: ({ divergence, weight }) => both(meanflow, f2d2Meanflow(divergence), weight),
      traits: ({ divergence }) => ({ ...anyStart, differentiatesTime: true, ...probe(divergence) }),
      defaults: {
        diagonalFraction: 0,
        times: { law: 'logit-normal', mean: -0.4, deviation: 1, equal: 0.75 },
        loss: { adaptive: { p: 1, c: 1e-3 } },
        clip: 1,
      },
    },
    {
      name: 'Divergence head, MeanFlow',
      formula:
        'u = v_cond; mse(V(x_s,s,t) - sg[u + (t-s)(d_s V + J_x V . u)]) + (a - sg[div V(x_s,s,s)/scale + (t-s)(d_s a + J_x a . u)])^2',
      terms: {
        consistency: '\\| V(x_s,s,t) - \\mathrm{sg}[u + (t-s)(\\partial_s V + \\nabla V\\, u)] \\|^2',
        divergence:
          '(a(x_s,s,t) - \\mathrm{sg}[\\nabla \\cdot V(x_s,s,s)/\\mathrm{scale} + (t-s)(\\partial_s a + \\nabla a\\, u)])^2',
      },
      where: ['u = \\dot x_s', ...symbols],
      paper,
      publishedCost: null,
      source,
      code: ['f2d2Meanflow'],
      whenToUse: 'The head without a teacher.',
      trouble:
        'Its divergence is that of the student, errors included: the least exact of the three, as in the paper.',
    },
  ),
  row(
    {
      id: 'f2d2:lsd',
      rule: 'lagrangian',
      setting: 'distillation',
      needs: ['data', 'teacher', 'both-directions'],
      jumps: 'both-ways',
      head: true,
      diagonal: 'f2d2:diagonal',
      options: z.strictObject({ divergence: anywhere, weight }),
      parts: ({ divergence, weight }) => both(lsd, f2d2Lsd(divergence), weight),
      traits: ({ divergence }) => ({
        ...anyStart,
        differentiatesTime: true,
        ...probe(divergence),
      }),
      defaults: { diagonalFraction: 0.5, times: steps },
    },
    {
      name: 'Divergence head, Lagrangian',
      formula:
        'mse(d_t F(x_s,s,t) - sg[V-(F,t,t)]) + (a(x_s,s,t) + (t-s) sg[d_t a] - sg[div V-(F,t,t)]/scale)^2, F = F(x_s,s,t)',
      terms: {
        consistency: '\\| \\partial_t F(x_s,s,t) - \\mathrm{sg}[V^-(F,t,t)] \\|^2',
        divergence:
          '(a(x_s,s,t) + (t-s)\\,\\mathrm{sg}[\\partial_t a] - \\mathrm{sg}[\\nabla \\cdot V^-(F,t,t)]/\\mathrm{scale})^2',
      },
      where: ['F = F(x_s,s,t)', ...symbols],
      paper,
      publishedCost: null,
      source,
      code: ['f2d2Lsd'],
      whenToUse: 'The Lagrangian rule for the head: the one that the published JAX code trains.',
      trouble:
        "Needs the target's divergence at the end of every jump: a derivative for each coordinate, or a probe.",
    },
  ),
]
