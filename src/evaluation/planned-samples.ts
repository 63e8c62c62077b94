import { isGrounded, isMatched } from '../config/coupling.ts'
import type { Config } from '../config/index.ts'
import { type Placed, placed } from '../config/placed.ts'
import { sourceName } from '../config/source-checks.ts'
import { interpolants } from '../model/index.ts'
import { checkWholeGrid } from '../sampler/grid.ts'
import { usualGrid } from '../sampler/named-grids.ts'
import type { MethodName, SamplingMethod } from '../sampler/names.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { methodFor, type SampledBy, whyNot } from '../sampler/sampling.ts'

/** The ways from noise to data that are asked for. */
export interface SamplingRequest {
  /** Numbers of equal steps. */
  readonly steps: readonly number[]
  /** Grids from 1 to 0 beside those. */
  readonly grids?: readonly (readonly number[])[]
  readonly method: MethodName
}

/** One way from noise to data. */
export interface PlannedSample {
  /** Number of jumps. */
  readonly steps: number
  readonly grid: readonly number[]
  /** Whether it was asked for by its times and not by their number. */
  readonly named: boolean
  /** The method used, never `auto`. */
  readonly method: SamplingMethod
}

/** What decides how the map of a configuration, trained on such data, is sampled. */
export const sampledBy = (config: Config, data: Placed): SampledBy => ({
  objective: config.objective,
  interpolant: config.interpolant,
  predicts: config.network.predicts,
  matched: isMatched(config),
  isGrounded: isGrounded(config),
  source: sourceName(config),
  ...placed(config, data),
})

/** Times as a user may write them. */
const shownGrid = (grid: readonly number[]): string => grid.map(t => Number(t.toPrecision(4))).join(',')

/** Numbers of steps come first, grids after them. */
const listed = (names: readonly string[]): string =>
  `${names[0].startsWith('grid') ? '' : 'steps '}${names.join(', ')}`

/**
 * What of a request a map was trained for.
 *
 * @param map  its objective, its path and what its network predicts
 * @returns the ways to sample, in the order asked, and a note for each reason to leave some out
 * @throws GridError when a grid does not fall from 1 to 0
 */
export function planSamples(
  map: SampledBy,
  { steps, grids = [], method: asked }: SamplingRequest,
): { samples: PlannedSample[]; notes: string[] } {
  const path = interpolants[map.interpolant]
  const all = [
    ...steps.map(n => {
      const method = methodFor(asked, map.objective, uniformGrid(n))
      return {
        steps: n,
        grid: usualGrid({ method }, path, n, map.decided),
        named: false,
        method,
      }
    }),
    ...grids.map(grid => ({
      steps: grid.length - 1,
      grid: checkWholeGrid(grid),
      named: true,
      method: methodFor(asked, map.objective, grid),
    })),
  ]
  const leftOut = new Map<string, string[]>()
  const samples = all.filter(({ steps, grid, named, method }) => {
    const reason = whyNot(map, { method }, grid)
    if (reason === undefined) return true
    const name = named ? `grid ${shownGrid(grid)}` : String(steps)
    leftOut.set(reason, [...(leftOut.get(reason) ?? []), name])
    return false
  })
  return {
    samples,
    notes: [...leftOut].map(([reason, names]) => `left out ${listed(names)}: ${reason}`),
  }
}
