import { z } from 'zod'
import { type Interpolant, ratioAt, timeOfRatio } from '../model/index.ts'
import { argmaxClock, type Decided, shifted } from '../objective/index.ts'
import { GridError } from './grid.ts'
import type { GridName } from './names.ts'
import { readOptions } from './read-options.ts'
import { flowMapEulerGrid, flowMatchEulerGrid, karrasSigmas } from './schedulers.ts'
import { type SolverChoice, solverOptions } from './solver-choice.ts'
import { solverOf } from './solvers/table.ts'

/** What a grid is laid out for. */
interface Setting {
  readonly path: Interpolant
  readonly steps: number
  /** Whether it must begin where some data is left, at a finite ratio of noise to data. */
  readonly finite: boolean
}

/** A way to lay out times, by its name. */
interface NamedGrid<O = unknown> {
  readonly title: string
  readonly options: z.ZodType<O>
  readonly times: (options: O, setting: Setting) => readonly number[]
}

const grid = <O>(row: NamedGrid<O>): NamedGrid => row as NamedGrid
const fractions = (steps: number): number[] => Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps)

const ratios = { least: z.number().positive(), largest: z.number().positive() }

/**
 * Times of falling ratios of noise to data, and 0. A solver that can begins with noise alone: its first time is 1 in the place
 * of that of the largest ratio, from which it hardly differs.
 */
function ofRatios(values: readonly number[], { path, finite }: Setting): number[] {
  const times = values.map(r => timeOfRatio(path, r))
  return [...(finite ? times.slice(0, 1) : [1]), ...times.slice(1), 0]
}

const rounded = (ratio: number): number => Number(ratio.toPrecision(6))

/** Of a ratio that a path has at the data, up to rounding. */
const ROUNDING = 1e-9

/**
 * The largest ratio of a grid: a path that ends at a smaller one has no larger one.
 *
 * @throws GridError when the least ratio is not below it, or below those of the path
 */
function largestOf(name: string, { path }: Setting, { least, largest }: Record<keyof typeof ratios, number>) {
  const most = Math.min(largest, ratioAt(path, 1))
  if (least >= most) {
    throw new GridError(
      `${name}: least: expected a ratio below the largest, ${rounded(most)}, found ${least}`,
    )
  }
  const end = ratioAt(path, 0)
  if (least < end * (1 - ROUNDING)) {
    throw new GridError(
      `${name}: least: expected at least ${rounded(end)}, the ratio of the path at the data, found ${least}`,
    )
  }
  return most
}

/** Values from the first to the last, equally spaced as `to` sees them. */
function spaced(
  first: number,
  last: number,
  count: number,
  to: (x: number) => number,
  from: (y: number) => number,
) {
  const [a, b] = [to(first), to(last)]
  return Array.from({ length: count }, (_, i) => from(count === 1 ? a : a + ((b - a) * i) / (count - 1)))
}

/** Discrete steps of a diffusion that was trained on 1000 of them. */
const DISCRETE = 1000

/** Every grid that has a name. */
export const namedGrids = {
  uniform: grid({
    title: 'equal steps in time',
    options: z.strictObject({}),
    times: (_, { steps }) => fractions(steps),
  }),
  /** Lu et al. 2022, arXiv:2211.01095, sec. 6: uniform half log-SNR. */
  'log-ratio': grid({
    title: 'equal steps in the logarithm of noise to data, from 80 to 0.01',
    options: z.strictObject({ least: ratios.least.default(0.01), largest: ratios.largest.default(80) }),
    times: (own, setting) =>
      ofRatios(
        spaced(largestOf('log-ratio', setting, own), own.least, setting.steps, Math.log, Math.exp),
        setting,
      ),
  }),
  /** Karras et al. 2022, arXiv:2206.00364, eq. 5. */
  karras: grid({
    title: 'noise levels of EDM, from 80 to 0.002',
    options: z.strictObject({
      rho: z.number().positive().default(7),
      least: ratios.least.default(0.002),
      largest: ratios.largest.default(80),
    }),
    times: ({ rho, ...own }, setting) =>
      ofRatios(karrasSigmas(setting.steps, own.least, largestOf('karras', setting, own), rho), setting),
  }),
  cosine: grid({
    title: 'equal steps in the angle atan(noise/data)',
    options: z.strictObject({}),
    times(_, { steps, path }) {
      const [most, least] = [1, 0].map(t => Math.atan(ratioAt(path, t)))
      const inner = fractions(steps).slice(1, -1)
      return [1, ...inner.map(part => timeOfRatio(path, Math.tan(least + part * (most - least)))), 0]
    },
  }),
  /** Esser et al. 2024, arXiv:2403.03206, eq. 23: the ratio of noise to data is multiplied by `shift` on the linear path. */
  shifted: grid({
    title: 'equal steps, t -> shift t/(1 + (shift-1) t)',
    options: z.strictObject({ shift: z.number().positive().default(3) }),
    times: ({ shift }, { steps }) => fractions(steps).map(t => (t === 0 ? 0 : shifted(t, shift))),
  }),
  /** Lin et al. 2023, arXiv:2305.08891, table 2, for the spacings. */
  discrete: grid({
    title: 'times k/1000 of a discrete diffusion',
    options: z.strictObject({ spacing: z.enum(['trailing', 'leading', 'linspace']).default('trailing') }),
    times({ spacing }, { steps }) {
      if (steps > DISCRETE)
        throw new GridError(`discrete: expected at most ${DISCRETE} steps, found ${steps}`)
      const k = Array.from({ length: steps }, (_, i) => {
        if (spacing === 'trailing') return Math.round(DISCRETE - (i * DISCRETE) / steps)
        if (spacing === 'leading') return (steps - 1 - i) * Math.floor(DISCRETE / steps) + 1
        return Math.round(DISCRETE - (i * (DISCRETE - 1)) / Math.max(1, steps - 1))
      })
      return [...k.map(step => step / DISCRETE), 0]
    },
  }),
  'flow-map': grid({
    title: "times of diffusers' FlowMapEulerDiscreteScheduler",
    options: z.strictObject({ shift: z.number().positive().optional() }),
    times: (options, { steps }) => flowMapEulerGrid({ steps, ...options }),
  }),
  'flow-match': grid({
    title: "times of diffusers' FlowMatchEulerDiscreteScheduler",
    options: z.strictObject({
      shift: z.number().positive().optional(),
      mu: z.number().optional(),
      timeShift: z.enum(['exponential', 'linear']).optional(),
      terminal: z.number().optional(),
      spacing: z.enum(['shifted', 'karras', 'exponential']).optional(),
      trainSteps: z.int().optional(),
    }),
    times: (options, { steps }) => flowMatchEulerGrid({ steps, ...options }),
  }),
  /** Lee et al. 2026, arXiv:2602.16813; see `argmaxClock`. */
  argmax: grid({
    title: 'equal parts of the symbols decided, of text',
    options: z.strictObject({
      alphabet: z.int().min(2),
      share: z.number().min(0).max(1).default(0.9),
    }),
    times(own, { steps }) {
      const { time } = argmaxClock(own)
      return fractions(steps).map(p => (p === 0 || p === 1 ? p : time(p)))
    },
  }),
} as const satisfies { readonly [name in GridName]: unknown }

/** A grid by its name, its number of steps and its options; laid out when the path is known. */
export interface GridRequest {
  readonly name: GridName
  readonly steps: number
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * The times of a named grid on a path.
 *
 * @param choice  the solver that they are for
 * @throws GridError when an option is none of the grid's or out of range
 */
export function gridTimes(
  { name, steps, options }: GridRequest,
  path: Interpolant,
  choice?: SolverChoice,
): readonly number[] {
  const row = namedGrids[name]
  const own = readOptions(name, row.options as z.ZodType, options)
  const finite =
    choice !== undefined && solverOf(choice.method).needs(solverOptions(choice)).includes('finite-ratio')
  return row.times(own, { path, steps, finite })
}

/**
 * The grid of so many steps that goes with a solver.
 *
 * @param decided  of a map whose times were drawn by where symbols are decided, which its jumps are spread by too
 */
export function usualGrid(
  choice: SolverChoice,
  path: Interpolant,
  steps: number,
  decided?: Decided,
): readonly number[] {
  const own = solverOf(choice.method).grid as GridName | undefined
  const usual = decided && own === undefined
  return gridTimes(
    { name: usual ? 'argmax' : (own ?? 'uniform'), steps, options: usual ? { ...decided } : {} },
    path,
    choice,
  )
}
