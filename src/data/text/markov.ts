import { z } from 'zod'
import type { Dataset } from '../dataset.ts'
import { DataError } from '../error.ts'
import { show } from '../show.ts'
import { validate } from '../validate.ts'
import { chainLanguage } from './language-dataset.ts'
import { sortedSymbols } from './symbols.ts'

const MOST_SYMBOLS = 256
const MOST_POSITIONS = 1024
const probabilities = z.array(z.number().nonnegative('expected no number below 0')).min(1)

const markovSchema = z.strictObject({
  symbols: z.union([z.string(), z.array(z.string())], { error: 'expected characters, such as "abc"' }),
  initial: probabilities.optional(),
  transition: z.array(probabilities).min(1),
  length: z.int().min(1).max(MOST_POSITIONS),
})

/** A Markov chain of characters as a user writes it; the first character is any of them, equally likely, by default. */
export type MarkovConfig = z.input<typeof markovSchema>

/** Rounding that a user's probabilities may have. */
const ROUNDING = 1e-6

/** Probabilities of sum 1 within rounding, made exact. @throws {DataError} */
function checkedRow(row: readonly number[], size: number, where: string): number[] {
  if (row.length !== size)
    throw new DataError(`${where}: expected ${size} probabilities, one for each symbol; found ${row.length}`)
  const sum = row.reduce((a, b) => a + b, 0)
  if (Math.abs(sum - 1) > ROUNDING)
    throw new DataError(
      `${where}: expected probabilities with the sum 1; found ${show(row)}, whose sum is ${sum}`,
    )
  return row.map(p => p / sum)
}

/**
 * Sequences of a Markov chain, without end.
 *
 * @throws {DataError} on symbols that are no different characters, or rows that are no probabilities
 */
export function markov(config: MarkovConfig, name = 'markov'): Dataset {
  const { symbols, initial, transition, length } = validate(markovSchema, config, 'markov')
  const given = [...symbols]
  const K = given.length
  const alphabet = sortedSymbols(given)
  if (alphabet.length !== K || K < 2 || K > MOST_SYMBOLS || given.some(symbol => [...symbol].length !== 1)) {
    throw new DataError(
      `markov.symbols: expected from 2 to ${MOST_SYMBOLS} different characters, found ${show(symbols)}`,
    )
  }
  if (transition.length !== K)
    throw new DataError(
      `markov.transition: expected ${K} rows, one for each symbol; found ${transition.length}`,
    )
  const first = checkedRow(initial ?? given.map(() => 1 / K), K, 'markov.initial')
  const rows = transition.map((row, k) => checkedRow(row, K, `markov.transition[${k}]`))
  const order = alphabet.map(symbol => given.indexOf(symbol))
  const chain = {
    initial: order.map(k => first[k]),
    transition: order.map(from => order.map(to => rows[from][to])),
  }
  return chainLanguage(name, alphabet, chain, length)
}

const LETTERS = 'abcdefgh'

/** From each of eight letters to the next, to itself or to the third after it; no others follow. */
const FOLLOWS: Readonly<Record<number, number>> = { 0: 0.2, 1: 0.6, 3: 0.2 }

/** The built-in chain: 16 letters, of which each decides what may follow. */
export const letters = (): Dataset =>
  markov({
    symbols: LETTERS,
    transition: [...LETTERS].map((_, from) =>
      [...LETTERS].map((_, to) => FOLLOWS[(to - from + LETTERS.length) % LETTERS.length] ?? 0),
    ),
    length: 16,
  })
