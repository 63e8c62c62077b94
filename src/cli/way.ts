import { type InterpolantName, interpolants } from '../model/index.ts'
import { checkGrid } from '../sampler/grid.ts'
import { gridTimes, usualGrid } from '../sampler/named-grids.ts'
import type { MethodName } from '../sampler/names.ts'
import { uniformGrid } from '../sampler/sampler.ts'
import { methodFor, type SampledMap } from '../sampler/sampling.ts'
import type { SolverChoice } from '../sampler/solver-choice.ts'
import type { LoadedMap } from '../serialization/loaded-map.ts'
import type { AskedGrid } from './grid-flag.ts'

/** The times that were asked for, on a path. */
export const timesOf = (
  asked: AskedGrid,
  interpolant: InterpolantName,
  choice?: SolverChoice,
): readonly number[] =>
  'name' in asked ? checkGrid(gridTimes(asked, interpolants[interpolant], choice)) : asked

/** The grid `argmax` of text has as many symbols as its map. */
const withAlphabet = (asked: AskedGrid, text: LoadedMap['text']): AskedGrid =>
  'name' in asked && asked.name === 'argmax' && text
    ? { ...asked, options: { alphabet: text.alphabet.length, ...asked.options } }
    : asked

/** What the options of a command say of a way from noise to data. */
interface AskedWay {
  readonly grid?: AskedGrid
  readonly steps: number
  readonly method: MethodName
  readonly options?: Readonly<Record<string, unknown>>
}

/** The solver, its options and its times; without a grid those that go with the solver. */
export function wayThrough(
  {
    objective,
    interpolant,
    decided,
    text,
  }: Pick<SampledMap, 'objective' | 'interpolant' | 'decided'> & Pick<LoadedMap, 'text'>,
  { grid: asked, steps, method, options }: AskedWay,
): SolverChoice & { readonly grid: readonly number[] } {
  const times = asked && !('name' in asked) ? asked : uniformGrid(asked?.steps ?? steps)
  const choice = { method: methodFor(method, objective, times), ...(options && { options }) }
  const grid = asked
    ? timesOf(withAlphabet(asked, text), interpolant, choice)
    : usualGrid(choice, interpolants[interpolant], steps, decided)
  return { grid, ...choice }
}
