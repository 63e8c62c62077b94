/** What a metric gives when two sets of data points are compared at the same count. */
export interface Floor {
  /** The average. */
  readonly value: number
  /** The smallest and largest seen. */
  readonly low: number
  readonly high: number
}

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
  readonly direction?: 'lower' | 'higher'
  /** `null` where comparing data with data has no meaning. */
  readonly floor: Floor | null
}

/** One metric of one method at one number of steps, over the seeds. */
export interface Estimate {
  readonly mean: number
  /** Standard deviation over the seeds; `null` for a single seed. */
  readonly sd: number | null
  /** One value per seed. */
  readonly values: readonly number[]
}

/** Everything measured on one method at one number of function evaluations. */
export interface Cell {
  readonly steps: number
  /** How it was sampled, where that is known. */
  readonly sampler?: string
  readonly values: Readonly<Record<string, Estimate>>
}

/** Flat row-major points, `[n, dimension]`. */
export type Points = Float32Array | Float64Array

/** A loss curve's point. */
export interface LossPoint {
  readonly step: number
  readonly value: number
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
}

/** A method with what a report draws beside its numbers. */
export interface Method extends MethodRow {
  /** Samples `[n, dimension]` at each number of steps. */
  readonly samples: readonly { readonly steps: number; readonly points: Points }[]
  readonly loss: readonly LossPoint[]
  /** A sentence for the reader: setting, teacher, what is special. */
  readonly note?: string
  readonly parameters?: number
  readonly secondsToTrain?: number
}

/** Everything a comparison report shows. */
export interface ComparisonData extends TableData {
  readonly title: string
  /** The shell command that makes the report again. */
  readonly command: string
  readonly dataset: { readonly name: string; readonly dimension: number; readonly fingerprint: string }
  readonly methods: readonly Method[]
  /** Data points to draw, `[n, dimension]`. */
  readonly reference: Points
  /** The whole configuration as text (YAML or JSON). */
  readonly config: string
}
