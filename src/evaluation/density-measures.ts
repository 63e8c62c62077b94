import { DYNAMIC, simplify, spec, trace } from '../autodiff/index.ts'
import { determinants } from '../density/determinant.ts'
import { clippedLogWeights, importance } from '../density/importance.ts'
import { linearize } from '../density/linearize.ts'
import { sampleWithDensity } from '../density/own-samples.ts'
import {
  type Estimate,
  estimate,
  meanOf,
  rootEstimate,
  shareEstimate,
  standardError,
} from '../metric/estimate.ts'
import { mapMetrics } from '../metric/map-catalogue.ts'
import { coefficientsAt, type Energy, interpolants, unstandardized } from '../model/index.ts'
import { objectives } from '../objective/index.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { drawNoise, uniformGrid } from '../sampler/sampler.ts'
import { asRowMap, type Model } from '../serialization/model.ts'
import { drawModelNoise, noiseDeviation } from './model-noise.ts'

/** Pairs of times that a return is measured over. */
const PAIRS: readonly (readonly [s: number, t: number])[] = [
  [1, 0],
  [1, 0.5],
  [0.5, 0],
  [0.75, 0.25],
]

/** How a map comes back: by pairs of times the mean over which is reported. */
export interface Returned {
  /** `F(F(x,s,t),t,s) - x`, root mean square of its length. */
  readonly inverseError: Estimate
  /** `|L(x,s,t) + L(F(x,s,t),t,s)|`, mean. */
  readonly determinantResidual: Estimate
}

interface Setting {
  readonly runtime: Runtime
  /** Points of data `[n, D]` as the network sees them. */
  readonly points: Float32Array
  readonly seed: number
}

/** Takes points of the path through a jump and back, with the determinants of both. */
export async function measureReturn(model: Model, { runtime, points, seed }: Setting): Promise<Returned> {
  const { dimension, config } = model
  const path = interpolants[config.interpolant]
  const { limit } = mapMetrics.inverseError
  const data = points.subarray(0, Math.min(points.length, limit * dimension))
  const count = data.length / dimension
  const noise = drawNoise(count, dimension, seed)
  const program = await linearize(runtime, asRowMap(model).jump, dimension)
  const [squares, residuals] = [new Float64Array(count), new Float64Array(count)]
  try {
    for (const [s, t] of PAIRS) {
      const { alpha, sigma } = coefficientsAt(path, s)
      const x = Float64Array.from(data, (value, i) => alpha * value + sigma * noise[i])
      const there = await program.run(x, s, t)
      const back = await program.run(there.values, t, s)
      const [first, second] = [there, back].map(({ jacobian }) => determinants(jacobian, dimension).log)
      for (let i = 0; i < count; i++) {
        for (let k = 0; k < dimension; k++) {
          squares[i] += (back.values[i * dimension + k] - x[i * dimension + k]) ** 2 / PAIRS.length
        }
        residuals[i] += Math.abs(first[i] + second[i]) / PAIRS.length
      }
    }
  } finally {
    await program.close()
  }
  return {
    inverseError: rootEstimate(meanOf(squares), standardError(squares)),
    determinantResidual: estimate(
      meanOf(residuals),
      standardError(residuals),
      mapMetrics.determinantResidual.range,
    ),
  }
}

export interface Weighed {
  readonly folded: Estimate
  /** Absent where the energy of the data is not known. */
  readonly effectiveShare?: Estimate
  readonly note?: string
}

/** Jumps that own samples take, of a map that knows jumps between any times. */
const STEPS = 4

/** Draws own samples with their density: how many fold, and how many are effective by the energy of the data. */
export async function measureOwn(
  model: Model,
  { runtime, seed, energy }: Pick<Setting, 'runtime' | 'seed'> & { readonly energy?: Energy },
): Promise<Weighed> {
  const { dimension, config, data } = model
  const { limit } = mapMetrics.folded
  const jumps = objectives.get(config.objective)?.jumps ?? 'any'
  const grid = uniformGrid(jumps === 'any' || jumps === 'both-ways' ? STEPS : 1)
  const noise = drawModelNoise(model, limit, seed)
  const own = await sampleWithDensity(runtime, asRowMap(model), noise, dimension, grid, {
    density: 'jump',
    deviation: noiseDeviation(model),
  })
  const folded = shareEstimate(Math.round(own.folded * limit), limit)
  if (!energy) return { folded }
  const { standardization: by } = data
  const points = by ? unstandardized(by, own.points) : own.points
  const program = await runtime.compile(
    simplify(trace(x => ({ y: energy.energy(x) }), spec([DYNAMIC, dimension], 'float64'))),
  )
  const [values] = (await program.run([points]).finally(() => program.close())) as Float64Array[]
  const logWeights = values.map((value, i) => {
    const log = -value - own.logDensity[i]
    return Number.isFinite(log) ? log : Number.NEGATIVE_INFINITY
  })
  const share = importance(logWeights).effectiveShare
  const clipped = importance(clippedLogWeights(logWeights)).effectiveShare
  return {
    folded,
    effectiveShare: shareOf(logWeights, share),
    note: `${(100 * clipped).toFixed(0)} % with the largest weights lowered`,
  }
}

/** The share `(E w)^2 / E w^2` with its interval, by what each sample adds to it. */
function shareOf(logWeights: Float64Array, value: number): Estimate {
  const { logNormalizer } = importance(logWeights)
  const ratios = logWeights.map(log => Math.exp(log - logNormalizer))
  const square = meanOf(ratios.map(w => w * w))
  const influence = ratios.map(w => value * (2 * w - (w * w) / square))
  return estimate(value, standardError(influence), [0, 1])
}
