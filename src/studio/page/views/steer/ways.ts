import type { KernelName, LookAheadName, SteeringMethod } from '../../../../steering/names.ts'

/** A way to steer, what it is, and what is wrong with it. */
interface Way<T extends string> {
  readonly id: T
  readonly name: string
  readonly is: string
  readonly wrong: string
}

export const methods: readonly Way<SteeringMethod>[] = [
  {
    id: 'particles',
    name: 'Particles',
    is: 'Samples move to the data together; those that promise more reward are copied, the others dropped.',
    wrong: 'Some end up as copies of each other.',
  },
  {
    id: 'filter',
    name: 'Filter',
    is: 'Samples are drawn without steering, then resampled in proportion to exp(βr).',
    wrong: 'If β is large, only a few of them carry weight.',
  },
  {
    id: 'guided',
    name: 'Guided flow',
    is: 'Each sample moves independently, with its velocity turned towards the reward.',
    wrong: 'Does not sample the exact law: too narrow, and with wrong proportions of modes.',
  },
  {
    id: 'best',
    name: 'Best of 4',
    is: 'Keeps the one of every four samples with the highest reward.',
    wrong: 'Does not sample the exact law, whatever β is.',
  },
]

export const kernels: readonly Way<KernelName>[] = [
  {
    id: 'renoise',
    name: 'Renoise',
    is: 'A jump to data, then fresh noise up to the next time.',
    wrong: 'Every step is a long jump, which is hardest for a map.',
  },
  {
    id: 'jump',
    name: 'Jump',
    is: 'A jump from each time to the next.',
    wrong: 'It adds no noise, so copies stay copies unless they are moved.',
  },
  {
    id: 'noise',
    name: 'Noise space',
    is: 'The noise itself is tilted gradually; one jump takes it to data.',
    wrong: 'Limited to the quality of one jump, however many steps are taken.',
  },
  {
    id: 'posterior',
    name: 'Posterior',
    is: 'Draws data that the point may come from, then adds noise up to the next time.',
    wrong: 'Eight evaluations of the velocity per step, and still not exact.',
  },
  {
    id: 'euler-maruyama',
    name: 'Euler–Maruyama',
    is: 'Small noisy steps along the velocity.',
    wrong: 'Needs many steps: with few, samples are off the data.',
  },
]

export const lookAheads: readonly Way<LookAheadName>[] = [
  {
    id: 'jump',
    name: 'Jump',
    is: 'The reward at the point where the jump lands.',
    wrong: 'One sharp guess, which moves with the point more than it should.',
  },
  {
    id: 'denoiser',
    name: 'Denoiser',
    is: 'The reward at the mean of where the point may end.',
    wrong: 'The mean may be off the data, and ignores the spread.',
  },
  {
    id: 'posterior',
    name: 'Posterior',
    is: 'The mean of exp(βr) over four samples of where the point may end.',
    wrong: 'About 32 evaluations per step, which takes seconds.',
  },
  {
    id: 'none',
    name: 'None',
    is: 'The reward is not used on the way.',
    wrong: 'No steering before the end.',
  },
]
