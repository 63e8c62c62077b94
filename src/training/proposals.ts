import type { Config, UserConfig } from '../config/index.ts'
import { type Dataset, pictureShape } from '../data/dataset.ts'
import { DEFAULT_KIND } from '../model/index.ts'

/** Patches to choose from, the first that fits first: those of 4 are what recipes of small pictures take. */
const PATCHES = [4, 5, 3, 2, 6, 7, 8]

/**
 * What a user of pictures may not know of: the network for them, and that the map can be told their classes. Nothing where the user
 * has chosen.
 *
 * @param asked  what the user said
 */
export function proposals(asked: UserConfig, { network, condition }: Config, dataset: Dataset): string[] {
  const image = pictureShape(dataset)
  const classes = dataset.labels?.names.length ?? 0
  if (!image) return []
  const [height, width] = image
  const patch = PATCHES.find(side => height % side === 0 && width % side === 0)
  const takesDefault = asked.network === undefined && network.kind === DEFAULT_KIND
  const flags = [
    ...(takesDefault && patch ? ['--network dit'] : []),
    ...(takesDefault && patch && patch !== PATCHES[0] ? [`--network.patch ${patch}`] : []),
    ...(asked.condition === undefined && condition.kind === 'none' && classes > 1
      ? ['--condition class']
      : []),
  ]
  if (flags.length === 0) return []
  const what = flags[0].startsWith('--network') ? 'a transformer suits them better than a perceptron' : ''
  const told = flags.at(-1) === '--condition class' ? `a map can be told their ${classes} classes` : ''
  const why = [what, told].filter(Boolean).join(', and ')
  return [`${dataset.name}: pictures of ${height} x ${width}; ${why}: ${flags.join(' ')} (docs/images.md)`]
}
