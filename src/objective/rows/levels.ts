import { z } from 'zod'
import { type DrawnVelocityOptions, tmdStage1, tmdStage2 } from '../matching/levels.ts'
import * as players from '../matching/players.ts'
import { type Part, row } from '../objective.ts'
import {
  type DmdOptions,
  dmdOptions,
  dmdParts,
  dmdPlayers,
  dmdTurns,
  FAKE,
  fakeTerm,
  hasCritic,
  matched,
  REAL,
  startTimes,
} from './matching.ts'

const source = 'src/objective/matching/levels.ts'
const paper = 'Nie et al. 2026, arXiv:2601.09881'

const headOptions = z.strictObject({ h: z.number().positive().max(0.1).nullable().default(null) })
type HeadOptions = z.infer<typeof headOptions>

const headParts = ({ h }: HeadOptions): Part[] => [{ name: 'inner', loss: tmdStage1(h ?? undefined) }]

const tmdOptions = z.strictObject({
  ...dmdOptions,
  inner: z.int().min(1).max(8).default(2),
  times: startTimes(0).nullable().default(null),
  shift: z.number().min(0.1).max(20).default(1),
})
type TmdOptions = DmdOptions & DrawnVelocityOptions

const tmdParts = (options: TmdOptions): Part[] => dmdParts(options, loss => tmdStage2(options, loss))

/** A map that is told a noisy point `x_s` and its time, and is the inner flow map of `y = eps - x0` given it, in two stages. */
export const levelRows = [
  row(
    {
      id: 'tmd-head',
      rule: 'distributional',
      setting: 'marginal',
      needs: ['data'],
      diagonal: null,
      keepsTrajectories: false,
      sampler: 'transition',
      options: headOptions,
      parts: headParts,
      traits: ({ h }) => ({
        draws: ['noise', 'r'],
        interpolant: 'linear',
        ...(h === null && { differentiatesTime: true }),
      }),
      defaults: { diagonalFraction: 0, times: { equal: 0.75 } },
    },
    {
      name: 'Transition matching, inner flow',
      formula:
        'mse(u(y_p,p,q | x_r,r) - sg[(y1 - y) + (q-p) du]), y = eps - x0, y_p = (1-p) y + p y1, du along (y1 - y, 1) in (y_p, p); p, q are the times s, t of the run',
      terms: {
        inner: '\\| u(y_p,p,q \\mid x_r,r) - \\mathrm{sg}[(y_1 - y) + (q-p)\\, \\dot u] \\|^2',
      },
      where: [
        'y = \\epsilon - x_0',
        'y_p = (1-p) y + p y_1',
        '\\dot u = \\partial_p u + J_y u \\cdot (y_1 - y)',
      ],
      paper,
      publishedCost: null,
      source,
      code: ['tmdHead', 'tmdStage1', 'innerJump'],
      whenToUse:
        'A sampler with few outer steps, from data alone, whose velocities are drawn instead of averaged; and the starting point for tmd.',
      trouble:
        'Keeps no trajectories. An outer step is as good as the inner flow: with one inner jump, as good as meanflow.',
    },
  ),
  row(
    {
      id: 'tmd',
      ...matched,
      needs: ['data', 'teacher'],
      jumps: 'to-data',
      sampler: 'transition',
      options: tmdOptions,
      parts: options => tmdParts(options as TmdOptions),
      players: options => dmdPlayers(options, players.fakeOfStates, players.criticOfStates),
      turns: options =>
        dmdTurns(options as TmdOptions, tmdParts(options as TmdOptions), loss =>
          tmdStage2(options as TmdOptions, loss),
        ),
      traits: options => ({
        draws: ['noise', 'r', 'noise2', ...(hasCritic(options) ? (['r2'] as const) : [])],
        interpolant: 'linear',
      }),
      defaults: { diagonalFraction: 0 },
    },
    {
      name: 'Transition matching distillation',
      formula:
        'dmd at x = x_s - s y, y by N inner jumps y_q = y_p + (q-p) u(y_p,p,q | x_s,s) from noise, gradients through all of them',
      terms: { matching: `\\langle x, \\mathrm{sg}[w\\, r (${REAL} - ${FAKE})] \\rangle`, fake: fakeTerm },
      where: ['x = x_s - s y', 'y_q = y_p + (q-p)\\, u(y_p,p,q \\mid x_s,s)', 'z = (1-r) x + r n'],
      paper,
      publishedCost: null,
      source,
      code: ['tmdStage2', 'drawnVelocity', 'outerStep'],
      whenToUse:
        'As dmd in a few outer steps, in which the last layers of a large network take several cheap inner jumps on features that the first layers compute once (network.backbone). Starts from a run of tmd-head (--init-from).',
      trouble:
        'The loss only sees samples, not which x_s they belong to: that is inherited from tmd-head. Times near the data leave little to train, and without more weight on noise, modes may be lost: see options.times and options.shift.',
    },
  ),
]
