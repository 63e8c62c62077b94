import {
  type CorePrimitive,
  constant,
  type Graph,
  simplify,
  spec,
  type Tensor,
  trace,
} from '../autodiff/index.ts'
import { type Config, ConfigError, findObjective, pointOf } from '../config/index.ts'
import { type PresentValues, scheduledValuesOf } from '../config/scheduled-values.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import { bindMap, type Condition, unflatten } from '../model/index.ts'
import type { Jumps } from '../objective/index.ts'
import type { Program } from '../runtime/program.ts'
import { batchSource } from '../training/batches.ts'
import type { InputName, TermInputs } from '../training/guides.ts'
import { networksOf } from '../training/networks.ts'
import { guidesOf, studentOf, type Teachers } from '../training/step.ts'
import { type SampleResidual, sampleResiduals, type Term, termSpecs } from '../training/terms.ts'
import type { TrajectoryCache } from '../training/trajectory-cache.ts'
import { roundOf, type TurnPlan } from '../training/turns.ts'

/** One part of a training's loss by the times that were drawn. */
export interface BinnedLoss {
  readonly part: string
  /** What the rows and columns are: a jump's source and target, or a single time and one column. */
  readonly times: readonly ('s' | 't')[]
  /** Edges of the bins from 0 to 1, `[bins + 1]`. */
  readonly edges: readonly number[]
  /** Mean loss by the first time's bin and the second's; `null` where nothing was drawn. */
  readonly mean: readonly (readonly (number | null)[])[]
  /** Samples in each. */
  readonly count: readonly (readonly number[])[]
}

export interface LossBinOptions {
  readonly config: Config
  readonly dataset: StandardizedDataset
  readonly teachers: Teachers
  /** Parameters `[P]` of each network of the training, by player. */
  readonly parameters: Readonly<Record<string, Float32Array>>
  /** Parameters `[P]` that an adapter changes. */
  readonly base?: Float32Array
  /** Of the map in the place of `theta-`; the same where absent. */
  readonly target?: Float32Array
  /** Steps taken: schedules stand where the next step would find them. */
  readonly step: number
  readonly compile: (graph: Graph<CorePrimitive>) => Promise<Program>
  /** What a coupled training draws from. */
  readonly pool?: TrajectoryCache
  /** Samples in one run of the graph; default 2,048. */
  readonly block?: number
  /** Samples drawn, all parts together, rounded up to whole blocks; default 8,192. */
  readonly draws?: number
  /** For each time; default 8. */
  readonly bins?: number
}

/**
 * A training's own loss by time: every part's squared residual of each sample, without robust losses and weights over
 * times, on draws that the next steps would see, averaged in bins of the drawn times.
 */
export async function binLosses(options: LossBinOptions): Promise<BinnedLoss[]> {
  const { dataset, pool, block = 2048, draws = 8192, bins = 8, step } = options
  const optimizer = { ...options.config.optimizer, accumulate: 1 }
  const { group } = options.config.times
  const batch = Math.max(group, Math.floor(Math.min(block, draws) / group) * group)
  const config: Config = { ...options.config, optimizer, batch, chunk: 1 }
  const terms = lossTerms(config)
  checkHasTimes(config, terms)
  const { graph, parts } = lossGraph(config, options)
  const source = batchSource(config, dataset, lossTurns(config), pool)
  const { jumps } = findObjective(config.objective)
  const tables = parts.map(({ name, times }) => binTable(name, shownTimes(times, jumps), bins))
  const width = terms.reduce((sum, { inputs }) => sum + inputs.length, 0)
  const program = await options.compile(graph)
  try {
    for (let i = 0; i * config.batch < draws; i++) {
      const drawn = source.draw(step + 1 + i, 1)
      // The learning rates come after what the terms drew, and are of no use here.
      const values = await program.run([...drawn.slice(0, width), ...drawn.slice(width + 1)])
      let before = 0
      const named = terms.map(({ inputs }) => {
        const start = before
        before += inputs.length
        return Object.fromEntries(inputs.map((name, j) => [name, drawn[start + j]]))
      })
      parts.forEach(({ term, times }, k) => {
        const arrays = named[terms.findIndex(({ name }) => name === term)]
        tables[k].add(
          values[k] as Float32Array,
          times.map(name => arrays[name] as Float32Array),
        )
      })
    }
  } finally {
    await program.close()
  }
  return tables.map(table => table.close())
}

/** Samples of a batch that are compared at one pair of times have no loss by time. @throws ConfigError */
function checkHasTimes({ objective }: Config, terms: readonly Term[]): void {
  const { jumps, keepsTrajectories, turns } = findObjective(objective)
  if (turns && keepsTrajectories === false) {
    throw new ConfigError(
      `objective: ${objective} matches what comes out, and its players have no loss by time`,
    )
  }
  const isBatchwise = terms.some(({ parts }) => parts({}).some(({ batchwise }) => batchwise))
  if (jumps === 'from-noise' && isBatchwise) {
    throw new ConfigError(
      `objective: ${objective} compares the samples of one jump, from noise to data, and has no loss by time`,
    )
  }
}

/** The turns of a round, each once, without what is added to the objective. */
const lossTurns = (config: Config): TurnPlan[] =>
  roundOf({ ...config, adversarial: null, matching: null }).filter(({ isFirst }) => isFirst)

const lossTerms = (config: Config): Term[] => lossTurns(config).flatMap(({ terms }) => terms)

/** The loss of each sample as a graph: the terms' inputs and the present values to one vector `[rows]` a part. */
function lossGraph(config: Config, { dataset, teachers, parameters, base, target }: LossBinOptions) {
  const point = pointOf(config, dataset)
  const networks = networksOf(config, point, base)
  const [{ network }] = networks
  const terms = lossTerms(config)
  const moments = scheduledValuesOf(config)
  let parts: Omit<SampleResidual, 'values'>[] = []
  const graph = trace(
    inputs => {
      const drawn = terms.map(({ name }) => (inputs.terms as Record<string, TermInputs<Tensor>>)[name])
      const present: PresentValues = Object.fromEntries(
        moments.map(({ name }, i) => [name, (inputs.moments as Tensor).slice(0, i, i + 1).reshape([])]),
      )
      const trees = Object.fromEntries(
        networks.map(({ name, network }) => {
          const own = parameters[name]
          return [name, unflatten(constant(own, [own.length]), network)]
        }),
      )
      const map = studentOf(config, point, networks, trees)
      const guides = {
        ...teachers,
        ...guidesOf(config, point, networks, trees, present),
        ...(target && {
          target: (condition?: Condition<Tensor>) =>
            bindMap(config, point, unflatten(constant(target, [target.length]), network), condition, network),
        }),
        weight: undefined,
      }
      const residuals = sampleResiduals(config, terms, drawn, map, guides, present)
      parts = residuals.map(({ values: _, ...part }) => part)
      return residuals.map(({ values }) => values)
    },
    {
      terms: Object.fromEntries(terms.map(term => [term.name, termSpecs(term, point)])),
      ...(moments.length > 0 && { moments: spec([moments.length]) }),
    },
  )
  return { graph: simplify(graph), parts }
}

/** The times that vary: a map that only jumps to data has its source alone. */
function shownTimes(times: readonly InputName[], jumps: Jumps): BinnedLoss['times'] {
  if (times.length === 1) return times[0] === 's' ? ['s'] : ['t']
  if (jumps === 'to-data') return ['s']
  return jumps === 'from-noise' ? ['t'] : ['s', 't']
}

/** Sums in bins of one or two times. */
function binTable(part: string, times: BinnedLoss['times'], bins: number) {
  const columns = times.length === 2 ? bins : 1
  const sums = new Float64Array(bins * columns)
  const counts = new Float64Array(bins * columns)
  const binOf = (time: number) => Math.min(bins - 1, Math.max(0, Math.floor(time * bins)))
  const table = <T>(cell: (at: number) => T): T[][] =>
    Array.from({ length: bins }, (_, i) => Array.from({ length: columns }, (_, j) => cell(i * columns + j)))
  return {
    add(values: Float32Array, drawn: readonly Float32Array[]): void {
      const single = times[0] === 't' && drawn[1] ? drawn[1] : drawn[0]
      values.forEach((value, i) => {
        const at = times.length === 2 ? binOf(drawn[0][i]) * bins + binOf(drawn[1][i]) : binOf(single[i])
        sums[at] += value
        counts[at]++
      })
    },
    close: (): BinnedLoss => ({
      part,
      times,
      edges: Array.from({ length: bins + 1 }, (_, i) => i / bins),
      mean: table(at => (counts[at] > 0 ? sums[at] / counts[at] : null)),
      count: table(at => counts[at]),
    }),
  }
}
