import { spaceOf } from '../model/index.ts'
import { objectives, traitsOf } from '../objective/index.ts'
import { ConfigError } from './error.ts'
import type { Config } from './schema.ts'

/** What is known of the data's points. */
interface Placed {
  readonly name: string
  readonly space?: string
}

/** Ids of the rows that hold in a curved space under their default options. */
const curvedIds = (): string =>
  [...objectives.values()]
    .filter(row => traitsOf(row, row.options.safeParse({}).data ?? {}).curved === true)
    .map(({ id }) => id)
    .join(', ')

/** The formulas that a run trains, with their options. */
const formulas = ({ objective, options, diagonal }: Config): [id: string, options: unknown][] => [
  [objective, options],
  ...(diagonal.objective !== null && diagonal.fraction > 0
    ? [[diagonal.objective, diagonal.options] as [string, unknown]]
    : []),
]

type Refusal = (config: Config) => string | false | undefined

/** What adds points, scales them or sees them as numbers. */
const flatOnly: readonly Refusal[] = [
  ({ network: { kind } }) =>
    kind !== 'mlp' && `network.kind: a network of kind ${kind} is for pictures and text; use mlp`,
  ({ network: { parameterization } }) =>
    !['average-velocity', 'point'].includes(parameterization) &&
    `network.parameterization: ${parameterization} adds points; use average-velocity or point`,
  ({ network: { predicts = 'velocity' } }) =>
    predicts !== 'velocity' && `network.predicts: ${predicts} is a sum of points; use velocity`,
  ({ interpolant }) =>
    interpolant !== 'linear' &&
    `interpolant: on a curved space, the path is the geodesic, which is called linear; found ${interpolant}`,
  ({ standardize }) =>
    !['auto', 'none'].includes(standardize) &&
    `standardize: points of a curved space cannot be rescaled; use none, found ${standardize}`,
  ({ coupling: { kind } }) =>
    kind !== 'independent' &&
    `coupling.kind: ${kind} compares or solves for points that add; use independent`,
  ({ source }) =>
    source !== null && 'source: on a curved space, the path starts from the noise of the space; use null',
  ({ guidance: { rule } }) => rule !== 'none' && `guidance.rule: use none, found ${rule}`,
  ({ adversarial }) => adversarial !== null && 'adversarial: a critic sees points that add; use null',
  ({ matching }) => matching !== null && 'matching: a fake score is one of points that add; use null',
]

/**
 * Whether a run fits where its data lives.
 *
 * @throws ConfigError when its formula adds points in a curved space, or it reads logits where there are no symbols
 */
export function checkSpace(config: Config, { name, space }: Placed): void {
  const { network, objective } = config
  if (network.parameterization === 'simplex' && space !== 'simplex') {
    const own = objectives.get(objective)?.parameterization === 'simplex'
    throw new ConfigError(
      own
        ? `objective: ${objective} is for sequences of symbols, and ${name} has none; use text, such as words or a .txt file, or an objective for points such as psd`
        : `network.parameterization: simplex reads logits of symbols, and ${name} has none; use average-velocity`,
    )
  }
  if (config.prefix > 0 && space !== 'simplex') {
    throw new ConfigError(`prefix: needs text, but ${name} is not text; use 0`)
  }
  if (config.times.law === 'argmax' && space !== 'simplex') {
    throw new ConfigError(`times.law: argmax needs symbols, but ${name} is not text; use triangle`)
  }
  if (!spaceOf({ space }).isCurved) {
    if (network.parameterization !== 'point') return
    throw new ConfigError(
      `network.parameterization: point is one of a curved space, and ${name} is flat; use denoised, which is the same there`,
    )
  }
  const flat = formulas(config).find(
    ([id, options]) => traitsOf(objectives.get(id)!, options).curved !== true,
  )
  if (flat) {
    throw new ConfigError(
      `objective: ${flat[0]} adds points, which those of ${name} on the ${space} do not; use one of ${curvedIds()}`,
    )
  }
  for (const refusal of flatOnly) {
    const found = refusal(config)
    if (found) throw new ConfigError(`${found} (the points of ${name} live on the ${space})`)
  }
}
