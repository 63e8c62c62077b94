import { z } from 'zod'
import { checkGraph, evaluate, simplify, type Tensor, trace } from '../autodiff/index.ts'
import { autoguided, continuousCondition, type GuidedFlow, twoClasses } from '../model/exact-guided.ts'
import { extrapolate } from '../model/index.ts'
import { LOSS_TOLERANCE, UnknownRowError } from './golden.ts'
import { type Agreement, relativeError } from './golden-agreement.ts'
import { constantOf, numbers } from './golden-network.ts'

const schema = z.object({
  term: z.string(),
  options: z.record(z.string(), z.unknown()),
  batch: z.record(z.string(), numbers),
  expected: z.record(z.string(), numbers),
})

type Batch = z.infer<typeof schema>['batch']

const deviation = z.number().positive()
const point = z.array(z.number())

/** A column for each sample, or as many numbers as they are given. */
const columnOf = (values: Batch[string]): Tensor =>
  constantOf(values, [values.length, values.flat().length / values.length])

/** A guided flow whose options are of this kind; nothing where they are of another. */
const flows: readonly ((options: unknown, batch: Batch) => GuidedFlow | undefined)[] = [
  (options, { c }) => {
    const { data } = z.strictObject({ a: point, sigma: deviation }).safeParse(options)
    return data && c && twoClasses(data, columnOf(c))
  },
  options => {
    const { data } = z.strictObject({ mu: point, sigma: deviation, weak: deviation }).safeParse(options)
    return data && autoguided(data)
  },
  (options, { vector, y = vector }) => {
    const { data } = z.strictObject({ tau: deviation, sigma: deviation }).safeParse(options)
    return data && y && continuousCondition(data, columnOf(y))
  },
]

/**
 * Compares a guided flow that is known exactly with the numbers of a fixture: velocities and jumps, among them the jump that
 * is wrong, guidance of the jumps of the two flows that it leads between.
 */
export function checkField(json: unknown): Agreement {
  const { term, options, batch, expected } = schema.parse(json)
  const { w, ...known } = options
  const flow = flows.map(make => make(known, batch)).find(found => found !== undefined)
  const scales = batch.w ?? z.tuple([z.number()]).safeParse([w]).data
  if (!flow || !scales) {
    throw new UnknownRowError(
      `${term}: expected w, and a, sigma with c of each sample, or mu, sigma, weak, or tau, sigma with y; found ${Object.keys({ ...options, ...batch }).join(', ')}`,
    )
  }
  const raw = trace(() => {
    const [x, s, t] = [batch.x, batch.s, batch.t].map(columnOf)
    const scale = columnOf(scales)
    const [guided, told, untold] = [scale, columnOf([1]), columnOf([0])].map(w => flow.guided(w))
    const velocity = guided.velocity(x, s)
    return {
      conditional: told.velocity(x, s),
      unconditional: untold.velocity(x, s),
      guided: velocity,
      velocity,
      jump: guided.jump(x, s, t),
      average: guided.velocity(x, s, t),
      wrongGuidedJump: extrapolate(untold.jump(x, s, t), told.jump(x, s, t), scale),
    }
  }, {})
  checkGraph(raw)
  const graph = simplify(raw)
  checkGraph(graph)
  const found = evaluate(graph, [])
  const errors = Object.fromEntries(
    Object.entries(expected).map(([name, value]) => {
      const i = graph.outputNames.indexOf(name)
      if (i < 0) throw new UnknownRowError(`${term}: expects ${name}, which is not known of it`)
      return [name, relativeError(found[i].data, Float64Array.from(value.flat()))]
    }),
  )
  return { term, errors, passed: Object.values(errors).every(error => error <= LOSS_TOLERANCE) }
}
