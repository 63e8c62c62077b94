import type { Plan } from '../plan-schema.ts'

/** How the example was trained: by the recipe one-step, long, with the exact velocity of the ring as its teacher. */
export const trainedBy: Plan = {
  target: { kind: 'built-in', name: 'ring' },
  hidden: 128,
  layers: 3,
  batch: 512,
  interpolant: 'linear',
  seed: 0,
  stages: [
    {
      objective: 'flow-matching',
      learningRate: 4e-3,
      steps: 16_000,
      keep: false,
      recipe: { name: 'one-step', steps: 16_000 },
    },
    {
      objective: 'cmt',
      learningRate: 4e-3,
      steps: 24_000,
      keep: true,
      recipe: { name: 'one-step', steps: 24_000 },
    },
  ],
}
