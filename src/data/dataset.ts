import type { Language } from '../model/categorical/language.ts'
import type { Energy } from '../model/index.ts'
import type { Mixture } from '../model/mixture.ts'
import type { Standardization } from '../model/standardization.ts'
import type { Random } from '../random/random.ts'
import type { Rules } from './split-rule.ts'

export type { Mixture, MixtureComponent } from '../model/mixture.ts'

/** Points stored row after row: point `i` is `values[i*dimension ... (i+1)*dimension - 1]`. */
export type Values = Float32Array | Float64Array

/** One class for each row, an index into the names of the classes. */
export type Classes = Uint16Array | Int32Array | Float32Array

/** A distribution that can be drawn from. Points are in the data's own units. */
export interface Dataset {
  readonly name: string
  /** Of a point: `[2]`, or of a picture `[height, width, channels]`, whose numbers are 0 to 255. */
  readonly shape: readonly number[]
  /** Numbers in a point: the product of its shape. */
  readonly dimension: number
  /** Name of the space that its points live in; absent for `R^n`. */
  readonly space?: string
  /**
   * Fills `out` (length a multiple of `dimension`) with independent points; of finite data, training rows with replacement.
   *
   * @param classes  filled with the class of each point, an index into `labels.names`, where the data has labels
   * @param vectors  filled with the vector of each point, `vector.size` numbers each, where the data has vectors
   */
  sample(random: Random, out: Values, classes?: Classes, vectors?: Values): void
  /** The log density of points in nats, in the volume of their space, where it has a closed form that is no mixture of normals. */
  logDensity?(points: Values): Float64Array
  /** Closed form of the distribution, where it is a Gaussian mixture. */
  readonly mixture?: Mixture
  /** Of a distribution that is given by one: points are samples of `e^-U`. */
  readonly energy?: Energy
  /** Of sequences of symbols, whose points are one-hot rows `[length, symbols]`. */
  readonly text?: Text
  /** The exact law of sequences, where it is known. */
  readonly language?: Language
  /** What identifies the data: kept in `config.json` and beside every metric. */
  readonly fingerprint: Fingerprint
  /** The box of a histogram, `[low, high]` per column, where the literature fixes one. */
  readonly histogramRange?: readonly (readonly [number, number])[]
  /** What finite data is split into; absent for data that is drawn from a formula, without end. */
  readonly split?: Split
  /** Mean and standard deviation of each column over the training rows; absent where there is no split. */
  readonly statistics?: Statistics
  /** Names of the columns, where the data has them. */
  readonly columns?: readonly string[]
  /** Classes of the rows, where the data has them. */
  readonly labels?: Labels
  /** What the vector of each row is, where the data has them. */
  readonly vector?: RowVector
  /** What a user should know about the data although it can be used, one line each. */
  readonly warnings?: readonly string[]
}

/** What the sequences of a dataset are made of. */
export interface Text {
  /** All symbols in the order of their numbers, by code point; a byte is the character of the same number. */
  readonly alphabet: readonly string[]
  readonly unit: TextUnit
  /** Symbols in a sequence. */
  readonly length: number
  /** The symbol that fills the rest of a shorter sequence, where there are such. */
  readonly end?: string
  /** Whether sequences are windows of a longer text, so that what follows one is known too. */
  readonly stream?: boolean
  readonly tokens: Tokens
}

export type TextUnit = 'character' | 'byte'

/** Sequences as numbers of symbols, drawn as `sample` and `split.take` draw points. */
export interface Tokens {
  sample(random: Random, out: Uint16Array): void
  /** Of finite data: different rows of one side, in a random order. @throws {RangeError} when it has fewer */
  take?(side: 'training' | 'heldOut', random: Random, out: Uint16Array): void
}

/** `[height, width, channels]` where the points of data are pictures. */
export const pictureShape = ({
  shape,
}: Pick<Dataset, 'shape'>): readonly [number, number, number] | undefined =>
  shape.length === 3 ? [shape[0], shape[1], shape[2]] : undefined

/**
 * Rows to train on, and rows set aside to measure with. Equal rows are on one side, but for values that many rows have: these
 * are on both.
 */
export interface Split {
  readonly training: number
  /** May be 0, when the user asked for none or there are too few. */
  readonly heldOut: number
  /** How rows were read and split, as a run records it; absent where nothing of that kind was done. */
  readonly rules?: Rules
  /**
   * Fills `out` with different rows of one side, in a random order, and `classes` and `vectors` as `sample` does.
   *
   * @throws {RangeError} when it has fewer rows
   */
  take(side: 'training' | 'heldOut', random: Random, out: Values, classes?: Classes, vectors?: Values): void
}

/** Of each column. */
export interface Statistics {
  readonly mean: readonly number[]
  /** 0 for a constant column. */
  readonly deviation: readonly number[]
}

/** Names of classes, and of finite data how many rows each has, held-out ones included. */
export interface Labels {
  readonly names: readonly string[]
  readonly counts?: readonly number[]
}

/** A vector that each row has beside its point: numbers that a map may be told. */
export interface RowVector {
  /** Numbers in it. */
  readonly size: number
  /** Their names, where the data has them. */
  readonly columns?: readonly string[]
  /** The least and the greatest of each number. */
  readonly minimum: readonly number[]
  readonly maximum: readonly number[]
  /** How a network sees it: by column, fitted on the training rows. */
  readonly standardization: Standardization
}

/** Identity of a dataset. */
export interface Fingerprint {
  /** Of the file's content; of several files, of the lines that `sha256sum` prints for them; of a formula, of its parameters. */
  readonly sha256: string
  /** All rows, held-out ones included; `null` when unlimited. */
  readonly rows: number | null
  /** The least number of each column; of pictures, of each channel. */
  readonly minimum: readonly number[]
  readonly maximum: readonly number[]
}
