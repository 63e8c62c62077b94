import { constant, simplify, spec, type Tensor, trace } from '../autodiff/index.ts'
import type { SeenDataset } from '../data/standardized.ts'
import type { Jumps } from '../objective/index.ts'
import { compile } from '../runtime/node.ts'
import { batchSource } from './batches.ts'
import { type Checkpoint, readCheckpoint } from './checkpoint.ts'
import { type Config, findObjective } from './config.ts'
import { hasPool, openPool } from './coupling.ts'
import { momentsOf, type PresentValues } from './moments.ts'
import { bindMap, networksOf, unflatten } from './networks.ts'
import { withSeenRewards } from './reward.ts'
import { RunError, readRecord } from './run.ts'
import { guidesOf } from './step.ts'
import { openCouplingTeacher, openTeachers } from './teacher.ts'
import {
  type InputName,
  type SampleResidual,
  sampleResiduals,
  type TermInputs,
  termSpecs,
  termsOf,
} from './terms.ts'

/** One part of a training's loss by the times that were drawn. */
export interface LossMap {
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

export interface LossMapOptions {
  /** Samples drawn, all parts together; default 16,384. */
  readonly draws?: number
  /** For each time; default 8. */
  readonly bins?: number
}

/** Most numbers of points in one run of the graph, so that wide data does not fill the memory. */
const BLOCK_NUMBERS = 2 ** 21
const BLOCK_ROWS = 4096

/**
 * The loss of a trained run by time: every part's own loss of each sample, without robust losses and weights over times,
 * on fresh draws (those that the next steps of the training would see), averaged in bins of the drawn times. The
 * networks are the averaged ones where there are such, also in the place of `theta-`.
 *
 * @param dataset  as the training sees it (`openTrainingData`)
 * @throws RunError without a checkpoint, ConfigError when the run's teacher is gone
 */
export async function measureLoss(
  directory: string,
  dataset: SeenDataset,
  { draws = 2 ** 14, bins = 8 }: LossMapOptions = {},
): Promise<LossMap[]> {
  const config = withSeenRewards(readRecord(directory).config, dataset)
  const checkpoint = readCheckpoint(directory)
  if (!checkpoint) throw new RunError(`${directory}: has no checkpoint to measure the loss of`)
  const { dimension } = dataset
  const rows = Math.min(BLOCK_ROWS, draws, Math.max(64, Math.floor(BLOCK_NUMBERS / dimension)))
  const block: Config = { ...config, batch: rows, chunk: 1 }
  const couplingTeacher = hasPool(directory) ? undefined : openCouplingTeacher(config, dataset)
  const pool = await openPool(directory, config, dimension, couplingTeacher)
  const terms = termsOf(block)
  const { graph, parts } = lossGraph(block, dataset, checkpoint)
  const source = batchSource(block, dataset, terms, pool)
  const { jumps } = findObjective(config.objective)
  const tables = parts.map(({ name, times }) => new Bins(name, shownTimes(times, jumps), bins))
  const program = await compile(graph)
  try {
    const after = Math.max(config.steps, checkpoint.step) + 1
    for (let i = 0; i * rows < draws; i++) {
      const drawn = source.draw(after + i, 1)
      const named = terms.map(({ inputs }, k) => {
        const before = terms.slice(0, k).reduce((sum, term) => sum + term.inputs.length, 0)
        return Object.fromEntries(inputs.map((name, j) => [name, drawn[before + j]]))
      })
      const values = await program.run(withoutRates(drawn, terms))
      parts.forEach(({ term, times }, k) => {
        const arrays = named[terms.findIndex(({ name }) => name === term)]
        const [first, second] = times.map(name => arrays[name]!)
        tables[k].add(values[k] as Float32Array, { first, second })
      })
    }
  } finally {
    await program.close()
  }
  return tables.map(table => table.close())
}

/** The learning rates come after the terms' inputs, and are of no use here. */
function withoutRates(drawn: Float32Array[], terms: readonly { inputs: readonly InputName[] }[]) {
  const before = terms.reduce((sum, { inputs }) => sum + inputs.length, 0)
  return [...drawn.slice(0, before), ...drawn.slice(before + 1)]
}

/** The loss of each sample as a graph: the terms' inputs and the present values to one vector `[rows]` a part. */
function lossGraph(config: Config, dataset: SeenDataset, { state }: Checkpoint) {
  const { dimension } = dataset
  const networks = networksOf(config, dimension)
  const terms = termsOf(config)
  const moments = momentsOf(config)
  const teachers = openTeachers(config, dataset)
  const flat = state.ema ?? state.parameters!
  let parts: Omit<SampleResidual, 'values'>[] = []
  const graph = trace(
    inputs => {
      const drawn = terms.map(({ name }) => (inputs.terms as Record<string, TermInputs<Tensor>>)[name])
      const present: PresentValues = Object.fromEntries(
        moments.map(({ name }, i) => [name, (inputs.moments as Tensor).slice(0, i, i + 1).reshape([])]),
      )
      const trees = unflatten(constant(flat, [flat.length]), networks)
      const map = bindMap(config, dimension, trees.map!)
      const guides = { ...teachers, ...guidesOf(config, dimension, trees, present), weight: undefined }
      const residuals = sampleResiduals(config, terms, drawn, map, guides, present)
      parts = residuals.map(({ values: _, ...part }) => part)
      return residuals.map(({ values }) => values)
    },
    {
      terms: Object.fromEntries(terms.map(term => [term.name, termSpecs(term, dimension)])),
      ...(moments.length > 0 && { moments: spec([moments.length]) }),
    },
  )
  return { graph: simplify(graph), parts }
}

/** The times that vary: a map that only jumps to data has its source alone. */
function shownTimes(times: readonly InputName[], jumps: Jumps): LossMap['times'] {
  if (times.length === 1) return times[0] === 's' ? ['s'] : ['t']
  if (jumps === 'to-data') return ['s']
  return jumps === 'from-noise' ? ['t'] : ['s', 't']
}

/** Sums in bins of one or two times. */
class Bins {
  private readonly sums: Float64Array
  private readonly counts: Float64Array

  constructor(
    private readonly part: string,
    private readonly times: LossMap['times'],
    private readonly bins: number,
  ) {
    const size = bins * (times.length === 2 ? bins : 1)
    this.sums = new Float64Array(size)
    this.counts = new Float64Array(size)
  }

  add(
    values: Float32Array,
    { first, second }: { first: Float32Array; second: Float32Array | undefined },
  ): void {
    const { bins, times } = this
    const binOf = (time: number) => Math.min(bins - 1, Math.max(0, Math.floor(time * bins)))
    const single = times[0] === 't' && second ? second : first
    values.forEach((value, i) => {
      const at = times.length === 2 ? binOf(first[i]) * bins + binOf(second![i]) : binOf(single[i])
      this.sums[at] += value
      this.counts[at]++
    })
  }

  close(): LossMap {
    const { part, times, bins, sums, counts } = this
    const columns = times.length === 2 ? bins : 1
    const table = <T>(cell: (at: number) => T): T[][] =>
      Array.from({ length: bins }, (_, i) => Array.from({ length: columns }, (_, j) => cell(i * columns + j)))
    return {
      part,
      times,
      edges: Array.from({ length: bins + 1 }, (_, i) => i / bins),
      mean: table(at => (counts[at] > 0 ? sums[at] / counts[at] : null)),
      count: table(at => counts[at]),
    }
  }
}
