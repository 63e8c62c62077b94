import { constant, type Tensor } from '../../autodiff/index.ts'
import { mixtureLogDensityAt } from '../exact.ts'
import { interpolants } from '../interpolants/table.ts'
import type { Mixture } from '../mixture.ts'
import type { Energy } from './kind.ts'

/** `-log p` of a Gaussian mixture, so that `Z = 1`. */
export function mixtureEnergy(name: string, mixture: Mixture, sample: Energy['sample']): Energy {
  return {
    name,
    dimension: mixture.components[0].mean.length,
    energy(x: Tensor) {
      const time = constant(0, [1, 1], x.dtype)
      return mixtureLogDensityAt(mixture, interpolants.linear, x, time).neg().reshape([x.shape[0]])
    },
    logNormalizer: 0,
    sample,
  }
}
