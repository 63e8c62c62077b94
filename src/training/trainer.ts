import { sizeOf } from '../autodiff/index.ts'
import { averagesOf } from '../config/averages.ts'
import type { Config } from '../config/index.ts'
import type { StandardizedDataset } from '../data/standardized.ts'
import type { Buffer, Program } from '../runtime/program.ts'
import type { Progressed, State } from '../serialization/checkpoint.ts'
import type { MetricsLine } from '../serialization/metrics-log.ts'
import { type BatchSource, batchSource, type Missed } from './batches.ts'
import { initialParameters, type Starts } from './initial-parameters.ts'
import { memoryVectors } from './memories.ts'
import { MetricWindow } from './metric-window.ts'
import {
  averagesFor,
  GRADIENT,
  mapParameters,
  stateOfPlayers,
  type TrainedPlayer,
  vectorName,
} from './players.ts'
import type { StepGraph } from './step.ts'
import type { TrajectoryCache } from './trajectory-cache.ts'

/** A step whose loss or gradient was not a finite number. */
export interface Failure {
  readonly step: number
  /** Names of the metrics that were not finite. */
  readonly metrics: readonly string[]
  /** What the step drew, by name. */
  readonly inputs: Readonly<
    Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>
  >
}

/** A chunk of slow steps is cut to about this length, so that a training shows progress and can be stopped. */
const PATIENCE_MS = 500

/** The state of a training before its first step. */
export function freshState(
  config: Config,
  players: readonly TrainedPlayer[],
  { starts, averaged, memories = {} }: TrainerOptions = {},
): State {
  const vectors = players.flatMap(player => {
    const own: [vector: string, values: Float32Array][] = [
      ['parameters', initialParameters(config, player, starts)],
      ...Object.entries(player.optimizer.init(player.size)),
    ]
    if (config.optimizer.accumulate > 1) own.push([GRADIENT, new Float32Array(player.size)])
    for (const { vector } of averagesFor(averagesOf(config), player.name)) {
      own.push([vector, initialParameters(config, player, { ...starts, ...averaged })])
    }
    return own.map(([vector, values]) => [vectorName(player.name, vector), values] as const)
  })
  return { ...Object.fromEntries(vectors), ...memories }
}

export interface TrainerOptions {
  /** Where to go on from. */
  readonly from?: Progressed
  /** What a coupled training draws from. */
  readonly pool?: TrajectoryCache
  /** Parameters to begin with in place of drawn ones. */
  readonly starts?: Starts
  /** What the run's memories begin with, by vector, or those that a checkpoint lacks; see `filledMemories`. */
  readonly memories?: State
  /** And the averaged ones, where they are others. */
  readonly averaged?: Starts
}

/** A training in memory: it takes steps and keeps their state, and leaves files and clocks to others. */
export class Trainer {
  private current: State
  private done: number
  private window: MetricWindow
  private source: BatchSource
  /** Until the present step graph. */
  private missed: Missed = {}
  private since: number
  /** Of the last chunk; the first is a single step. */
  private msPerStep = Infinity

  /** @param program  `step.graph`, compiled as a scan over its state */
  constructor(
    readonly config: Config,
    readonly dataset: StandardizedDataset,
    private graph: StepGraph,
    private program: Program,
    private readonly options: TrainerOptions = {},
  ) {
    const { from, pool } = options
    this.current = from
      ? { ...stateOfPlayers(from.state, graph.players), ...options.memories }
      : freshState(config, graph.players, options)
    const absent = memoryVectors(graph.memories).find(({ name }) => !this.current[name])
    if (absent) throw new Error(`${absent.name}: a run that remembers its samples begins with filledMemories`)
    this.done = from?.step ?? 0
    this.since = this.done
    this.window = new MetricWindow(graph.metrics, from?.window)
    this.source = batchSource(config, dataset, graph.turns, pool)
  }

  /**
   * Goes on by another step of the same players, some of which are paused in it or no longer are. The open line of the metrics, which
   * are others now, is dropped.
   *
   * @param program  `graph.graph`, compiled as a scan over its state
   */
  goOnBy(graph: StepGraph, program: Program): void {
    const steps = this.done - this.since
    const still = this.graph.players.filter(
      ({ name }) => !this.graph.turns.some(({ trains }) => trains.includes(name)),
    )
    const missed = still.map(({ name }) => [name, (this.missed[name] ?? 0) + steps] as const)
    this.missed = { ...this.missed, ...Object.fromEntries(missed) }
    this.since = this.done
    this.graph = graph
    this.program = program
    this.window = new MetricWindow(graph.metrics, undefined)
    this.source = batchSource(this.config, this.dataset, graph.turns, this.options.pool, this.missed)
  }

  get step(): number {
    return this.done
  }

  get state(): State {
    return this.current
  }

  /** Parameters `[P]` of the map: averaged where there are such. */
  parameters(weights: 'ema' | 'raw' = 'ema'): Float32Array {
    return mapParameters(this.current, weights)
  }

  saved(): Progressed {
    return { step: this.done, state: this.current, window: this.window.saved() }
  }

  /** Means over the steps since the last line. */
  line(): MetricsLine {
    return this.window.close(this.done, this.config)
  }

  /**
   * Takes some steps, at most a chunk and not past the next of `stops`.
   *
   * @param stops  numbers of steps whose multiples are not passed over
   * @returns what went wrong; the training is then where it was before the call
   */
  async advance(...stops: readonly number[]): Promise<Failure | undefined> {
    const count = this.chunkBefore(stops)
    const start = performance.now()
    const { state, metrics } = this.graph
    const { chunk, optimizer } = this.config
    const batches = count * optimizer.accumulate
    const rows: Float32Array[] = []
    let carried = state.map(name => this.current[name]!)
    while (rows.length < batches) {
      const first = rows.length
      const size = Math.min(chunk, batches - first)
      const drawn = this.source.draw(this.done * optimizer.accumulate + first + 1, size)
      const outputs = (await this.program.run([...carried, ...drawn])) as Float32Array[]
      const values = outputs.at(-1)!
      for (let i = 0; i < size; i++) {
        const row = values.subarray(i * metrics.length, (i + 1) * metrics.length)
        if (!row.every(Number.isFinite)) return this.failure(first + i, i, drawn, row)
        rows.push(row)
      }
      carried = outputs.slice(0, state.length)
    }
    for (let i = 0; i < batches; i += optimizer.accumulate) {
      this.window.add(...rows.slice(i, i + optimizer.accumulate))
    }
    this.current = Object.fromEntries(state.map((name, i) => [name, carried[i]]))
    this.done += count
    this.msPerStep = (performance.now() - start) / count
    return undefined
  }

  private chunkBefore(stops: readonly number[]): number {
    const { chunk, steps, optimizer } = this.config
    const most = Math.max(1, Math.floor(chunk / optimizer.accumulate))
    const bearable = Math.max(1, Math.floor(PATIENCE_MS / this.msPerStep))
    const next = stops.map(every => (Math.floor(this.done / every) + 1) * every)
    return Math.min(this.done + Math.min(most, bearable), ...next, steps) - this.done
  }

  /** @param batch  of the chunk; @param index  of it in `drawn` */
  private failure(batch: number, index: number, drawn: readonly Buffer[], values: Float32Array): Failure {
    const { graph, state, metrics } = this.graph
    const inputs = graph.inputs.slice(state.length).map(({ params: { name }, shape }, i) => {
      const size = sizeOf(shape)
      const own = drawn[i].subarray(index * size, (index + 1) * size)
      return [name, { shape, data: Float32Array.from(own as ArrayLike<number>, Number) }] as const
    })
    return {
      step: this.done + Math.floor(batch / this.config.optimizer.accumulate) + 1,
      metrics: metrics.filter((_, i) => !Number.isFinite(values[i])),
      inputs: Object.fromEntries(inputs),
    }
  }
}
