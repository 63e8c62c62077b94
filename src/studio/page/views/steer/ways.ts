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
    is: 'Samples go to data together; those that promise more reward are copied, the others dropped.',
    wrong: 'Some end as copies of each other.',
  },
  {
    id: 'filter',
    name: 'Filter',
    is: 'Samples are drawn without steering, then drawn again in proportion to their reward.',
    wrong: 'Few of them count where β is large.',
  },
  {
    id: 'guided',
    name: 'Guided flow',
    is: 'Each sample alone, its velocity turned towards the reward.',
    wrong: 'Samples another law than the exact one: too narrow, and modes get wrong shares.',
  },
  {
    id: 'best',
    name: 'Best of 4',
    is: 'Of each four samples, the one of the highest reward.',
    wrong: 'Samples another law than the exact one, whatever β is.',
  },
]

export const kernels: readonly Way<KernelName>[] = [
  {
    id: 'renoise',
    name: 'Renoise',
    is: 'A jump to data, then fresh noise up to the next time.',
    wrong: 'Long jumps are the hardest for a map, and each step is one.',
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
    is: 'The noise itself is tilted little by little; one jump takes it to data.',
    wrong: 'Samples what one jump gives, however many steps are taken.',
  },
  {
    id: 'posterior',
    name: 'Posterior',
    is: 'Data that the point may come from, then back up to the next time.',
    wrong: 'Eight evaluations of the velocity a step, and as many leave an error.',
  },
  {
    id: 'euler-maruyama',
    name: 'Euler–Maruyama',
    is: 'Small noisy steps along the velocity.',
    wrong: 'Needs many steps: in few, samples are off the data.',
  },
]

export const lookAheads: readonly Way<LookAheadName>[] = [
  {
    id: 'jump',
    name: 'Jump',
    is: 'The reward of where the point’s jump lands.',
    wrong: 'One sharp guess, which moves with the point more than it should.',
  },
  {
    id: 'denoiser',
    name: 'Denoiser',
    is: 'The reward of the mean of where the point may end.',
    wrong: 'The mean may be where no data are, and says nothing of the spread.',
  },
  {
    id: 'posterior',
    name: 'Posterior',
    is: 'The mean of exp(βr) over four samples of where the point may end.',
    wrong: 'About 32 evaluations a step, which takes seconds.',
  },
  {
    id: 'none',
    name: 'None',
    is: 'The reward is not asked on the way.',
    wrong: 'Nothing is steered before the end.',
  },
]
