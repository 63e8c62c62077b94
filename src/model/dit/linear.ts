import { DYNAMIC, sizeOf, type Tensor } from '../../autodiff/index.ts'
import type { Named } from '../network.ts'

/**
 * `x W + b` over the last axis, with the weight `[in, out]` and the bias of a name. All rows are one matrix, with the bias
 * added to it: a runtime makes one operation of the two, and the bias's gradient is a sum over one axis.
 */
export function linear(parameters: Named<Tensor>, name: string, x: Tensor): Tensor {
  const [weight, bias] = [parameters[`${name}.weight`], parameters[`${name}.bias`]]
  const lead = x.shape.slice(0, -1)
  if (lead.length < 2 || lead.includes(DYNAMIC)) return x.matmul(weight).add(bias)
  const rows = x.reshape([sizeOf(lead), x.shape.at(-1)!])
  return rows
    .matmul(weight)
    .add(bias)
    .reshape([...lead, weight.shape[1]])
}
