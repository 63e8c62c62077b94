import { checkFixture, parseFixture } from '../../objective/golden.ts'
import type { Checked } from './checked.ts'
import { checkMetric } from './metric.ts'
import { checkRender } from './render.ts'

function checkObjective(json: unknown): Checked {
  const { term, lossError, gradientError, passed } = checkFixture(parseFixture(json))
  const sizes = `loss ${lossError.toExponential(1)}, gradients ${gradientError.toExponential(1)}`
  return { passed, line: `${term}, relative errors ${sizes}` }
}

/** How a fixture is checked, by its `kind`; without one it is of an objective. */
export const goldenKinds: Readonly<Record<string, (json: unknown) => Checked>> = {
  objective: checkObjective,
  render: checkRender,
  metric: checkMetric,
}
