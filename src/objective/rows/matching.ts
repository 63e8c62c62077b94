import { z } from 'zod'
import { listed } from '../list.ts'
import type { Loss } from '../loss.ts'
import { simulated } from '../matching/backward.ts'
import { criticAccuracy, ganCritic, ganMap } from '../matching/critic.ts'
import * as players from '../matching/players.ts'
import { bridgeTime, movedBy, within } from '../matching/sample.ts'
import {
  dmd,
  fakeScore,
  fisherDistance,
  moment,
  momentDistance,
  momentFake,
  pairRegression,
  sid,
} from '../matching/score.ts'
import {
  divergenceWeights,
  type MatchedDivergence,
  type MatchingWeight,
  matchingWeights,
} from '../matching/weights.ts'
import { type Part, row, type Turn } from '../objective.ts'

const source = 'src/objective/matching/score.ts'

/** Times at which the map's samples are made noisy: the middle 96 % of them. Yin et al. 2024 (DMD2), arXiv:2405.14867. */
const range = listed(
  z
    .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
    .refine(([low, high]) => low < high, 'expected two times, the smaller one first'),
).default([0.02, 0.98])

export const dmdOptions = {
  weight: z.enum(Object.keys(matchingWeights) as [MatchingWeight]).default('published'),
  range,
  gan: z.number().min(0).default(0),
  divergence: z.enum(Object.keys(divergenceWeights) as [MatchedDivergence]).default('reverse-kl'),
}
export type DmdOptions = z.infer<z.ZodObject<typeof dmdOptions>>

/** Whether these options ask for a critic. */
export const hasCritic = ({ gan, divergence }: Pick<DmdOptions, 'gan' | 'divergence'>): boolean =>
  gan > 0 || divergence !== 'reverse-kl'

/** The critic sees samples at times and with noise of its own. */
const second =
  (loss: Loss): Loss =>
  draw =>
    loss({ ...draw, r: draw.r2!, noise: draw.noise2! })

const matchingPart = ({ weight, range, divergence }: DmdOptions): Part => ({
  name: 'matching',
  loss: within(range, dmd(weight, divergence)),
  plain: true,
  measures: { scoreDistance: within(range, fisherDistance) },
})
const ganPart = ({ gan }: DmdOptions): Part[] =>
  gan > 0 ? [{ name: 'gan', loss: second(ganMap('logistic')), weight: gan, plain: true }] : []
const fakePart: Part = { name: 'fake', loss: fakeScore, plain: true }
const criticPart: Part = {
  name: 'critic',
  loss: ganCritic('logistic'),
  plain: true,
  measures: { criticAccuracy: criticAccuracy },
}

/** The map's turn, five of the fake score, and one of the critic where there is one; each of a changed loss. */
export const dmdTurns = (
  options: DmdOptions,
  parts: readonly Part[],
  changed: (loss: Loss) => Loss = loss => loss,
): Turn[] => [
  { trains: ['map'], parts },
  { trains: ['fake'], times: 5, parts: [{ ...fakePart, loss: changed(fakePart.loss) }] },
  ...(hasCritic(options)
    ? [
        {
          trains: ['critic'],
          parts: [
            {
              ...criticPart,
              loss: changed(criticPart.loss),
              measures: { criticAccuracy: changed(criticAccuracy) },
            },
          ],
        },
      ]
    : []),
]

export const dmdPlayers = (options: DmdOptions, fake = players.fake, critic = players.critic) => [
  fake,
  ...(hasCritic(options) ? [critic] : []),
]

const oneStep = z.strictObject({ ...dmdOptions, regression: z.number().min(0).default(0) })
type OneStep = z.infer<typeof oneStep>
/** Times that samples are jumps from, beside 1. */
export const startTimes = (fewest: number) =>
  listed(
    z
      .array(z.number().gt(0).lt(1))
      .min(fewest)
      .max(8)
      .refine(times => times.every((t, i) => i === 0 || t < times[i - 1]), 'expected times that fall'),
  )
const severalSteps = z.strictObject({
  ...dmdOptions,
  times: startTimes(1).default([0.75, 0.5, 0.25]),
})
type SeveralSteps = z.infer<typeof severalSteps>

/** A matching part that says where it moves samples. */
const moving = (part: Part): Part => ({
  ...part,
  drift: {
    says: "Each sample is moved by the difference of the teacher's velocity and the fake score's, at a noisy copy of it.",
    of: movedBy(part.loss),
  },
})

const oneStepParts = (options: OneStep): Part[] => [
  moving(matchingPart(options)),
  ...ganPart(options),
  ...(options.regression > 0
    ? [{ name: 'regression', loss: pairRegression, weight: options.regression, plain: true }]
    : []),
]

const mapped = (measures: Readonly<Record<string, Loss>>, changed: (loss: Loss) => Loss) =>
  Object.fromEntries(Object.entries(measures).map(([name, loss]) => [name, changed(loss)]))

/** The parts of the map's turn, each of a changed loss. */
export const dmdParts = (options: DmdOptions, changed: (loss: Loss) => Loss): Part[] =>
  [matchingPart(options), ...ganPart(options)].map(part => ({
    ...part,
    loss: changed(part.loss),
    ...(part.measures && { measures: mapped(part.measures, changed) }),
  }))

const severalStepsParts = (options: SeveralSteps): Part[] =>
  dmdParts(options, loss => simulated(options.times, loss))

const sidOptions = z.strictObject({
  alpha: z.number().min(0).max(2).default(0.5),
  weight: z.enum(['published', 'none']).default('published'),
  range,
})
const sidParts = ({ alpha, weight, range }: z.infer<typeof sidOptions>): Part[] => [
  moving({
    name: 'matching',
    loss: within(range, sid(alpha, weight)),
    plain: true,
    measures: { scoreDistance: within(range, fisherDistance) },
  }),
]

const momentOptions = z.strictObject({ steps: z.int().min(1).max(64).default(4) })
const momentParts = ({ steps }: z.infer<typeof momentOptions>): Part[] => [
  {
    name: 'matching',
    loss: bridgeTime(steps, moment),
    plain: true,
    measures: { scoreDistance: bridgeTime(steps, momentDistance) },
  },
]

export const matched = {
  rule: 'distributional',
  setting: 'distillation',
  needs: ['teacher'],
  diagonal: null,
  keepsTrajectories: false,
} as const
const defaults = { diagonalFraction: 0 } as const
export const REAL = 'v_\\phi(z,r)'
export const FAKE = 'v_{\\mathrm{fake}}(z,r)'
export const fakeTerm = '\\| v_{\\mathrm{fake}}(z,r) - (n - \\mathrm{sg}[x]) \\|^2'
const where = ['x = F(\\epsilon,1,0)', 'z = (1-r) x + r n']

/** Rows that match the scores of noisy samples to those of noisy data. */
export const matchingRows = [
  row(
    {
      id: 'dmd',
      ...matched,
      jumps: 'from-noise',
      options: oneStep,
      parts: options => oneStepParts(options as OneStep),
      players: dmdPlayers,
      turns: options => dmdTurns(options as OneStep, oneStepParts(options as OneStep)),
      traits: options => ({
        draws: [
          ...(hasCritic(options) || options.regression > 0 ? (['x0'] as const) : []),
          'noise',
          'r',
          ...(hasCritic(options) ? (['noise2', 'r2'] as const) : []),
        ],
        interpolant: 'linear',
      }),
      defaults,
    },
    {
      name: 'Distribution matching distillation',
      formula:
        '<x, sg[w r (v_phi(z,r) - v_fake(z,r))]>, w = 1/mean|x - D_phi(z,r)|, x = F(eps,1,0), z = (1-r) x + r n; v_fake learns sg[x]',
      terms: { matching: `\\langle x, \\mathrm{sg}[w\\, r (${REAL} - ${FAKE})] \\rangle`, fake: fakeTerm },
      where: [...where, 'w = 1 / \\mathrm{mean}|x - D_\\phi(z,r)|'],
      paper: 'Yin et al. 2024, arXiv:2311.18828',
      publishedCost: 25,
      source,
      code: ['dmd', 'fakeScore', 'pairRegression'],
      whenToUse:
        'One jump with the distribution of a teacher, from noise alone: no data, no pairs, no trajectories.',
      trouble:
        'Keeps no trajectories, so there is no inversion and no importance weights. Samples are only as good as the fake score: first give it more turns (players.fake.times).',
    },
  ),
  row(
    {
      id: 'dmd-steps',
      ...matched,
      jumps: 'to-data',
      options: severalSteps,
      parts: options => severalStepsParts(options as SeveralSteps),
      players: options => dmdPlayers(options, players.fakeOfSteps),
      turns: options =>
        dmdTurns(options as SeveralSteps, severalStepsParts(options as SeveralSteps), loss =>
          simulated((options as SeveralSteps).times, loss),
        ),
      traits: options => ({
        draws: [
          ...(hasCritic(options) ? (['x0'] as const) : []),
          ...(['noise', 'r', 'noise2'] as const),
          ...(hasCritic(options) ? (['r2'] as const) : []),
        ],
        interpolant: 'linear',
      }),
      defaults,
    },
    {
      name: 'Distribution matching distillation in several steps',
      formula:
        'dmd at x = F(z_k,s_k,0), where z_(k+1) = (1-s_(k+1)) sg[F(z_k,s_k,0)] + s_(k+1) n is what sampling makes, z_0 = eps at s_0 = 1',
      terms: { matching: `\\langle x, \\mathrm{sg}[w\\, r (${REAL} - ${FAKE})] \\rangle`, fake: fakeTerm },
      where: [
        'x = F(z_k,s_k,0)',
        'z_{k+1} = (1-s_{k+1})\\, \\mathrm{sg}[F(z_k,s_k,0)] + s_{k+1} n_k',
        'z = (1-r) x + r n',
      ],
      paper: 'Yin et al. 2024, arXiv:2405.14867',
      publishedCost: null,
      source: 'src/objective/matching/backward.ts',
      code: ['simulated'],
      whenToUse:
        'As dmd, with a few steps for what one jump cannot do: noise is added again between jumps (--method renoise).',
      trouble: 'Good only at the times it was trained at (options.times); sample it with that grid.',
    },
  ),
  row(
    {
      id: 'sid',
      ...matched,
      jumps: 'from-noise',
      options: sidOptions,
      parts: options => sidParts(options),
      players: [players.fake],
      turns: options => [
        { trains: ['map'], parts: sidParts(options) },
        { trains: ['fake'], parts: [fakePart] },
      ],
      traits: { draws: ['noise', 'r'], interpolant: 'linear' },
      defaults,
    },
    {
      name: 'Score identity distillation',
      formula:
        '<w d, (D_phi(z,r) - x) - alpha d>, d = D_phi(z,r) - D_fake(z,r), w = sg[1/mean|x - D_phi|], x = F(eps,1,0), z = (1-r) x + r n; v_fake learns sg[x]',
      terms: { matching: '\\langle w d, (D_\\phi(z,r) - x) - \\alpha d \\rangle', fake: fakeTerm },
      where: [
        ...where,
        'd = D_\\phi(z,r) - D_{\\mathrm{fake}}(z,r)',
        'w = \\mathrm{sg}[1 / \\mathrm{mean}|x - D_\\phi|]',
      ],
      paper: 'Zhou et al. 2024, arXiv:2404.04057',
      publishedCost: 11,
      source,
      code: ['sid', 'fisherDistance'],
      whenToUse:
        'As dmd, with the Fisher divergence: gradients flow through both scores, and one turn of the fake score may be enough.',
      trouble:
        'The loss has no meaning and may be negative; watch scoreDistance. The published alpha, 1 and 1.2, diverges from a random start: start those from a trained map (--init-from).',
    },
  ),
  row(
    {
      id: 'moment',
      ...matched,
      needs: ['data', 'teacher'],
      jumps: 'to-data',
      sampler: 'bridge',
      options: momentOptions,
      parts: options => momentParts(options),
      players: [{ ...players.fake, learns: "what lies between the data and the map's own samples" }],
      turns: options => [
        { trains: ['map'], parts: momentParts(options) },
        {
          trains: ['fake'],
          parts: [{ name: 'fake', loss: bridgeTime(options.steps, momentFake), plain: true }],
        },
      ],
      traits: { draws: ['noise', 'r'], interpolant: 'linear' },
      defaults,
    },
    {
      name: 'Moment matching distillation',
      formula:
        '<x, sg[D_fake(z_r,r) - D_phi(z_r,r)]>, x = F(x_s,s,0), z_r ~ q(z_r | x_s, x) with r in [s-1/k, s]; mse(x - D_fake) + mse(D_phi - D_fake)',
      terms: {
        matching: '\\langle x, \\mathrm{sg}[D_{\\mathrm{fake}}(z_r,r) - D_\\phi(z_r,r)] \\rangle',
        fake: '\\| \\mathrm{sg}[x] - D_{\\mathrm{fake}}(z_r,r) \\|^2 + \\| D_\\phi(z_r,r) - D_{\\mathrm{fake}}(z_r,r) \\|^2',
      },
      where: ['x = F(x_s,s,0)', 'z_r \\sim q(z_r \\mid x_s, x)'],
      paper: 'Salimans et al. 2024, arXiv:2406.04103',
      publishedCost: null,
      source,
      code: ['moment', 'momentFake', 'momentDistance', 'bridge'],
      whenToUse:
        'Two to eight steps of a stochastic sampler (--method bridge) with the distribution of a teacher.',
      trouble:
        'Trains a denoiser for that sampler, not a flow map: its single jumps do not match the distribution.',
    },
  ),
]
