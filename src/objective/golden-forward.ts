import { z } from 'zod'
import { checkGraph, evaluate, jvp, simplify, type Tensor, trace } from '../autodiff/index.ts'
import { timeShape } from '../model/index.ts'
import { type Agreement, relativeError } from './golden-agreement.ts'
import {
  conditionOf,
  constantOf,
  fixtureMap,
  networkOptions,
  networkValues,
  numbers,
} from './golden-network.ts'

const forwardSchema = z.object({
  network: networkOptions,
  networks: z.object({ student: networkValues }),
  batch: z.record(z.string(), numbers),
  expected: z.record(z.string(), numbers),
})

export const FORWARD_TOLERANCE = 1e-9

/**
 * Compares a network's average velocity, that of its velocity head where it has one, and their derivatives along a
 * direction of point and times, in float64: `V`, `dV`, `Vv`, `dVv`, relative to the largest element of each.
 */
export function checkForward(json: unknown): Agreement {
  const { network, networks, batch, expected } = forwardSchema.parse(json)
  const raw = trace(() => {
    const parameters = Object.fromEntries(
      Object.entries(networks.student).map(([name, value]) => [name, constantOf(value)]),
    )
    const { velocity, velocityHead } = fixtureMap(network, parameters, conditionOf(network, batch))
    const point = (name: string) => constantOf(batch[name], [batch.s.length, ...network.image])
    const time = (name: string) => constantOf(batch[name], timeShape(batch.s.length, network.image))
    const values = (...at: readonly Tensor[]) => {
      const [x, s, t] = at
      return { V: velocity(x, s, t), ...(velocityHead && { Vv: velocityHead(x, s, t) }) }
    }
    const [value, derivative] = jvp(
      values,
      [point('x'), time('s'), time('t')],
      [point('dx'), time('ds'), time('dt')],
    )
    const derivatives = Object.entries(derivative).map(([name, along]) => [`d${name}`, along])
    return { ...value, ...Object.fromEntries(derivatives) }
  }, {})
  checkGraph(raw)
  const graph = simplify(raw)
  checkGraph(graph)
  const found = evaluate(graph, [])
  const errors = Object.fromEntries(
    Object.entries(expected).map(([name, value]) => {
      const i = graph.outputNames.indexOf(name)
      if (i < 0) throw new Error(`expects ${name}, which the network does not have`)
      return [name, relativeError(found[i].data, Float64Array.from(value.flat()))]
    }),
  )
  return { errors, passed: Object.values(errors).every(error => error <= FORWARD_TOLERANCE) }
}
