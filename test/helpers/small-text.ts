/** A training on text of a second. */
export const smallText = {
  network: { hidden: 16, layers: 1 },
  batch: 64,
  steps: 60,
  objective: 'psd-simplex',
} as const
