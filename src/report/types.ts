import type { Config } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import type { ClassRow } from '../evaluation/asked-rows.ts'
import type { EvaluationRow } from '../evaluation/evaluate.ts'
import type { LossMap } from '../evaluation/loss-map.ts'
import type { SolverComparison } from '../evaluation/solver-comparison.ts'
import type { WeighRecord } from '../evaluation/weigh.ts'
import type { Direction } from '../metric/catalogue.ts'
import type { FloorRange } from '../metric/prepare.ts'
import type { Points, Standardization } from '../model/index.ts'
import type { DataRecord } from '../serialization/run.ts'
import type { Verdict } from '../training/verdict.ts'

/** One measure of quality. */
export interface Metric {
  /** Key into `Cell.values`. */
  readonly name: string
  /** What a reader sees. */
  readonly label: string
  readonly unit?: string
  /** Least and greatest possible value; `null` for no limit. */
  readonly range?: readonly [number | null, number | null]
  /** Which way is better; `lower` where nothing is said. */
  readonly direction?: Direction
  /** `null` where comparing data with data has no meaning. */
  readonly floor: FloorRange | null
  /** A share that is shown in percent. */
  readonly percent?: boolean
}

/** One metric of one method at one number of steps, over the seeds. */
export interface SeedAverage {
  readonly mean: number
  /** Standard deviation over the seeds; `null` for a single seed. */
  readonly sd: number | null
  /** 95 % confidence interval, where one was measured. */
  readonly interval?: readonly [number, number]
  /** One value per seed. */
  readonly values: readonly number[]
}

/** Everything measured on one method at one number of function evaluations. */
export interface Cell {
  readonly steps: number
  /** How it was sampled, where that is known. */
  readonly sampler?: string
  readonly values: Readonly<Record<string, SeedAverage>>
}

/** A loss curve's point. */
export interface LossPoint {
  readonly step: number
  readonly value: number
}

/** A sequence of symbols as text. */
export interface DrawnText {
  readonly text: string
  /** Whether it is in the language, where that is known. */
  readonly isValid?: boolean
}

/** Samples at one number of steps. */
export interface SampleSet {
  readonly steps: number
  /** `[n, dimension]`. */
  readonly points: Points
  /** The first of them as a sheet, where points are pictures: an address that holds it. */
  readonly picture?: string
  /** 1 for each point that is off the data, `[n]`. */
  readonly strays?: Uint8Array
  /** Class of each point from 0, `[n]`, where the map was told it and points are drawn as dots. */
  readonly classes?: ArrayLike<number>
  /** The first of them, where they are text. */
  readonly texts?: readonly DrawnText[]
}

/** A method's row in a table. */
export interface MethodRow {
  readonly id: string
  readonly label: string
  readonly cells: readonly Cell[]
}

/** What a table needs. */
export interface TableData {
  readonly metrics: readonly Metric[]
  readonly methods: readonly MethodRow[]
  /** Trained runs per method. */
  readonly seeds: number
  /** Samples per measurement. */
  readonly count: number
  /** Of points as the networks see them; `data units` where nothing is said. */
  readonly unit?: string
}

/** Jumps from noise to data at one number of steps. */
export interface JumpPath {
  readonly steps: number
  /** From 1 to 0, `[steps + 1]`. */
  readonly times: readonly number[]
  /** The points `[n, dimension]` at each time. */
  readonly points: readonly Points[]
  /** 1 for each point whose end is off the data, `[n]`. */
  readonly strays?: Uint8Array
  /** Mean distance between where the jumps and the ODE's paths end; `null` without an ODE. */
  readonly gap: number | null
}

/** Jumps beside the paths of an ODE from the same noise, all of points as the network sees them. */
export interface PathData {
  /** What was done to the data's points; absent where they are in the data's own units. */
  readonly standardization?: Standardization
  /** Whose velocity is integrated: the map's own or the data's exact one; `null` where neither is known. */
  readonly field: 'own' | 'exact' | null
  readonly times: readonly number[]
  /** The ODE's points `[n, dimension]` at each of `times`; empty without an ODE. */
  readonly curve: readonly Points[]
  readonly jumps: readonly JumpPath[]
}

/** A residual of the map over a grid of times. */
export interface ResidualMap {
  readonly name: string
  readonly s: readonly number[]
  readonly t: readonly number[]
  /** By the source's place and the target's; `null` where there is none. */
  readonly values: readonly (readonly (number | null)[])[]
}

/** What is drawn of the inside of one trained map. */
export interface Diagnostics {
  readonly paths: PathData | null
  readonly residuals: readonly ResidualMap[]
  readonly losses: readonly LossMap[]
  /** What is missing, and why. */
  readonly notes: readonly string[]
}

/** A method with what a report draws beside its numbers. */
export interface Method extends MethodRow {
  /** Samples `[n, dimension]` at each number of steps. */
  readonly samples: readonly SampleSet[]
  readonly loss: readonly LossPoint[]
  /** A sentence for the reader: setting, teacher, what is special. */
  readonly note?: string
  readonly parameters?: number
  readonly secondsToTrain?: number
  readonly diagnostics?: Diagnostics
}

/** Everything a comparison report shows. */
export interface ComparisonData extends TableData {
  readonly title: string
  /** The shell command that makes the report again. */
  readonly command: string
  readonly dataset: {
    readonly name: string
    readonly dimension: number
    readonly fingerprint: string
    /** Name of the space that its points live in; absent for `R^n`. */
    readonly space?: string
  }
  readonly methods: readonly Method[]
  /** Data points to draw, `[n, dimension]`. */
  readonly reference: Points
  /** The first of them as a sheet, where points are pictures. */
  readonly referencePicture?: string
  /** The first of them, where they are text. */
  readonly referenceTexts?: readonly DrawnText[]
  /** Class of each of them from 0, `[n]`, and the names of all classes, where maps are told classes and points are drawn as dots. */
  readonly referenceClasses?: ArrayLike<number>
  readonly classNames?: readonly string[]
  /** Names of the classes that the rows of all sheets are of, where maps are told classes. */
  readonly sheetClasses?: readonly string[]
  /** The whole configuration as text (YAML or JSON). */
  readonly config: string
}

/** Everything a run's report shows: its weights stand in the place of methods. */
export interface RunData extends ComparisonData {
  readonly run: {
    readonly name: string
    readonly version: string
    readonly objective: { readonly id: string; readonly formula: string; readonly paper: string }
    /** Training steps taken, and those of the configuration. */
    readonly steps: number
    readonly plannedSteps: number
    readonly parameters: number
    readonly seconds: number
    readonly seeds: Config['seeds']
  }
  readonly trainingLoss: readonly LossPoint[]
  /** How the training went; absent where it left no lines. */
  readonly verdict?: Verdict
  /** Of each term, whatever its weight, and of all together where there are several. */
  readonly residuals: readonly { readonly label: string; readonly loss: readonly LossPoint[] }[]
  /** Whether these are numbers that tell how players stand in the place of residuals. */
  readonly isMeasured?: boolean
  readonly data: DataRecord & Pick<Dataset, 'statistics' | 'labels'>
  /** Metrics of the map itself: a name, and the values of each kind of weights in the order of `methods`. */
  readonly mapMetrics: readonly {
    readonly metric: Metric
    readonly estimates: readonly (SeedAverage | null)[]
    readonly notes: readonly string[]
  }[]
  /** Samples of each class in the fewest steps, where the map is told classes. */
  readonly byClass?: Pick<EvaluationRow, 'steps' | 'weights'> & { readonly classes: readonly ClassRow[] }
  /** Solvers beside the flow of the run's own velocity, where they were compared. */
  readonly solvers?: SolverComparison
  /** What "oxbow weigh" wrote beside the run. */
  readonly importance?: WeighRecord
  /** What a reader should know, one sentence each. */
  readonly warnings: readonly string[]
}
