import { DataError } from '../error.ts'
import { shortList } from '../short-list.ts'
import { show } from '../show.ts'
import { nearest } from '../suggest.ts'

/** A column by its name, or by its number from 1. */
export type ColumnName = string | number

/** Which columns of a table are read. */
export interface ColumnChoice {
  /** The coordinates in this order; by default all but the label's. */
  readonly columns?: readonly ColumnName[]
  /** The column of the class. */
  readonly label?: ColumnName
  /** The columns of the row's vector, in this order. */
  readonly condition?: ColumnName | readonly ColumnName[]
  /** Places of columns that are no coordinates unless they are asked for. */
  readonly index?: readonly number[]
}

/** Places of the chosen columns, from 0. */
export interface Chosen {
  readonly columns: readonly number[]
  /** How many of these, the last ones, are the row's vector; absent for none. */
  readonly vector?: number
  readonly label?: number
  /** Names of the columns, where the table has names. */
  readonly names?: readonly string[]
  /** Names of columns that were left out as the index of a data frame. */
  readonly leftOut?: readonly string[]
}

/**
 * Finds the chosen columns.
 *
 * @param file  the file's name in messages
 * @throws {DataError} when there is no such column, one is named twice, two have one name, or none is left
 */
export function chooseColumns(
  file: string,
  { columns, label, condition = [], index = [] }: ColumnChoice,
  count: number,
  names?: readonly string[],
): Chosen {
  const place = (name: ColumnName) => findColumn(file, name, count, names)
  const labelPlace = label === undefined ? undefined : place(label)
  const told = [condition].flat().map(place)
  const all = Array.from({ length: count }, (_, i) => i).filter(i => i !== labelPlace && !told.includes(i))
  const kept = all.filter(i => !index.includes(i))
  const leftOut = columns || kept.length === 0 ? [] : all.filter(i => index.includes(i))
  const coordinates = columns?.map(place) ?? (kept.length > 0 ? kept : all)
  const places = [...coordinates, ...told]
  if (labelPlace !== undefined && places.includes(labelPlace)) {
    throw new DataError(
      `${file}: column ${show(label)} is the label, it cannot be a coordinate or a condition too`,
    )
  }
  const twice = places.findIndex((column, i) => places.indexOf(column) < i)
  if (twice >= 0) {
    const name = [...(columns ?? coordinates.map(i => i + 1)), ...[condition].flat()][twice]
    throw new DataError(`${file}: column ${show(name)} is chosen twice`)
  }
  if (coordinates.length === 0) throw new DataError(`${file}: no column is left for coordinates`)
  const chosen = names && places.map(i => names[i])
  const repeated = chosen?.find((name, i) => chosen.indexOf(name) < i)
  if (repeated !== undefined) {
    const different = places.filter((_, i) => chosen!.indexOf(chosen![i]) === i).map(i => i + 1)
    throw new DataError(
      `${file}: two columns are called ${show(repeated)}; give each its own name, or choose one of them by number: {columns: [${shortList(different)}]}`,
    )
  }
  return {
    columns: places,
    ...(told.length > 0 && { vector: told.length }),
    label: labelPlace,
    names: chosen,
    ...(names && leftOut.length > 0 && { leftOut: leftOut.map(i => names[i]) }),
  }
}

function findColumn(file: string, name: ColumnName, count: number, names?: readonly string[]): number {
  if (typeof name === 'number') {
    if (Number.isInteger(name) && name >= 1 && name <= count) return name - 1
    throw new DataError(`${file}: no column ${name}; there are ${count}, counted from 1`)
  }
  if (!names)
    throw new DataError(`${file}: no column ${show(name)}; the file has no header, give a number from 1`)
  const place = names.indexOf(name)
  if (place < 0) {
    const meant = nearest(name, names)
    const hint = meant === undefined ? '' : `, did you mean ${show(meant)}?`
    throw new DataError(`${file}: no column ${show(name)}${hint} (there are ${show(names.join(', '))})`)
  }
  if (names.indexOf(name, place + 1) >= 0) {
    throw new DataError(`${file}: two columns are called ${show(name)}; choose by number from 1`)
  }
  return place
}
