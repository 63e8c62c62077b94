import type { Config } from '../../config/index.ts'
import type { Network } from '../../model/index.ts'
import { adamMoments, type MomentsRule, radamMoments, scaledByMoments } from './adam.ts'
import { scaledByMuon } from './muon.ts'
import { chain, clipByNorm, decayed, regularized, type Transformation } from './transformation.ts'

type Optimizer = Config['optimizer']
type Shapes = Pick<Network, 'parameters'>

/** An optimiser: how it turns a gradient into an update. */
interface OptimizerRow {
  readonly moments: MomentsRule
  /** What it does to the gradient, with weight decay apart. */
  readonly scaled: (optimizer: Optimizer, network: Shapes) => Transformation
  /** How weights decay. */
  readonly decay: (weight: number) => Transformation
}

export const optimizers: { readonly [name in Optimizer['name']]: OptimizerRow } = {
  adam: { moments: adamMoments, scaled: optimizer => scaledByMoments(optimizer), decay: regularized },
  adamw: { moments: adamMoments, scaled: optimizer => scaledByMoments(optimizer), decay: decayed },
  radam: { moments: radamMoments, scaled: optimizer => scaledByMoments(optimizer, true), decay: decayed },
  muon: { moments: adamMoments, scaled: scaledByMuon, decay: decayed },
}

/** The optimiser of a configuration for one network: what is clipped, then decayed, then scaled. */
export function optimizerOf(optimizer: Optimizer, network: Shapes): Transformation {
  const { name, clip, weightDecay } = optimizer
  const { scaled, decay } = optimizers[name]
  return chain([
    ...(clip === null ? [] : [clipByNorm(clip)]),
    ...(weightDecay > 0 ? [decay(weightDecay)] : []),
    scaled(optimizer, network),
  ])
}
