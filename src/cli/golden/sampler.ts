import { z } from 'zod'
import { evaluate, simplify, spec, trace } from '../../autodiff/index.ts'
import {
  type Interpolant,
  interpolants,
  type Mixture,
  mixtureVelocity,
  pairAt,
  predictions,
} from '../../model/index.ts'
import { UnknownRowError } from '../../objective/golden.ts'
import { type Agreement, relativeError } from '../../objective/golden-agreement.ts'
import { arrays } from '../../sampler/arrays.ts'
import { intervalsOf } from '../../sampler/intervals.ts'
import type { SamplingMethod } from '../../sampler/names.ts'
import { solverOf, solvers } from '../../sampler/solvers/table.ts'
import { take } from '../../sampler/steps.ts'
import { namedRow } from './named-row.ts'
import { TOLERANCE } from './paths.ts'

const points = z.array(z.array(z.number()))
const schema = z.object({
  method: z.string(),
  options: z.union([z.record(z.string(), z.unknown()), z.array(z.never())]),
  path: z.string(),
  data: z.object({
    components: z.array(
      z.object({
        weight: z.number(),
        mean: z.array(z.number()),
        scales: z.array(z.number()),
        axes: points.optional(),
      }),
    ),
  }),
  grid: z.array(z.number()),
  start: points,
  noise: z.array(points),
  expected: points,
})

/** The exact marginal velocity of a mixture, in float64. */
function exactVelocity(
  mixture: Mixture,
  path: Interpolant,
  count: number,
): (x: Float64Array, t: number) => Float64Array {
  const dimension = mixture.components[0].mean.length
  const graph = simplify(
    trace(({ x, t }) => mixtureVelocity(mixture, path).velocity(x, t), {
      x: spec([count, dimension], 'float64'),
      t: spec([count, 1], 'float64'),
    }),
  )
  return (x, t) => {
    const time = { shape: [count, 1], data: new Float64Array(count).fill(t) }
    const [{ data }] = evaluate(graph, [{ shape: [count, dimension], data: x }, time])
    return data as Float64Array
  }
}

/** The solver that a fixture means: `ddim-eta` is `ddim` with an option. */
function methodOf(name: string): SamplingMethod {
  const known = Object.keys(solvers).filter(id => name === id || name.startsWith(`${id}-`))
  const longest = known.sort((a, b) => b.length - a.length)[0]
  if (longest) return longest as SamplingMethod
  throw new UnknownRowError(`method: expected one of ${Object.keys(solvers).join(', ')}; found ${name}`)
}

/** Options as the solver's row names them: one that says which diffusion is meant may have any name. */
const optionsOf = (given: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      value === 'sde' || value === 'sigma' ? 'diffusion' : name,
      value,
    ]),
  )

/** Compares the points to which a solver takes points with given noise. */
export function checkSampler(json: unknown): Agreement {
  const fixture = schema.parse(json)
  const { grid, start, noise, expected } = fixture
  const solver = solverOf(methodOf(fixture.method))
  const path = namedRow('path', interpolants, fixture.path)
  const options = solver.options.parse(optionsOf(Array.isArray(fixture.options) ? {} : fixture.options))
  const velocity = exactVelocity(fixture.data, path, start.length)
  const steps = intervalsOf(path, grid).flatMap((interval, i) => (solver.adds(options, interval) ? [i] : []))
  let added = 0
  const step = solver.begin<Float64Array>(options, {
    ...arrays<Float64Array>(),
    path,
    meaning: t => pairAt(path, predictions.velocity, t),
    noise: () => Float64Array.from(noise[steps[added++]].flat()),
  })
  const end = intervalsOf(path, grid).reduce<Float64Array>(
    (x, interval) => take(step(x, interval), ({ x, s }) => velocity(x, s)),
    Float64Array.from(start.flat()),
  )
  const error = relativeError(end, Float64Array.from(expected.flat()))
  return { term: `${fixture.method} ${fixture.path}`, errors: { points: error }, passed: error <= TOLERANCE }
}
