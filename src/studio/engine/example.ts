import { type Config, ConfigError } from '../../training/config.ts'
import { fromHalves } from '../example/half.ts'
import { examplePlan, type Plan } from '../plan.ts'
import { fromText } from './bytes.ts'
import type { Ended } from './teachers.ts'

/** The example's weights for a plan that starts with them. @throws ConfigError when its network is another one */
export async function exampleOf(plan: Plan, config: Config): Promise<Ended> {
  for (const key of ['hidden', 'layers', 'interpolant'] as const) {
    if (plan[key] === examplePlan[key]) continue
    throw new ConfigError(`the example has ${key} ${examplePlan[key]}, this training ${plan[key]}`)
  }
  // Only a page that shows the example loads its weights.
  const { trainedBy, weights } = await import('../example/ring.ts')
  const { objective } = trainedBy.stages.at(-1)!
  return { config: { ...config, objective }, parameters: fromHalves(fromText(weights)) }
}
