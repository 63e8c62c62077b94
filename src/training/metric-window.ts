import type { Config } from '../config/index.ts'
import type { MetricsLine } from '../serialization/metrics-log.ts'
import { learningRate } from './optimizer/rates.ts'

/** Ends the names of gradient norms of players beside the map. */
const SUFFIX = 'GradientNorm'

/** Ends the names of numbers that are no losses. */
const MEASURE = 'Measure'
export const measureName = (name: string): string => `${name}${MEASURE}`

const isNorm = (name: string): boolean => name === 'gradientNorm' || name.endsWith(SUFFIX)

/** Means of the metrics over the steps since the last line. */
export class MetricWindow {
  private sums: Float64Array
  private steps = 0
  private since = performance.now()

  /** @param open  what `saved` gave for a line that a checkpoint found open */
  constructor(
    private readonly names: readonly string[],
    open: Float64Array | undefined,
  ) {
    this.sums = new Float64Array(names.length)
    if (open?.length !== names.length + 1) return
    this.sums.set(open.subarray(0, -1))
    this.steps = open[names.length]
  }

  /** The sums and, last, the number of steps in them. */
  saved(): Float64Array {
    return Float64Array.of(...this.sums, this.steps)
  }

  /** @param batches  of one step: their mean, and of norms, which are of the gathered gradient, the last */
  add(...batches: readonly Float32Array[]): void {
    this.steps++
    this.names.forEach((name, i) => {
      const values = (isNorm(name) ? batches.slice(-1) : batches).map(batch => batch[i])
      this.sums[i] += values.reduce((sum, value) => sum + value, 0) / values.length
    })
  }

  /** The line for what was added, and a fresh window. */
  close(step: number, config: Config): MetricsLine {
    const mean = Object.fromEntries(this.names.map((name, i) => [name, this.sums[i] / this.steps]))
    const terms = this.names.filter(name => `${name}Residual` in mean)
    const others = this.names.filter(name => name.endsWith(SUFFIX))
    const measures = this.names.filter(name => name.endsWith(MEASURE))
    const now = performance.now()
    const line: MetricsLine = {
      step,
      // Both are of the map's turns: absent while it is paused.
      loss: mean.loss ?? Number.NaN,
      terms: Object.fromEntries(
        terms.map(name => [name, { loss: mean[name], residual: mean[`${name}Residual`] }]),
      ),
      gradientNorm: mean.gradientNorm ?? Number.NaN,
      ...(others.length > 0 && {
        gradientNorms: Object.fromEntries(others.map(name => [name.slice(0, -SUFFIX.length), mean[name]])),
      }),
      ...(measures.length > 0 && {
        measures: Object.fromEntries(measures.map(name => [name.slice(0, -MEASURE.length), mean[name]])),
      }),
      learningRate: learningRate(config, step),
      stepsPerSecond: Math.round((1e5 * this.steps) / (now - this.since)) / 100,
    }
    this.sums.fill(0)
    this.steps = 0
    this.since = now
    return line
  }
}
