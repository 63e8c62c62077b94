import { z } from 'zod'
import { piflow } from '../matching/policy.ts'
import { row } from '../objective.ts'

/** Policies: one call of the network for all velocities of a jump. */
export const policyRows = [
  row(
    {
      id: 'piflow',
      rule: 'lagrangian',
      setting: 'distillation',
      parameterization: 'policy',
      needs: ['data', 'teacher'],
      diagonal: null,
      options: z.strictObject({
        dropout: z.number().min(0).max(0.5).default(0),
        draws: z.int().min(1).max(2).default(1),
      }),
      parts: options => [{ name: 'imitation', loss: piflow(options) }],
      traits: ({ dropout, draws }) => ({ draws: dropout > 0 ? ['u'] : [], between: draws === 2 }),
      defaults: { diagonalFraction: 0, times: { between: [0, 1] } },
    },
    {
      name: 'Policy-based flow',
      formula:
        'x_t = sg[rollout of pi from (x_s,s)]; mse(pi(x_t,t) - sg[v_phi(x_t,t)]), pi the mean of a mixture for x0 that the network gives at (x_s,s)',
      terms: {
        imitation: '\\| \\pi(x_t,t) - \\mathrm{sg}[v_\\phi(x_t,t)] \\|^2',
      },
      where: [
        'x_t = \\mathrm{sg}\\big[x_s + \\textstyle\\int_s^t \\pi(x_\\tau,\\tau)\\,d\\tau\\big]',
        '\\pi(x,t) = \\tfrac1t\\Big(x - \\sum_k w_k \\tfrac{g\\nu + m_k}{1 + g\\zeta}\\Big)',
        '\\zeta = \\big(\\tfrac{1-t}{t}\\big)^2 - \\big(\\tfrac{1-s}{s}\\big)^2',
        '\\nu = \\tfrac{(1-t)x}{t^2} - \\tfrac{(1-s)x_s}{s^2}',
      ],
      paper: 'Chen et al. 2025, arXiv:2510.14974',
      publishedCost: 5,
      costNote: 'counts two times of each sample, which is draws: 2',
      source: 'src/objective/matching/policy.ts',
      code: ['piflow', 'imitation'],
      whenToUse:
        "One or a few network calls that keep the teacher's trajectories: a jump follows many cheap steps of a mixture that the network outputs once.",
      trouble:
        'With too few components it cannot bend as the teacher does: raise network.components (32 published, with dropout 0.05, which hurts if there are only as many components as modes). Jumps only go towards the data, and an exported map contains every substep.',
    },
  ),
]
