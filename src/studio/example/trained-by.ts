import type { Plan } from '../plan-schema.ts'

/** Datasets that a trained map comes with the page for; the first is the one that it opens with. */
export const exampleTargets = ['ring', 'two-moons', 'spirals', 'checkerboard', 'heart'] as const
export type ExampleTarget = (typeof exampleTargets)[number]

/** Of which dataset the trained map of a target is: that of the ring, where the target has none of its own. */
export const exampleTarget = (target: Plan['target']): ExampleTarget =>
  exampleTargets.find(name => target.kind === 'built-in' && target.name === name) ?? 'ring'

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

/** How the trained map of a target was trained: as the ring's, with the velocity that it learnt first where none is known. */
export const trainedOn = (target: Plan['target']): Plan => ({
  ...trainedBy,
  target: { kind: 'built-in', name: exampleTarget(target) },
})
