import type { Findings } from './scan.ts'
import type { Head } from './source.ts'
import { show } from './validate.ts'

/** Columns that are named in a line; there may be thousands. */
const NAMED = 3
/** A spread that is less than this part of the numbers is lost in the digits of 32-bit floats. */
const SMALL = 1e-5

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`

/**
 * What a user should know about rows that can be used, one line each.
 *
 * @param file  the file's name in messages
 * @param holdOut  the share of rows that was to be held out
 */
export function warningsOf(file: string, head: Head, findings: Findings, holdOut: number): string[] {
  const lines = [
    ...columnWarnings(head, findings),
    ...duplicateWarnings(findings),
    ...splitWarnings(findings, holdOut),
  ]
  return lines.map(line => `${file}: ${line}`)
}

function columnWarnings(head: Head, { statistics, counter }: Findings): string[] {
  const { mean, deviation } = statistics
  const called = (i: number) => `column ${i + 1}${head.columns ? ` (${show(head.columns[i])})` : ''}`
  const all = (columns: number[], show: (i: number) => string) => {
    const others = columns.length > NAMED ? [`${columns.length - NAMED} more columns likewise`] : []
    return [...columns.slice(0, NAMED).map(show), ...others]
  }
  const columns = mean.map((_, i) => i)
  const constant = columns.filter(i => deviation[i] === 0)
  if (head.image) {
    return constant.length === mean.length ? ['all pictures are the same'] : []
  }
  const nearly = columns.filter(i => deviation[i] > 0 && deviation[i] < SMALL * Math.abs(mean[i]))
  return [
    ...all(constant, i => `${called(i)} is constant (${shortest(mean[i])})`),
    ...all(
      nearly,
      i =>
        `${called(i)} hardly varies: standard deviation ${deviation[i].toPrecision(2)} about ${shortest(mean[i])}`,
    ),
    ...(counter === undefined
      ? []
      : [`${called(0)} counts the rows from ${counter}; leave it out unless it is a coordinate`]),
  ]
}

/** The digits that a 32-bit float has. */
const shortest = (value: number): number => Number(value.toPrecision(7))

function duplicateWarnings({ rows, duplicates, firstDuplicate, duplicatesUntil }: Findings): string[] {
  if (duplicates === 0) return []
  const among = duplicatesUntil === undefined ? `${rows} rows` : `the first ${duplicatesUntil} rows`
  const verb = duplicates === 1 ? 'repeats an earlier one' : 'repeat earlier ones'
  return [`${duplicates} of ${among} ${verb}, the first is row ${firstDuplicate}`]
}

function splitWarnings({ rows, sides }: Findings, holdOut: number): string[] {
  if (holdOut === 0 || sides.heldOut > 0) return []
  return [`no row is held out of ${plural(rows, 'row')}: metrics will compare with rows trained on`]
}
