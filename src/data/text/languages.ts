import type { Dataset } from '../dataset.ts'
import { type Grammar, sentencesOf } from './grammar.ts'
import { listedLanguage } from './language-dataset.ts'

const WORDS = ['abcd', 'acbd', 'bdca', 'cabd', 'dcba', 'eeff', 'fade', 'bead']

const range = (n: number): number[] => Array.from({ length: n }, (_, i) => i)
const equally = (texts: readonly string[]) => new Map(texts.map(text => [text, 1]))

/** Eight words of the `6^4` strings of their letters, with weights 1 to 8. */
export const words = (): Dataset => listedLanguage('words', new Map(WORDS.map((word, i) => [word, i + 1])))

/** `abc` with `c = a + b mod 5`: 25 of 125 strings, in classes by `c`. */
export const sums = (): Dataset =>
  listedLanguage('sums', equally(range(5).flatMap(a => range(5).map(b => `${a}${b}${(a + b) % 5}`))), {
    names: range(5).map(String),
    nameOf: text => text[2],
  })

/** `a+b=cc`, a sum of two digits in two digits: 100 strings of length 6, in classes by whether the units carry. */
export const arithmetic = (): Dataset =>
  listedLanguage(
    'arithmetic',
    equally(range(10).flatMap(a => range(10).map(b => `${a}+${b}=${String(a + b).padStart(2, '0')}`))),
    { names: ['no carry', 'carry'], nameOf: text => (text[4] === '1' ? 'carry' : 'no carry') },
  )

/** Subject and verb agree in number, however far apart, and the object goes its own way. */
const SENTENCES: Grammar = {
  sentence: { 'one naps': 2, 'one sees thing': 1, 'many nap': 2, 'many see thing': 1 },
  thing: { one: 1, many: 1 },
  one: { 'a noun': 1, 'the noun': 1 },
  many: { 'the nouns': 1, nouns: 1 },
  noun: { cat: 2, dog: 1 },
  nouns: { cats: 2, dogs: 1 },
}

/**
 * Short sentences whose verbs agree with their subjects, from 8 letters to 21; an end fills the rest. Classes are the number of
 * the subject.
 */
export const grammar = (): Dataset =>
  listedLanguage('grammar', sentencesOf(SENTENCES, 'sentence'), {
    names: ['singular', 'plural'],
    nameOf: text => (/ (naps|sees)\b/.test(text) ? 'singular' : 'plural'),
  })
