import type { Random } from '../../src/random/random.ts'
import type { Form } from './forms/form.ts'

/** What reads one input; anything it throws but the project's own errors is a find. */
export type Reader = (input: Uint8Array, drawn: Random) => unknown

/** Something that reads what others have written. */
export interface Target {
  /** How an input is made, beside single bytes. */
  readonly form: Form
  /** Words that its readers know. */
  readonly words?: readonly string[]
  /** Names of the errors that a wrong input may give. */
  readonly errors: readonly string[]
  /** Inputs of it in a run of 1,000,000; cheap readers have many. */
  readonly share: number
  /** MiB that reading one input may take at most. */
  readonly memory?: number
  /**
   * @param folder  of its own; no file outside of it may be opened
   * @returns valid inputs, and their reader
   */
  open(folder: string): Promise<{ readonly corpus: readonly Uint8Array[]; readonly read: Reader }>
}
