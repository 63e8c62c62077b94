import { z } from 'zod'
import * as players from '../matching/players.ts'
import { evaluationDistance, fakeOfGuesses, selfEvaluation } from '../matching/self-evaluation.ts'
import { type Part, row } from '../objective.ts'

const options = z.strictObject({
  fake: z.boolean().default(true),
  scale: z.enum(['length', 'weights']).default('length'),
})
type Options = z.infer<typeof options>

const parts = ({ fake, scale }: Options): readonly Part[] => {
  const judge = fake ? 'fake' : 'untold'
  const loss = selfEvaluation(judge, scale)
  const name = fake ? 'scoreDistance' : 'conditionPull'
  return [{ name: 'evaluation', loss, measures: { [name]: evaluationDistance(judge) } }]
}

/** Models that judge their own guesses. */
export const selfEvaluationRows = [
  row(
    {
      id: 'self-e',
      rule: 'distributional',
      setting: 'marginal',
      keepsTrajectories: false,
      needs: ['data'],
      diagonal: 'flow-matching',
      options,
      parts,
      players: ({ fake }) => (fake ? [players.fake] : []),
      turns: options => [
        { trains: ['map'], parts: parts(options) },
        ...(options.fake
          ? [{ trains: ['fake'], parts: [{ name: 'fake', loss: fakeOfGuesses, plain: true as const }] }]
          : []),
      ],
      traits: ({ fake }) => ({ compares: 'jump', draws: ['noise'], untold: !fake, interpolant: 'linear' }),
      defaults: { diagonalFraction: 0.5 },
    },
    {
      name: 'Self-evaluation',
      formula:
        'mse(G - |x0| w/|w|), w = (1-s)(1-t) x0 + (s-t) sg[g + G(z,t,t) - D_fake(z,t)], G(x,s,t) = x - s V(x,s,t), g = sg[G(x_s,s,t)], z = (1-t) g + t n; v_fake learns g',
      terms: {
        evaluation: '\\| G(x_s,s,t) - |x_0|\\, w/|w| \\|^2',
        fake: '\\| v_{\\mathrm{fake}}(z,t) - (n - g) \\|^2',
      },
      where: [
        'G(x,s,t) = x - s V(x,s,t)',
        'g = \\mathrm{sg}[G(x_s,s,t)]',
        'z = (1-t) g + t n',
        'w = (1-s)(1-t)\\, x_0 + (s-t)\\, \\mathrm{sg}[g + G(z,t,t) - D_{\\mathrm{fake}}(z,t)]',
      ],
      paper: 'Self-E 2025, arXiv:2512.22374',
      publishedCost: 5,
      costNote: 'of the published form without a fake score (options.fake false)',
      source: 'src/objective/matching/self-evaluation.ts',
      code: ['selfEvaluation', 'fakeOfGuesses', 'evaluationDistance'],
      whenToUse:
        'Few steps from scratch without a teacher: the model moves its own guesses according to its predictions for their noisy copies. Published for conditional models (options.fake false with --condition class --condition.drop 0.1).',
      trouble:
        'Without the fake score, the model pulls towards what distinguishes a class from the others, even at the data itself, so classes come out too narrow. Guesses are rescaled to the norm of their data point, which suits images better than points near 0.',
    },
  ),
]
