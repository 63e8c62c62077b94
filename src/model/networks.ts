import { differenceOf, keepsTimes } from './conversion.ts'
import { dit } from './dit/kind.ts'
import { transformer } from './dit/sequence-kind.ts'
import { scaleOfHead } from './divergence-head.ts'
import { mlp } from './mlp-kind.ts'
import type {
  CommonKeys,
  Conversion,
  Network,
  NetworkConfig,
  NetworkKind,
  PointSpec,
  Sized,
} from './network.ts'

// biome-ignore lint/suspicious/noExplicitAny: each kind knows its own keys
type AnyKind = NetworkKind<any>

/** Every kind of network by its name. */
export const networks: Map<string, AnyKind> = new Map<string, AnyKind>(
  [mlp, dit, transformer].map(row => [row.kind, row]),
)

export const DEFAULT_KIND = mlp.kind

/** @throws Error when there is no such kind; a configuration is checked before */
export function kindOf({ kind }: Pick<CommonKeys, 'kind'>): AnyKind {
  const found = networks.get(kind)
  if (!found) throw new Error(`no network of kind "${kind}"`)
  return found
}

/** The network of a configuration's block. */
export const networkOf = (config: NetworkConfig, point: PointSpec): Network =>
  kindOf(config).network(config, point)

type Told = Sized<Readonly<Record<string, unknown>>>

/** How the parameters of one network become those of another, or why they cannot. */
export function conversionOf(from: Told, to: Told): Conversion | string {
  const kind = kindOf(to.config)
  const common = differenceOf(from.config, to.config, ['kind', 'parameterization', 'predicts', 'components'])
  if (common) return common
  const [there, here] = [from, to].map(({ point }) => point.space ?? 'flat')
  if (there !== here) return `its points are ${there}, these ${here}`
  const [theirs, ours] = [from, to].map(scaleOfHead)
  if (theirs > 0 && ours > 0 && theirs !== ours) {
    return `network.divergenceHead is ${theirs} there and ${ours} here; use ${theirs}`
  }
  if (kind.conversion) return kind.conversion(from, to)
  const other = differenceOf(from.config, to.config, ['conditioning', ...Object.keys(kind.keys)])
  return other || (parameters => parameters)
}

/** What a run that begins with a trained network takes over from it where the user says nothing. */
export function inheritedFrom(
  trained: NetworkConfig,
  asked: Partial<NetworkConfig>,
  map: boolean,
): Partial<NetworkConfig> {
  const { inherit } = kindOf(trained)
  if (inherit) return inherit(trained, asked, map)
  const { conditioning, ...shape } = trained
  return keepsTimes(trained, asked, map) ? trained : shape
}

/** The keys of a velocity of the same size: without a policy, which is another output, and told of points from the first layer on. */
export function velocityKeys({ components: _, substeps: __, ...keys }: NetworkConfig): NetworkConfig {
  const { parameterization: own } = keys
  return {
    ...keys,
    ...(keys.backbone !== undefined && { backbone: 0 }),
    conditioning: 's',
    parameterization: own === 'policy' ? 'average-velocity' : own,
  }
}
