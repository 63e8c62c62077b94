import type { Dataset } from './dataset.ts'
import type { Rules } from './split-rule.ts'

/** What the rows of a source are, known before the first of them. */
export interface Head {
  /** Numbers in a row, at least 1. */
  readonly dimension: number
  /** How many of them, the last ones, are no coordinates but the vector of the row; default 0. */
  readonly vector?: number
  /** Names of the numbers of a row, where the source has them. */
  readonly columns?: readonly string[]
  /** Places of the numbers of a row among the columns of a file, from 0, where they may be others than theirs. */
  readonly places?: readonly number[]
  /** The space that points live in; flat where it is absent. */
  readonly space?: string
  /** Names of columns that hold the index of a data frame, and are no coordinates. */
  readonly leftOut?: readonly string[]
  /** Whether each row, read as two columns, may be one number with a decimal comma. */
  readonly mayBeDecimals?: boolean
  /** Of the point that a row holds; default all numbers that are no vector, of a picture `[height, width, channels]`. */
  readonly shape?: readonly number[]
  /** Whether numbers are kept as bytes: all are whole and lie in 0 ... 255. */
  readonly bytes?: boolean
  /** Whether rows come with labels. */
  readonly labelled?: boolean
  /** Names of all classes in their order, where the format fixes them. */
  readonly classes?: readonly string[]
  /** What a user should know before anything is read, one line each. */
  readonly warnings?: readonly string[]
  /** Rows to train on, the first ones, where the data comes with others to measure with. */
  readonly training?: number
  /** Where rows of a fixed size stand in a file that can be read again at any place. */
  readonly direct?: DirectRows
}

/** Rows of one number type, one after another in a plain file. */
export interface DirectRows {
  readonly path: string
  /** Where the first row begins, bytes. */
  readonly offset: number
  readonly rows: number
  readonly type: NumberType
}

/** A number as it stands in a file. */
export interface NumberType {
  readonly bytes: number
  /** Numbers that lie at a multiple of `bytes` in `buffer`; the bytes may be changed. */
  decode(buffer: Buffer): ArrayLike<number>
}

/** Takes what a reader reads, in its order. */
export interface Sink {
  /** Called once, before the first row. */
  begin(head: Head): void
  /**
   * Takes rows, one after another, all numbers finite; the array may be used again.
   *
   * @param labels  one for each row, where rows have labels
   * @param number  of the first of these rows in messages; otherwise rows are counted from 1
   */
  push(values: Float32Array | Uint8Array, labels?: readonly string[], number?: number): void
  /**
   * Notes what is wrong; no dataset will come of it, but more may be found.
   *
   * @throws {DataError} when there is so much that it need not be read on
   */
  problem(place: string, message: string): void
}

/** A file, or several, that can be read as rows of numbers. */
export interface Source {
  /** In messages: the path as the user wrote it. */
  readonly file: string
  /** Of the dataset. */
  readonly name: string
  /** All files that are read: what they hold decides the rows, together with `options`. */
  readonly files: readonly string[]
  readonly options: unknown
  /**
   * Reads all rows once.
   *
   * @returns the SHA-256 of the content
   * @throws {DataError} when it cannot be read
   */
  read(sink: Sink): Promise<string>
  /**
   * Opens the dataset where rows are not kept as they are read.
   *
   * @throws {DataError} as `read`
   */
  open?(options: { readonly holdOut: number; readonly rules: Rules }): Promise<Dataset>
}
