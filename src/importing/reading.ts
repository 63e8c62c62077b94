import { ConfigError, type UserConfig } from '../config/index.ts'
import type { Dataset } from '../data/dataset.ts'
import type { Model } from '../serialization/model.ts'
import type { DataRecord } from '../serialization/run.ts'
import type { Convention, ConventionName, TimeInput } from './conventions.ts'
import type { AffineTime, FeatureOrder } from './fold.ts'
import type { GuidanceApplied } from './guidance.ts'

export interface ImportOptions {
  readonly convention: ConventionName
  /** Keys of the configuration: what cannot be told from the weights, such as the activation. */
  readonly config?: UserConfig
  /** What the first layer is shown, in order; default the convention's. */
  readonly inputs?: readonly ('x' | TimeInput)[]
  /** Order of the Fourier features of one time; default `sin,cos`. */
  readonly features?: FeatureOrder
  /** Multiplies the times in the place of the convention's own factor, e.g. 1000. */
  readonly timeScale?: number
  /** Of the conventions that have one; default 0.5. */
  readonly sigmaData?: number
  /** What was subtracted from the data before training, and what it was divided by: `[D]` each. */
  readonly shift?: readonly number[]
  readonly scale?: readonly number[]
  /** Names of the layers, first to last, where they cannot be told from names and shapes. */
  readonly layers?: readonly string[]
  /** How the weights are guided, which no weights say; needed of those that are told something. */
  readonly guidanceApplied?: GuidanceApplied
  /** The data that the model is of, where it is at hand. */
  readonly data?: Dataset
}

export interface Imported {
  readonly model: Model
  /** What became of each layer: the tensors it was read from, and its number. */
  readonly report: readonly string[]
  /** Names of the tensors that were not read, of which a file of another program may hold some. */
  readonly unread: readonly string[]
}

/** @throws ConfigError when a key of the configuration says something else than the weights */
export function checkAgrees(given: UserConfig | undefined, found: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries((given?.network ?? {}) as Record<string, unknown>)) {
    if (!(key in found) || found[key] === value) continue
    throw new ConfigError(`network.${key}: the weights have ${found[key]}, found ${value}`)
  }
}

/** What a file's network sees of the source time that ours is shown. */
export function sourceTime(
  { time, usesSigmaData, config }: Convention,
  { timeScale, sigmaData = 0.5 }: ImportOptions,
): AffineTime {
  // Where networks see ln(sigma)/4 the data's scale is a shift of it; the angle of TrigFlow does not depend on it.
  const seesLevel = usesSigmaData && config.interpolant !== 'trig'
  const base = seesLevel ? { offset: Math.log(sigmaData) / 4, factor: 1 } : time
  const unit = timeScale ?? (seesLevel ? time.factor : 1)
  return { offset: base.offset * unit, factor: base.factor * unit }
}

/** @throws ConfigError when shift, scale or deviation are of other data, or no numbers */
export function standardizationOf(
  { usesSigmaData }: Convention,
  { sigmaData, shift, scale }: ImportOptions,
  dimension: number,
): DataRecord['standardization'] {
  if (sigmaData !== undefined && !usesSigmaData) throw new ConfigError('sigmaData: this convention has none')
  if (sigmaData !== undefined && !(sigmaData > 0 && Number.isFinite(sigmaData))) {
    throw new ConfigError(`sigmaData: expected a number above 0, found ${sigmaData}`)
  }
  for (const [key, values] of Object.entries({ shift, scale })) {
    const wrong = values?.find(value => !Number.isFinite(value) || (key === 'scale' && value <= 0))
    if (wrong !== undefined)
      throw new ConfigError(`${key}: expected numbers${key === 'scale' ? ' above 0' : ''}, found ${wrong}`)
    if (values && values.length !== dimension) {
      throw new ConfigError(`${key}: expected ${dimension} numbers, found ${values.length}`)
    }
  }
  const deviation = usesSigmaData ? (sigmaData ?? 0.5) : 1
  if (!shift && !scale && deviation === 1) return undefined
  return {
    shift: shift ?? new Array<number>(dimension).fill(0),
    scale: (scale ?? new Array<number>(dimension).fill(1)).map(value => value * deviation),
  }
}

/** What is known of data that is not at hand. */
export const UNKNOWN = { sha256: '', rows: null, minimum: [], maximum: [] }
