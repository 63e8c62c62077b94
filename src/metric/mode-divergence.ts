import type { Mixture, Values } from '../data/dataset.ts'
import { countedError, jensenShannon, normalBelow } from './divergence.ts'
import { type Estimate, estimate } from './estimate.ts'
import { countPoints } from './points.ts'
import { modeRule } from './strays.ts'

/**
 * Jensen-Shannon divergence in nats, from 0 to log 2, of how often each mode is visited against the weights of the
 * mixture. A point (`[N, D]`, `D` that of the mixture) visits the mode whose mean is nearest, or none where it strays (see
 * `strayRule`), which no weight allows for. It sees whether modes are missed or favoured and nothing of their shape.
 *
 * Lin, Divergence measures based on the Shannon entropy, 1991.
 */
export function modeJS(samples: Values, mixture: Mixture): number {
  return modeEstimates(samples, mixture).js.value
}

export interface ModeEstimates {
  /** `modeJS`. */
  readonly js: Estimate
  /** Share of the modes that are visited by at least a tenth of the points that their weight would bring. */
  readonly coverage: Estimate
}

/** A mode visited less often than this part of its weight is missed. */
const MISSED = 0.1

/** What visits to modes say, with intervals from the counts. */
export function modeEstimates(samples: Values, mixture: Mixture): ModeEstimates {
  const { components } = mixture
  const weights = Float64Array.from([...components.map(component => component.weight), 0])
  const visits = modeVisits(samples, mixture)
  const count = countPoints(samples, components[0].mean.length)
  const shares = visits.map(visit => visit / count)
  const slopes = shares.map((share, k) => (share > 0 ? Math.log((2 * share) / (share + weights[k])) / 2 : 0))
  const ofModes = shares.subarray(0, -1)
  const covered = ofModes.filter((share, k) => share > 0 && share >= MISSED * weights[k]).length
  // A mode near the threshold would be counted otherwise in another draw.
  const doubt = ofModes.reduce((sum, share, k) => {
    const error = Math.sqrt((share * (1 - share)) / count)
    const crossing = error > 0 ? normalBelow(-Math.abs(share - MISSED * weights[k]) / error) : 0
    return sum + crossing * (1 - crossing)
  }, 0)
  const modes = components.length
  // Near the weights the slopes vanish and the divergence is a chi-square of `modes - 1` degrees over `8 count`.
  const curvature = Math.sqrt(2 * (modes - 1)) / (8 * count)
  const deviation = Math.hypot(countedError(visits, slopes), curvature)
  return {
    js: estimate(jensenShannon(shares, weights), deviation, [0, Math.LN2]),
    coverage: estimate(covered / modes, Math.sqrt(doubt) / modes, [0, 1]),
  }
}

/** How often each mode is visited, `[K]`; the rest strays. */
export function modeFrequencies(samples: Values, mixture: Mixture): number[] {
  const count = countPoints(samples, mixture.components[0].mean.length)
  return Array.from(modeVisits(samples, mixture).subarray(0, -1), visit => visit / count)
}

/** How many points have each mode's mean as the nearest one, and how many stray, `[K + 1]`. */
function modeVisits(samples: Values, mixture: Mixture): Float64Array {
  const { components } = mixture
  const dimension = components[0].mean.length
  const means = Float64Array.from(components.flatMap(component => component.mean))
  const visits = new Float64Array(components.length + 1)
  const strays = modeRule(mixture)(samples)
  for (let at = 0; at < samples.length; at += dimension) {
    if (strays[at / dimension]) {
      visits[components.length]++
      continue
    }
    let nearest = 0
    let least = Number.POSITIVE_INFINITY
    for (let k = 0; k < components.length; k++) {
      let square = 0
      for (let i = 0; i < dimension; i++) square += (samples[at + i] - means[k * dimension + i]) ** 2
      if (square < least) {
        least = square
        nearest = k
      }
    }
    visits[nearest]++
  }
  return visits
}
