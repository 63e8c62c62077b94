import type { Random } from '../random/random.ts'

/** Draws a guidance scale from `[low, high]`. */
type ScaleLaw = (random: Random, range: readonly [low: number, high: number]) => number

/** How guidance scales are drawn in training. */
export const scaleLaws = {
  uniform: (random, [low, high]) => low + (high - low) * random.uniform(),
  /** `log w` uniform. Geng et al. 2025 (Improved Mean Flows), arXiv:2512.02012. */
  'log-uniform': (random, [low, high]) => low * (high / low) ** random.uniform(),
  /** `1/w` uniform. Zhou et al. 2025 (TVM), arXiv:2511.19797; Chen et al. 2025, arXiv:2501.15420. */
  'inverse-uniform': (random, [low, high]) => 1 / (1 / high + (1 / low - 1 / high) * random.uniform()),
} as const satisfies Record<string, ScaleLaw>

export type ScaleLawName = keyof typeof scaleLaws
