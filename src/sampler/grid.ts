import { show } from '../data/show.ts'

/** A grid of times that cannot be jumped through. The message is one line for the user to act on. */
export class GridError extends Error {
  override readonly name = 'GridError'
}

const SHOWN = 8

/** The times as a user writes them, cut where there are many. */
const written = (grid: readonly number[]): string =>
  grid.length > SHOWN ? `${grid.slice(0, SHOWN).join(',')},...` : grid.join(',') || 'of no times'

/**
 * Checks a grid: at least two times from 0 (data) to 1 (noise), each below the one before it (towards data), or each
 * above it (towards noise).
 *
 * @returns the grid
 * @throws GridError
 */
export function checkGrid(grid: readonly number[]): readonly number[] {
  if (!Array.isArray(grid))
    throw new GridError(`grid: expected a list of times, e.g. [1, 0], found ${show(grid)}`)
  const refuse = (message: string): never => {
    throw new GridError(`grid ${written(grid)}: expected ${message}`)
  }
  if (grid.length < 2) refuse('at least two times, e.g. 1,0')
  const outside = grid.find(time => !(typeof time === 'number' && time >= 0 && time <= 1))
  if (outside !== undefined) refuse(`times from 0 (data) to 1 (noise), found ${outside}`)
  const falls = grid[1] < grid[0]
  const turn = grid.findIndex((time, i) => i > 0 && (falls ? time >= grid[i - 1] : time <= grid[i - 1]))
  if (turn > 0)
    refuse(`times that only decrease or only increase, found ${grid[turn]} after ${grid[turn - 1]}`)
  return grid
}

/** Checks a grid that leads from noise to data: `1 = t_0 > ... > t_n = 0`. @returns the grid @throws GridError */
export function checkWholeGrid(grid: readonly number[]): readonly number[] {
  const [first, last] = [checkGrid(grid)[0], grid.at(-1)]
  if (first === 1 && last === 0) return grid
  throw new GridError(
    `grid ${written(grid)}: expected to start at 1 (noise) and to end at 0 (data), found ${first} to ${last}`,
  )
}
