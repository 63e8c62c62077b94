import { z } from 'zod'
import type { Tensor } from '../autodiff/index.ts'
import { adapted, adapterChanges, merged, type Named } from '../model/index.ts'
import { meanflow } from './eulerian.ts'
import { GRADIENT_TOLERANCE, LOSS_TOLERANCE } from './golden.ts'
import { type Agreement, relativeError } from './golden-agreement.ts'
import { gradientErrors } from './golden-gradients.ts'
import { networkOptions, networkValues, numbers, shapeOf } from './golden-network.ts'
import { constants, drawOf } from './golden-objective.ts'

const schema = z.object({
  options: z.strictObject({ rank: z.int(), alpha: z.number(), show: z.string() }),
  network: networkOptions,
  networks: z.object({ student: networkValues, adapter: networkValues }),
  batch: z.record(z.string(), numbers),
  expected: z.object({ loss: z.number(), grads: networkValues, merged: networkValues }),
})

type Matrix = z.infer<typeof numbers>

/** Rows become columns: fixtures hold `a [rank][in]` and `b [out][rank]`, as files do. */
const transposed = (matrix: Matrix): number[][] => {
  const rows = matrix as number[][]
  return rows[0].map((_, j) => rows.map(row => row[j]))
}

const flat = (value: Matrix): Float64Array => Float64Array.from(value.flat())

/** The weights of a fixture's network with its adapter, `[out][in]`, in float64. */
function mergedWeights(
  { student, adapter }: z.infer<typeof schema>['networks'],
  keys: { rank: number; alpha: number },
) {
  const weights = Object.entries(student).filter(([name]) => name.endsWith('.weight'))
  const base = Object.fromEntries(weights.map(([name, value]) => [name, flat(transposed(value))]))
  const factors = Object.entries(adapter).map(([name, value]) => [name, flat(transposed(value))])
  const all = merged(base, [{ weight: 1, changes: adapterChanges(Object.fromEntries(factors), keys) }])
  const asFile = (name: string) => {
    const [outputs, inputs] = shapeOf(student[name])
    return Float64Array.from(
      { length: inputs * outputs },
      (_, k) => all[name][(k % inputs) * outputs + Math.floor(k / inputs)],
    )
  }
  return asFile
}

/**
 * Compares the loss of `meanflow` for a network with an adapter, its gradients by all factors, which alone are trained, and
 * merged weights, in float64.
 */
export function checkAdapter(json: unknown): Agreement {
  const { options, network, networks, batch, expected } = schema.parse(json)
  const { student, adapter } = networks
  const given = { term: 'meanflow', options: {}, network, networks: { student }, batch }
  const lossOf = (factors: Named<Tensor>): Tensor => {
    const ours = Object.entries(factors).map(([name, value]) => [name, value.transpose()])
    return meanflow(drawOf(given, adapted(constants(student), Object.fromEntries(ours), options))).mean()
  }
  const weightOf = mergedWeights(networks, options)
  const errors = {
    ...gradientErrors(lossOf, adapter, expected),
    merged: Math.max(
      ...Object.entries(expected.merged).map(([name, value]) => relativeError(weightOf(name), flat(value))),
    ),
  }
  const passed =
    errors.loss <= LOSS_TOLERANCE && errors.gradients <= GRADIENT_TOLERANCE && errors.merged <= LOSS_TOLERANCE
  return { term: 'meanflow', errors, passed }
}
