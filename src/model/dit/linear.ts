import { DYNAMIC, sizeOf, type Tensor } from '../../autodiff/index.ts'
import { product } from '../linear.ts'
import type { Named } from '../network.ts'

/**
 * `x W + b` over the last axis, with the weight `[in, out]`, the bias and the adapter of a name. All rows are one matrix, with the bias
 * added to it: a runtime makes one operation of the two, and the bias's gradient is a sum over one axis.
 */
export function linear(parameters: Named<Tensor>, name: string, x: Tensor): Tensor {
  const [weight, bias, a, b] = ['weight', 'bias', 'a', 'b'].map(part => parameters[`${name}.${part}`])
  const lead = x.shape.slice(0, -1)
  if (lead.length < 2 || lead.includes(DYNAMIC)) return product(x, { weight, a, b }).add(bias)
  const rows = x.reshape([sizeOf(lead), x.shape.at(-1)!])
  return product(rows, { weight, a, b })
    .add(bias)
    .reshape([...lead, weight.shape[1]])
}
