import { type Config, ConfigError } from '../../config/index.ts'
import { fromHalves } from '../example/half.ts'
import { type ExampleTarget, exampleTarget, trainedBy } from '../example/trained-by.ts'
import type { Plan } from '../plan.ts'
import { fromText } from './bytes.ts'
import type { Ended } from './teachers.ts'

/** Only a page that shows one loads its weights. */
const WEIGHTS: Readonly<Record<ExampleTarget, () => Promise<{ averaged: string; raw: string }>>> = {
  ring: () => import('../example/ring.ts'),
  'two-moons': () => import('../example/two-moons.ts'),
  spirals: () => import('../example/spirals.ts'),
  checkerboard: () => import('../example/checkerboard.ts'),
  heart: () => import('../example/heart.ts'),
}

/**
 * The example's weights for a plan that starts with them.
 *
 * @param config  that it was trained by
 * @throws ConfigError when its network is another one
 */
export async function exampleOf(plan: Plan, config: Config): Promise<Ended & { readonly raw: Float32Array }> {
  for (const key of ['hidden', 'layers', 'interpolant'] as const) {
    if (plan[key] === trainedBy[key]) continue
    throw new ConfigError(`the example has ${key} ${trainedBy[key]}, this training ${plan[key]}`)
  }
  if (plan.condition) throw new ConfigError('the example was trained without classes')
  const { averaged, raw } = await WEIGHTS[exampleTarget(plan.target)]()
  const [parameters, last] = [averaged, raw].map(text => fromHalves(fromText(text)))
  return { config, parameters, raw: last }
}
