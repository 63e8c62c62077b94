import { checkWholeGrid } from '../sampler/grid.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { type MethodName, methodFor, type SamplingMethod, whyUntrained } from '../sampler/sampling.ts'

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

/** Numbers of steps come first, grids after them. */
const listed = (names: readonly string[]): string =>
  `${names[0].startsWith('grid') ? '' : 'steps '}${names.join(', ')}`

/**
 * What of a request a map was trained for.
 *
 * @param objective  id of the map's objective
 * @returns the ways to sample, in the order asked, and a note for each reason to leave some out
 * @throws GridError when a grid does not fall from 1 to 0
 */
export function planSamples(
  objective: string,
  { steps, grids = [], method: asked }: SamplingRequest,
): { samples: PlannedSample[]; notes: string[] } {
  const all = [
    ...steps.map(n => ({ steps: n, grid: uniformGrid(n), named: false })),
    ...grids.map(grid => ({ steps: grid.length - 1, grid: checkWholeGrid(grid), named: true })),
  ].map(way => ({ ...way, method: methodFor(asked, objective, way.grid) }))
  const leftOut = new Map<string, string[]>()
  const samples = all.filter(({ steps, grid, named, method }) => {
    const reason = whyUntrained(objective, method, grid)
    if (reason === undefined) return true
    const name = named ? `grid ${grid.join(',')}` : String(steps)
    leftOut.set(reason, [...(leftOut.get(reason) ?? []), name])
    return false
  })
  return {
    samples,
    notes: [...leftOut].map(([reason, names]) => `left out ${listed(names)}: ${reason}`),
  }
}
