import type { Objective, Traits } from '../objective/index.ts'
import type { Check } from './check.ts'
import { allTraits } from './coupling.ts'
import type { Config } from './schema.ts'

/** How the data that a run begins at is called; nothing for noise. */
export const sourceName = ({ source }: Pick<Config, 'source'>): string | undefined =>
  source === null || typeof source === 'string' ? (source ?? undefined) : Object.keys(source)[0]

/** Paths that hold nothing of the other side at either end. */
const PATHS = ['linear', 'trig']

const some = (config: Config, objective: Objective, of: (traits: Traits) => unknown): boolean =>
  allTraits(config, objective).some(traits => Boolean(of(traits)))

/** What takes the points at time 1 for standard normal noise. */
const ofNoise: readonly Check[] = [
  ({ interpolant }) =>
    !PATHS.includes(interpolant) &&
    `interpolant: between two data sets the path must end at a point of each; use ${PATHS.join(' or ')}, found ${interpolant}`,
  ({ teacher, coupling }) =>
    [teacher, coupling.teacher].includes('exact') &&
    'teacher: exact is the velocity between data and noise, but this run starts from a source; train a teacher between the same two data sets with --objective flow-matching, or --teacher train',
  ({ coupling: { kind } }) =>
    kind === 'samples' &&
    'coupling.kind: samples draws fresh noise for each end of a trajectory, but this run starts from a source; use reflow or independent',
  ({ condition: { kind } }) =>
    kind === 'state' &&
    'condition.kind: state is a data point with noise, but this run starts from a source; use none',
  (config, objective) =>
    some(
      config,
      objective,
      ({ freshNoise, posterior, draws }) => freshNoise || posterior || draws?.includes('noise'),
    ) &&
    `source: ${objective.id} adds normal noise to data, but with a source the path has no such noise; remove source`,
  (_, { id, needs, jumps }) =>
    (needs.includes('energy') || jumps === 'from-noise') &&
    `source: ${id} needs noise with a known density; remove source`,
  ({ network: { parameterization } }) =>
    !['average-velocity', 'denoised'].includes(parameterization) &&
    `network.parameterization: ${parameterization} is made for normal noise; with a source use average-velocity, or denoised`,
  ({ network: { predicts } }) =>
    predicts !== 'velocity' &&
    `network.predicts: ${predicts} is said of normal noise; with a source use velocity`,
  ({ loss: { minSnr } }) =>
    minSnr !== null &&
    'loss.minSnr: goes by the ratio of data to noise, and with a source there is no noise; use null',
]

/** What does not hold where noise is added on the way. */
const onTheWay: readonly Check[] = [
  ({ network: { parameterization } }) =>
    parameterization === 'denoised' &&
    'network.parameterization: denoised tells data from velocity and place, which noise on the way hides; use average-velocity',
  ({ loss: { perceptual } }) =>
    perceptual !== null &&
    'loss.perceptual: takes data from velocity and place, which noise on the way hides; use null, or sourceNoise 0',
]

/** Combinations that make no sense between two data sets. */
export const sourceChecks: readonly Check[] = [
  ({ source, sourceNoise }) =>
    source === null &&
    sourceNoise > 0 &&
    'sourceNoise: is added on the way to a source, and there is none; set source',
  ...ofNoise.map(
    (check): Check =>
      (config, ...rest) =>
        config.source !== null && check(config, ...rest),
  ),
  ...onTheWay.map(
    (check): Check =>
      (config, ...rest) =>
        config.sourceNoise > 0 && check(config, ...rest),
  ),
]
