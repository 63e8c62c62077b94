import { evaluate, spec, trace } from '../autodiff/index.ts'
import type { Interpolant } from './interpolant.ts'

/** The numbers `alpha(t)` and `sigma(t)`, in float64, from the functions that training differentiates. */
export function coefficientsAt(
  { alpha, sigma }: Interpolant,
  t: number,
): { readonly alpha: number; readonly sigma: number } {
  const graph = trace(time => [alpha(time), sigma(time)], spec([], 'float64'))
  const [a, b] = evaluate(graph, [{ shape: [], data: Float64Array.of(t) }])
  return { alpha: a.data[0], sigma: b.data[0] }
}
