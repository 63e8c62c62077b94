import { z } from 'zod'
import {
  approximateR1,
  cafmCritic,
  cafmMap,
  criticAccuracy,
  denoiserDistance,
  ganCritic,
  ganMap,
  shortest,
  slopeAccuracy,
} from '../matching/critic.ts'
import { type GameName, games } from '../matching/games.ts'
import * as players from '../matching/players.ts'
import { within } from '../matching/sample.ts'
import { type Part, row } from '../objective.ts'
import { annealed } from '../schedule.ts'

const source = 'src/objective/matching/critic.ts'

const ganOptions = z.strictObject({
  loss: z.enum(Object.keys(games) as [GameName]).default('logistic'),
  /** Largest time at which samples are shown to the critic. */
  noise: z.number().min(0).max(1).default(0.98),
  r1: z.number().min(0).default(0),
  /** Whether `r1` weighs what stands for the gradient's square. */
  approximate: z.boolean().default(false),
  transport: annealed(z.number().min(0)).nullable().default(null),
  distillation: z.number().min(0).default(0),
})
type GanOptions = z.infer<typeof ganOptions>

/** Times of samples and of data up to the largest one. */
const upTo = (most: number, loss: Part['loss']): Part['loss'] =>
  within([0, most], draw => loss({ ...draw, r2: draw.r2!.mul(most) }))

const mapParts = ({ loss, noise, transport, distillation }: GanOptions): Part[] => [
  { name: 'gan', loss: upTo(noise, ganMap(loss)), plain: true },
  ...(transport !== null
    ? [{ name: 'transport', loss: shortest, weight: transport as number, plain: true }]
    : []),
  ...(distillation > 0
    ? [{ name: 'distillation', loss: denoiserDistance, weight: distillation, plain: true }]
    : []),
]

const criticParts = ({ loss, noise, r1, approximate }: GanOptions): Part[] => [
  {
    name: 'critic',
    loss: upTo(noise, ganCritic(loss, approximate ? 0 : r1)),
    plain: true,
    measures: { criticAccuracy: upTo(noise, criticAccuracy) },
  },
  ...(approximate && r1 > 0
    ? [{ name: 'smoothness', loss: upTo(noise, approximateR1), weight: r1, plain: true }]
    : []),
]

const cafmOptions = z.strictObject({
  center: z.number().min(0).default(1e-3),
  transport: z.number().min(0).default(0),
})
/** Rows whose map learns from a critic. */
export const criticRows = [
  row(
    {
      id: 'gan',
      rule: 'distributional',
      setting: 'marginal',
      needs: ['data'],
      needsTeacher: ({ distillation }) => distillation > 0,
      jumps: 'from-noise',
      diagonal: null,
      keepsTrajectories: false,
      options: ganOptions,
      parts: options => mapParts(options as GanOptions),
      players: [players.critic],
      turns: options => [
        { trains: ['critic'], parts: criticParts(options as GanOptions) },
        { trains: ['map'], parts: mapParts(options as GanOptions) },
      ],
      traits: { draws: ['x0', 'noise', 'r', 'noise2', 'r2'], interpolant: 'linear' },
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Generative adversarial network',
      formula:
        'softplus(-c(z,r)), z = (1-r) F(eps,1,0) + r n; c learns softplus(c(z)) + softplus(-c(noisy data))',
      terms: {
        gan: '\\mathrm{softplus}(-c(z,r))',
        critic: "\\mathrm{softplus}(c(\\mathrm{sg}[z],r)) + \\mathrm{softplus}(-c(z',r'))",
      },
      where: ['z = (1-r) F(\\epsilon,1,0) + r n', "z' = (1-r') x_0 + r' n'"],
      paper: 'Goodfellow et al. 2014, arXiv:1406.2661',
      publishedCost: 12,
      source,
      code: ['ganMap', 'ganCritic', 'criticAccuracy', 'approximateR1', 'shortest', 'denoiserDistance'],
      whenToUse:
        'One jump from data alone; with options.distillation and r1, it is the configuration of ADD; with approximate r1, that of LADD.',
      trouble:
        'Loses modes: look at modeCoverage, recall and coverage before any distance. Noise on what the critic sees (options.noise) is what makes it work at all.',
    },
  ),
  row(
    {
      id: 'cafm',
      rule: 'diagonal',
      setting: 'velocity',
      needs: ['data'],
      diagonal: 'cafm',
      options: cafmOptions,
      parts: null,
      grounds: ({ transport }) => cafmMap(transport as number),
      players: [
        {
          ...players.critic,
          learns: "to rise along the data's velocity and to fall along the map's",
          says: { above: "where the data's velocity leads", below: "where the map's velocity leads" },
        },
      ],
      turns: ({ center }) => [
        {
          trains: ['critic'],
          times: 16,
          parts: [
            {
              name: 'critic',
              loss: cafmCritic(center as number),
              plain: true,
              at: 's',
              measures: { criticAccuracy: slopeAccuracy },
            },
          ],
        },
        { trains: ['map'], parts: [] },
      ],
      defaults: { diagonalFraction: 1 },
    },
    {
      name: 'Continuous adversarial flow matching',
      formula:
        '(dc(V) - 1)^2, dc the derivative of c along (V, 1); c learns (dc(u) - 1)^2 + (dc(sg[V]) + 1)^2 + center c^2',
      terms: {
        diagonal: '(\\dot c(V) - 1)^2',
        critic: '(\\dot c(u) - 1)^2 + (\\dot c(\\mathrm{sg}[V]) + 1)^2 + \\lambda c^2',
      },
      where: ['\\dot c(a) = \\nabla_x c \\cdot a + \\partial_s c', 'V = V(x_s,s,s)', 'u = \\epsilon - x_0'],
      paper: 'Continuous adversarial flow models, 2026, arXiv:2604.11521',
      publishedCost: null,
      source,
      code: ['cafmMap', 'cafmCritic', 'slopeAccuracy'],
      whenToUse:
        'A velocity whose error is measured by a critic instead of the mean square; sampled in many steps.',
      trouble:
        'Sixteen critic turns per round with a derivative inside, for the same fixed point as flow matching.',
    },
  ),
]
