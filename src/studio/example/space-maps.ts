import type { UserConfig } from '../../config/index.ts'

/** Spaces whose trained maps the page shows, by their names in the page. */
export const spaceNames = ['sphere', 'torus', 'words'] as const
export type SpaceName = (typeof spaceNames)[number]

/** How each was trained. */
export const spaceConfigs: Readonly<Record<SpaceName, UserConfig>> = {
  sphere: { data: 'sphere-vmf', objective: 'lsd', steps: 20_000, network: { hidden: 96 } },
  torus: { data: 'torus-ramachandran', objective: 'lsd', steps: 20_000, network: { hidden: 96 } },
  words: { data: 'words', objective: 'psd-simplex', steps: 20_000, network: { hidden: 96 } },
}
