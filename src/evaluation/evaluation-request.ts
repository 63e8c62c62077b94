import { isWeights, WEIGHTS_FORM } from '../config/weights-name.ts'
import { checkPath, checkSeed, checkWhole, checkWord, refuseArgument } from '../data/arguments.ts'
import { METHODS, SOLVERS } from '../sampler/names.ts'

/** Most points of a measurement. */
const MOST_POINTS = 10_000_000
const MOST_STEPS = 10_000

type Unknown = Readonly<Record<string, unknown>>

/** @throws ArgumentError when the points or the seed of a measurement are something else */
export function checkMeasured(where: string, request: unknown): void {
  if (typeof request !== 'object' || request === null)
    refuseArgument(where, 'a request such as { count, seed }', request)
  const { count, seed, metrics, features } = request as Unknown
  checkWhole(`${where}: count`, count, 2, MOST_POINTS)
  checkSeed(`${where}: seed`, seed)
  if (metrics !== undefined && metrics !== 'all' && !Array.isArray(metrics)) {
    refuseArgument(`${where}: metrics`, 'a list of names or all', metrics)
  }
  if (features !== undefined) checkPath(`${where}: features`, features)
}

/** @throws ArgumentError when the request of an evaluation is something else; grids are checked with the run */
export function checkRequest(where: string, request: unknown): void {
  checkMeasured(where, request)
  const { steps, grids, method, weights, without, solvers } = request as Unknown
  if (!Array.isArray(steps)) refuseArgument(`${where}: steps`, 'a list such as [1, 2, 4]', steps)
  for (const value of steps as unknown[]) checkWhole(`${where}: steps`, value, 1, MOST_STEPS)
  if (grids !== undefined && !Array.isArray(grids))
    refuseArgument(`${where}: grids`, 'a list of grids', grids)
  checkWord(`${where}: method`, method, METHODS)
  if (without !== undefined && typeof without !== 'boolean')
    refuseArgument(`${where}: without`, 'true or false', without)
  if (solvers !== undefined && solvers !== 'all') {
    if (!Array.isArray(solvers) || solvers.length === 0)
      refuseArgument(`${where}: solvers`, "a list such as ['euler', 'heun'], or all", solvers)
    for (const name of solvers as unknown[]) checkWord(`${where}: solvers`, name, SOLVERS)
  }
  if (!Array.isArray(weights) || weights.length === 0)
    refuseArgument(`${where}: weights`, "['ema'] or ['ema', 'raw']", weights)
  for (const name of weights as unknown[]) {
    if (!isWeights(name)) refuseArgument(`${where}: weights`, WEIGHTS_FORM, name)
  }
}
