import type { Check } from './check.ts'
import { hasTurns } from './round.ts'
import type { Config } from './schema.ts'

/** Where a perceptual loss has no point of the data to compare with, or the map none that it could be. */
export const perceptualChecks: readonly Check[] = (
  [
    ({ interpolant }) =>
      interpolant !== 'linear' &&
      `the denoised point x - s V is one of the data on the linear path; use interpolant: linear, found ${interpolant}`,
    (_, { id, jumps, needs }) =>
      jumps === 'from-noise' &&
      `${id} trains ${needs.includes('data') ? 'on noise that has no data point of its own' : 'without data'}, with which it compares`,
    (_, { id, jumps }) =>
      jumps === 'both-ways' && `${id} also jumps towards the noise, where no denoised point is known`,
    ({ coupling }) =>
      coupling.kind === 'trajectory' &&
      'points of a trajectory have no data point of their own, with which it compares; use an objective that learns from data, such as imf',
    (config, { id }) =>
      hasTurns(config) && `${id} trains its networks in turns here, none of which is its own`,
  ] satisfies readonly Check[] as readonly Check[]
).map(check => (config, ...of) => {
  const problem = config.loss.perceptual !== null && check(config, ...of)
  return problem && `loss.perceptual: ${problem}`
})

/** What a user should know of it. */
export const perceptualRemarks = ({ loss: { perceptual } }: Config): string[] =>
  perceptual === null
    ? []
    : [
        'loss.perceptual moves the optimum: it draws every sample to its own data point, of which several may lead to one noisy point',
      ]
