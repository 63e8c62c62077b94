import { checkGraph, evaluate, simplify, spec, type Tensor, trace, valueAndGrad } from '../autodiff/index.ts'
import type { Named } from '../model/index.ts'
import { relativeError } from './golden-agreement.ts'
import { type NetworkValues, shapeOf } from './golden-network.ts'

/** How far a loss and its gradients are from those of a fixture. */
export interface GradientErrors extends Readonly<Record<string, number>> {
  readonly loss: number
  readonly gradients: number
}

const flatOf = (value: NetworkValues[string]): Float64Array => Float64Array.from(value.flat())

/**
 * Relative errors of a loss and of all its gradients by some parameters in float64, through the passes that training uses.
 *
 * @param own  values of the parameters that are alive
 */
export function gradientErrors(
  lossOf: (parameters: Named<Tensor>) => Tensor,
  own: NetworkValues,
  expected: { readonly loss: number; readonly grads: NetworkValues },
): GradientErrors {
  const specs = Object.fromEntries(
    Object.entries(own).map(([name, value]) => [name, spec(shapeOf(value), 'float64')]),
  )
  const raw = trace(parameters => valueAndGrad(lossOf)(parameters as Named<Tensor>), specs)
  checkGraph(raw)
  const graph = simplify(raw)
  checkGraph(graph)
  const inputs = Object.values(own).map(value => ({ shape: shapeOf(value), data: flatOf(value) }))
  const [loss, ...gradients] = evaluate(graph, inputs)
  return {
    loss: relativeError(loss.data, Float64Array.of(expected.loss)),
    gradients: Math.max(
      ...Object.keys(own).map((name, i) => relativeError(gradients[i].data, flatOf(expected.grads[name]))),
    ),
  }
}
