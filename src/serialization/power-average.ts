import { LuDecomposition, Matrix } from 'ml-matrix'
import { powerVector } from '../config/averages.ts'
import type { Config } from '../config/index.ts'
import { powerExponent } from '../model/index.ts'
import type { Checkpoint } from './checkpoint.ts'
import { RunError } from './run.ts'
import { readSnapshot, snapshotSteps } from './snapshots.ts'

/** A power-law average: its weights of the parameters after `tau` updates are about `(g+1) tau^g/n^(g+1)`. */
export interface Profile {
  /** `n`, the update after which it was taken. */
  readonly step: number
  /** `g`. */
  readonly exponent: number
}

/** The integral of the product of two profiles. Karras et al. 2024, arXiv:2312.02696, appendix C.3. */
function product(a: Profile, b: Profile): number {
  const [early, late] = a.step <= b.step ? [a, b] : [b, a]
  const [g, h] = [early.exponent, late.exponent]
  return (((g + 1) * (h + 1)) / (g + h + 1)) * ((early.step / late.step) ** h / late.step)
}

/**
 * Coefficients whose sum of kept profiles is nearest to a wanted one, by least squares.
 *
 * @returns them, and how far the sum is from it: the root mean square over that of the wanted profile
 */
export function combinationOf(
  kept: readonly Profile[],
  wanted: Profile,
): { readonly coefficients: readonly number[]; readonly error: number } {
  const right = kept.map(profile => product(profile, wanted))
  const products = new Matrix(kept.map(a => kept.map(b => product(a, b))))
  const coefficients = new LuDecomposition(products).solve(Matrix.columnVector(right)).to1DArray()
  const explained = coefficients.reduce((sum, x, i) => sum + x * right[i], 0)
  return { coefficients, error: Math.sqrt(Math.max(0, 1 - explained / product(wanted, wanted))) }
}

/** A reconstruction further from its profile than this is refused. */
const TOLERANCE = 0.1

/**
 * The map's parameters `[P]`, averaged by a power law of any relative width, from what a run kept.
 *
 * @throws RunError when it kept no averages, or too few for this width
 */
export function readPowerAverage(
  directory: string,
  { powerAverages }: Config,
  checkpoint: Checkpoint | undefined,
  width: number,
): Float32Array {
  if (powerAverages.length === 0) {
    throw new RunError(
      `${directory}: keeps no power-law averages; train with e.g. --powerAverages [0.05,0.1] to choose a width afterwards`,
    )
  }
  const newest = checkpoint?.step ?? 0
  const steps = snapshotSteps(directory).filter(step => step < newest)
  if (newest === 0) throw new RunError(`${directory}: has no checkpoint with power-law averages`)
  const kept = [...steps, newest].flatMap(step =>
    powerAverages.map(own => ({ step, width: own, exponent: powerExponent(own) })),
  )
  const { coefficients, error } = combinationOf(kept, { step: newest, exponent: powerExponent(width) })
  if (error > TOLERANCE) {
    throw new RunError(
      `${directory}: an average of width ${width} cannot be computed from ${steps.length + 1} snapshots of width ${powerAverages.join(' and ')} (${Math.round(100 * error)} % off); choose a width closer to these, or train with more checkpoints (--checkpointEvery)`,
    )
  }
  const valuesOf = ({ step, width: own }: (typeof kept)[number]): Float32Array =>
    step === newest ? checkpoint!.state[`map.${powerVector(own)}`] : readSnapshot(directory, step, own)
  const sum = new Float64Array(valuesOf(kept.at(-1)!).length)
  kept.forEach((profile, i) => {
    valuesOf(profile).forEach((value, k) => {
      sum[k] += coefficients[i] * value
    })
  })
  return Float32Array.from(sum)
}
