/** Finitely many sequences of symbols, by their numbers, with their probabilities. */
export interface FiniteLaw {
  /** `[N][L]` */
  readonly sequences: readonly (readonly number[])[]
  /** `[N]`, all above 0, of sum 1. */
  readonly probabilities: readonly number[]
}

/** A Markov chain of symbols. */
export interface MarkovChain {
  /** Probability of each symbol at the first position, `[K]`. */
  readonly initial: readonly number[]
  /** From each symbol (rows) to the next, `[K][K]`. */
  readonly transition: readonly (readonly number[])[]
}

/** A law of sequences of one length that is known exactly: as a list, as a chain, or as a chain with a list of all its sequences. */
export type Language = {
  /** Whether the law gives a sequence a probability above 0. */
  isValid(symbols: ArrayLike<number>): boolean
  /** The class of a sequence by its number, where the law has classes; -1 of one that is not valid. */
  classOf?(symbols: ArrayLike<number>): number
} & (
  | { readonly law: FiniteLaw; readonly chain?: undefined }
  | { readonly law?: FiniteLaw; readonly chain: MarkovChain }
)
