import { type Config, pointOf, resolveConfig, type UserConfig } from '../../../config/index.ts'
import { glyphs } from '../../../data/glyphs.ts'
import { type StandardizedDataset, standardizationOf, standardizedBy } from '../../../data/standardized.ts'
import type { Program } from '../../../runtime/program.ts'
import type { Runtime } from '../../../runtime/runtime.ts'
import { drawNoise } from '../../../sampler/sampler.ts'
import type { MetricsLine } from '../../../serialization/metrics-log.ts'
import type { Model } from '../../../serialization/model.ts'
import { dataRecord } from '../../../serialization/record.ts'
import { buildStep } from '../../../training/step.ts'
import { type Failure, Trainer } from '../../../training/trainer.ts'
import { type PictureTraits, pictureMap } from './map.ts'
import { pixelsOf, repeated } from './pixels.ts'

/**
 * What the page's button trains: a transformer small enough that its one-step digits are read after some minutes on a laptop,
 * without a teacher.
 */
const SMALL: UserConfig = {
  data: 'glyphs',
  objective: 'psd',
  condition: { kind: 'class', drop: 0.1 },
  diagonal: { fraction: 0.5 },
  times: { full: 0.25 },
  network: { kind: 'dit', patch: 4, width: 64, depth: 3, heads: 4 },
  optimizer: { learningRate: 6e-3, beta2: 0.95 },
  schedule: { kind: 'cosine', warmup: 100 },
  ema: 0.995,
  batch: 64,
  steps: 6000,
}

/** Pictures of each class on a sheet. */
const COLUMNS = 8

/** One-step pictures of a training. */
export interface Sheet {
  readonly traits: PictureTraits
  readonly columns: number
  /** `[classes * columns, D]`, a row for each class, every row from the same noise. */
  readonly pixels: Uint8Array
}

/** How a training on pictures stands. */
export interface PictureReport {
  readonly step: number
  /** Steps of its whole plan. */
  readonly steps: number
  readonly playing: boolean
  /** Means since the last report; null where it took no step. */
  readonly line: MetricsLine | null
  /** Where one was drawn. */
  readonly sheet?: Sheet
}

/** A training on pictures, in memory. */
export class PictureTraining {
  /** Step that the last line was of. */
  private logged = 0

  private constructor(
    private readonly runtime: Runtime,
    private readonly dataset: StandardizedDataset,
    private readonly program: Program,
    private readonly trainer: Trainer,
  ) {}

  static async open(runtime: Runtime, user: UserConfig = SMALL): Promise<PictureTraining> {
    const asked = resolveConfig(user)
    const config: Config = { ...asked, chunk: runtime.chunk ?? asked.chunk }
    const data = glyphs()
    const dataset = standardizedBy(standardizationOf(config.standardize, data), data)
    const step = buildStep(config, pointOf(config, dataset), {})
    const program = await runtime.compileScan(step.graph, step.state.length)
    return new PictureTraining(runtime, dataset, program, new Trainer(config, dataset, step, program))
  }

  get step(): number {
    return this.trainer.step
  }

  /** Steps of the whole plan. */
  get steps(): number {
    return this.trainer.config.steps
  }

  /**
   * Takes some steps, at most a chunk.
   *
   * @param every  steps whose multiples are not passed over
   * @returns what went wrong, when a number was not finite
   */
  advance(every: number): Promise<Failure | undefined> {
    return this.trainer.advance(every)
  }

  /** Means over the steps since the last line; null where there were none. */
  line(): MetricsLine | null {
    if (this.step === this.logged) return null
    this.logged = this.step
    return this.trainer.line()
  }

  /** The map as it is now, of the averaged weights. */
  model(): Model {
    const { config } = this.trainer
    const { dimension } = this.dataset
    return { config, data: dataRecord(this.dataset), dimension, parameters: this.trainer.parameters() }
  }

  async sheet(): Promise<Sheet> {
    const map = await pictureMap('the training', this.model(), this.runtime)
    try {
      const { traits } = map
      const noise = drawNoise(COLUMNS, this.dataset.dimension, 0)
      const classes = traits.classes.flatMap((_, place) => new Array<number>(COLUMNS).fill(place))
      const points = repeated(noise, traits.classes.length)
      const drawn = await map.draw({ points, grid: [1, 0], method: 'auto', classes, scale: null })
      return { traits, columns: COLUMNS, pixels: pixelsOf(drawn) }
    } finally {
      await map.close()
    }
  }

  close(): Promise<void> {
    return this.program.close()
  }
}
