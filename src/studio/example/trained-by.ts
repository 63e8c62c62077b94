import type { Plan } from '../plan.ts'

/** How the example was trained: the exact velocity is its teacher, and the learning rate falls. */
export const trainedBy: Plan = {
  target: { kind: 'built-in', name: 'ring' },
  hidden: 128,
  layers: 3,
  batch: 1024,
  interpolant: 'linear',
  seed: 0,
  stages: [
    { objective: 'semigroup', learningRate: 1e-3, steps: 8000, keep: false },
    { objective: 'semigroup', learningRate: 3e-4, steps: 4000, keep: true },
    { objective: 'semigroup', learningRate: 1e-4, steps: 3000, keep: true },
  ],
}
