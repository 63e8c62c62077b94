import { z } from 'zod'
import { concat, sizeOf, type Tensor } from '../../src/autodiff/index.ts'
import { onRows } from '../../src/model/bound-network.ts'
import type { NetworkKind } from '../../src/model/index.ts'

/** `y = x + W2 silu(W1 [x, s, t] + b1)`: a second kind of network, which the sources know nothing of. */
export const residual: NetworkKind<{ readonly units: number }> = {
  kind: 'residual',
  keys: { units: z.int().positive().max(512) },
  defaults: { units: 16 },
  width: 'units',
  network: ({ units }, { shape }) => {
    const dimension = sizeOf(shape)
    return {
      parameters: {
        'inner.weight': { shape: [dimension + 2, units], transposed: true },
        'inner.bias': { shape: [units] },
        outer: { shape: [units, dimension] },
      },
      initialize: random => ({
        'inner.weight': Float32Array.from({ length: (dimension + 2) * units }, () => random.normal()),
        'inner.bias': new Float32Array(units),
        outer: Float32Array.from({ length: units * dimension }, () => 0.1 * random.normal()),
      }),
      apply: parameters =>
        onRows((x: Tensor, s: Tensor, t: Tensor) => {
          const hidden = concat([x, s, t]).matmul(parameters['inner.weight']).add(parameters['inner.bias'])
          return x.add(hidden.silu().matmul(parameters.outer))
        }, shape),
    }
  },
  activations: ({ units }, { shape }) => units + sizeOf(shape),
  // It is shown both times whatever the conditioning.
  conversion: ({ config: from }, { config: to }) =>
    from.units === to.units
      ? parameters => parameters
      : `network.units is ${from.units} there and ${to.units} here`,
  describe: ({ units }) => `one residual layer of ${units}`,
}
