import type { Config } from '../config/index.ts'
import { ArgumentError } from '../data/arguments.ts'
import type { RowVector } from '../data/dataset.ts'
import { shortList } from '../data/short-list.ts'
import { show } from '../data/show.ts'
import { type ConditionKind, pluralOf } from '../model/index.ts'
import { whyNoJumps } from '../objective/index.ts'
import type { DataRecord } from './record.ts'

/** Classes that a map can be told. */
export interface KnownClasses {
  readonly kind: 'class'
  readonly names: readonly string[]
  /** Whether it also knows the data as a whole. */
  readonly none: boolean
}

/** Vectors that a map can be told, in the data's own units. */
export interface KnownVectors extends Omit<RowVector, 'standardization'> {
  readonly kind: 'vector'
  /** Whether it also knows the data as a whole. */
  readonly none: boolean
}

/** Noisy points with their times: a stochastic map. */
export interface KnownStates {
  readonly kind: 'state'
  /** Coordinates of a point. */
  readonly size: number
  /** Whether it also knows the data as a whole, which it is told by the time of pure noise. */
  readonly none: boolean
}

/** What a map can be told. */
export type KnownCondition = KnownClasses | KnownVectors | KnownStates

/** A class by its name or number, `null` for none, or one for each point: numbers `0 ... classes - 1`. */
export type ClassChoice = string | number | null | ArrayLike<number>

/** A vector in the data's own units, `null` for none, or one for each point: `[n, size]`, one after another. */
export type VectorChoice = null | ArrayLike<number>

/**
 * A noisy point and its time, `size + 1` numbers in the units of that time (see `unstandardized`), `null` for none, or one for each
 * point, one after another.
 */
export type StateChoice = null | ArrayLike<number>

/** What a map is told beside a point and its times; what is left out stays as it was. */
export interface Given {
  readonly class?: ClassChoice
  readonly vector?: VectorChoice
  readonly state?: StateChoice
}

/** What the inputs of a map's graph after the times are, for points `from ... from + count - 1` of `total`. */
export type Told = (from: number, count: number, total: number) => (Float32Array | BigInt64Array)[]

/** A kind of condition as users choose and files describe it. */
interface Row<K extends KnownCondition, C> {
  /** What is known of a run's data. */
  ofData(data: Pick<DataRecord, 'labels' | 'vector' | 'dimension'>, none: boolean): K | undefined
  /** What the signature of an exported file says of its inputs. */
  signature(known: K): Readonly<Record<string, unknown>>
  /** The same from there; nothing where it does not say. */
  ofSignature(signature: Readonly<Record<string, unknown>>): K | undefined
  /** Inputs of an exported graph, by name, with their types. */
  inputs(known: Pick<K, 'none'>): Readonly<Record<string, 'int64' | 'float32'>>
  /** @throws ArgumentError when a map of this kind cannot be told that */
  told(what: string, choice: C, known: K): Told
  /** Something to show a map for that knows no null, and what it is called. */
  example(known: K): { readonly given: Given; readonly name: string }
}

const ONE_FOR_EACH = 'expected one for each point'

const classes: Row<KnownClasses, ClassChoice> = {
  ofData: ({ labels }, none) => labels && { kind: 'class', names: labels.names, none },
  signature: ({ names, none }) => ({
    class: {
      shape: ['batch'],
      dtype: 'int64',
      is: 'class of each point',
      names,
      ...(none && { none: names.length }),
    },
  }),
  ofSignature(signature) {
    const { names, none } = (signature.class ?? {}) as { names?: unknown; none?: unknown }
    if (!Array.isArray(names) || names.length === 0) return undefined
    return { kind: 'class', names, none: none === names.length }
  },
  inputs: () => ({ class: 'int64' }),
  told(what, choice, { names, none }) {
    const refuse = (found: unknown): never => {
      throw new ArgumentError(
        `${what}: expected one of ${shortList(names)}${none ? ', or none' : ''}, found ${found}`,
      )
    }
    const numberOf = (value: unknown): bigint => {
      if (value === null) return none ? BigInt(names.length) : refuse('none')
      const index = typeof value === 'string' ? names.indexOf(value) : value
      return Number.isInteger(index) && (index as number) >= 0 && (index as number) < names.length
        ? BigInt(index as number)
        : refuse(typeof value === 'string' ? JSON.stringify(value) : value)
    }
    if (choice === null || typeof choice === 'string' || typeof choice === 'number') {
      const one = numberOf(choice)
      return (_, count) => [new BigInt64Array(count).fill(one)]
    }
    const all = BigInt64Array.from(Array.from(choice), numberOf)
    return (from, count, total) => {
      if (total === all.length) return [all.slice(from, from + count)]
      throw new ArgumentError(`${what}: ${ONE_FOR_EACH}, found ${all.length}`)
    }
  },
  example: ({ names }) => ({ given: { class: 0 }, name: `the class ${names[0]}` }),
}

const numbers = (value: unknown, size: number): value is number[] =>
  Array.isArray(value) && value.length === size && value.every(Number.isFinite)

const vectors: Row<KnownVectors, VectorChoice> = {
  ofData({ vector }, none) {
    if (!vector) return undefined
    const { standardization: _, ...known } = vector
    return { kind: 'vector', ...known, none }
  },
  signature: ({ size, columns, minimum, maximum, none }) => ({
    vector: {
      shape: ['batch', size],
      dtype: 'float32',
      is: "vector of each point, in the data's own units",
      ...(columns && { columns }),
      ...{ minimum, maximum },
    },
    ...(none && {
      none: { shape: ['batch'], dtype: 'float32', is: '1 for points that are told no vector, 0 for others' },
    }),
  }),
  ofSignature({ vector, none }) {
    const { shape, columns, minimum, maximum } = (vector ?? {}) as Record<string, unknown>
    const size = Array.isArray(shape) ? Number(shape[1]) : 0
    const names = Array.isArray(columns) && columns.length === size ? columns.map(String) : undefined
    if (!(size > 0) || !numbers(minimum, size) || !numbers(maximum, size)) return undefined
    return {
      ...{ kind: 'vector', size, minimum, maximum },
      ...(names && { columns: names }),
      none: none !== undefined,
    }
  },
  inputs: ({ none }) => ({ vector: 'float32', ...(none && { none: 'float32' }) }),
  told(what, choice, { size, columns, none }) {
    const named = columns ? ` (${shortList(columns)})` : ''
    const expected = `expected ${size} ${size === 1 ? 'number' : 'numbers'}${named}, or ${size} for each point${none ? ', or none' : ''}`
    const refuse = (found: string): never => {
      throw new ArgumentError(`${what}: ${expected}; found ${found}`)
    }
    const flags = (count: number, value: number) => (none ? [new Float32Array(count).fill(value)] : [])
    if (choice === null) {
      if (!none) return refuse('none')
      return (_, count) => [new Float32Array(count * size), ...flags(count, 1)]
    }
    const isList = Array.isArray(choice) || (ArrayBuffer.isView(choice) && !(choice instanceof DataView))
    if (!isList) return refuse(show(choice))
    const all = Float32Array.from(choice)
    if (all.length === 0 || all.length % size !== 0) return refuse(`${all.length} in all`)
    const wrong = all.findIndex(value => !Number.isFinite(value))
    if (wrong >= 0) return refuse(`${show(choice[wrong])} at place ${wrong + 1}`)
    return (from, count, total) => {
      if (all.length === size) {
        return [Float32Array.from({ length: count * size }, (_, i) => all[i % size]), ...flags(count, 0)]
      }
      if (total * size === all.length) {
        return [all.slice(from * size, (from + count) * size), ...flags(count, 0)]
      }
      throw new ArgumentError(`${what}: ${ONE_FOR_EACH}, found ${all.length / size}`)
    }
  },
  example: ({ minimum, maximum }) => ({
    given: { vector: minimum.map((low, i) => (low + maximum[i]) / 2) },
    name: 'the vector in the middle of its range',
  }),
}

const states: Row<KnownStates, StateChoice> = {
  ofData: ({ dimension }, none) => ({ kind: 'state', size: dimension, none }),
  signature: ({ size, none }) => ({
    condition: {
      shape: ['batch', size],
      dtype: 'float32',
      is: 'a noisy point of the same data for each point, in the units of its time',
    },
    tau: {
      shape: ['batch'],
      dtype: 'float32',
      is: `the time of the noisy point, 0 for data and 1 for noise${none ? ', which tells nothing' : ''}`,
      none,
    },
  }),
  ofSignature({ condition, tau }) {
    const { shape } = (condition ?? {}) as Record<string, unknown>
    const size = Array.isArray(shape) ? Number(shape[1]) : 0
    if (!(size > 0) || !tau) return undefined
    return { kind: 'state', size, none: (tau as { none?: unknown }).none === true }
  },
  inputs: () => ({ condition: 'float32', tau: 'float32' }),
  told(what, choice, { size, none }) {
    const width = size + 1
    const refuse = (found: string): never => {
      throw new ArgumentError(
        `${what}: expected ${size} coordinates of a noisy point and its time, or as many for each point${none ? ', or none' : ''}; found ${found}`,
      )
    }
    if (choice === null) {
      if (!none) return refuse('none')
      return (_, count) => [new Float32Array(count * size), new Float32Array(count).fill(1)]
    }
    const isList = Array.isArray(choice) || (ArrayBuffer.isView(choice) && !(choice instanceof DataView))
    if (!isList) return refuse(show(choice))
    const all = Float32Array.from(choice)
    if (all.length === 0 || all.length % width !== 0) return refuse(`${all.length} in all`)
    const wrong = all.findIndex(
      (value, i) => !Number.isFinite(value) || (i % width === size && (value < 0 || value > 1)),
    )
    if (wrong >= 0) return refuse(`${show(choice[wrong])} at place ${wrong + 1}`)
    return (from, count, total) => {
      const isOne = all.length === width
      if (!isOne && total * width !== all.length) {
        throw new ArgumentError(`${what}: ${ONE_FOR_EACH}, found ${all.length / width}`)
      }
      const at = (row: number, i: number) => all[(isOne ? 0 : from + row) * width + i]
      return [
        Float32Array.from({ length: count * size }, (_, k) => at(Math.floor(k / size), k % size)),
        Float32Array.from({ length: count }, (_, row) => at(row, size)),
      ]
    }
  },
  example: ({ size }) => ({
    given: { state: [...new Array<number>(size).fill(0), 1] },
    name: 'pure noise',
  }),
}

const rows = { class: classes, vector: vectors, state: states } satisfies { [kind in ConditionKind]: unknown }

const rowOf = (kind: ConditionKind): Row<KnownCondition, unknown> =>
  rows[kind] as unknown as Row<KnownCondition, unknown>

/** What the map of a run can be told; nothing where it is told nothing, or only what its sampler tells it. */
export function knownCondition(
  { objective, condition: { kind, drop } }: Pick<Config, 'objective' | 'condition'>,
  data: Pick<DataRecord, 'labels' | 'vector' | 'dimension'>,
): KnownCondition | undefined {
  return kind === 'none' || whyNoJumps(objective) ? undefined : rowOf(kind).ofData(data, drop > 0)
}

/** What the signature of an exported file says of what its map is told. */
export const conditionSignature = (known: KnownCondition): Readonly<Record<string, unknown>> =>
  rowOf(known.kind).signature(known)

/** The kind whose inputs a graph takes after its times, by their names; nothing where these are of no kind. */
export const kindOfInputs = (names: readonly string[]): ConditionKind | undefined =>
  (Object.keys(rows) as ConditionKind[]).find(kind =>
    [true, false].some(none => Object.keys(rowOf(kind).inputs({ none })).join() === names.join()),
  )

/** Types of the inputs that stand for a condition, by their names. */
export const conditionTypes: Readonly<Record<string, string>> = Object.assign(
  {},
  ...Object.values(rows).map(row => row.inputs({ none: true })),
)

/** What an exported file's map can be told; nothing where its signature does not say. */
export const conditionOfSignature = (
  kind: ConditionKind,
  signature: Readonly<Record<string, unknown>>,
): KnownCondition | undefined => rowOf(kind).ofSignature(signature)

/**
 * What a map is told for a choice.
 *
 * @param name  of the map, in messages
 * @throws ArgumentError when it cannot be told that
 */
export const toldBy = (name: string, known: KnownCondition, choice: unknown): Told =>
  rowOf(known.kind).told(`${name}: ${known.kind}`, choice, known)

/** Refuses what a map is not told. @throws ArgumentError */
export function checkGiven(name: string, given: Given, known: KnownCondition | undefined): void {
  for (const kind of Object.keys(given) as ConditionKind[]) {
    if (kind === known?.kind || given[kind] == null) continue
    if (!Object.hasOwn(rows, kind)) {
      throw new ArgumentError(`${name}: given: expected ${Object.keys(rows).join(' or ')}, found ${kind}`)
    }
    throw new ArgumentError(
      `${name}: ${kind}: was trained without ${pluralOf(kind)}; expected ${known?.kind ?? 'none'}`,
    )
  }
}

/** Something to show a map for that knows no null, and what it is called. */
export const exampleOf = (known: KnownCondition) => rowOf(known.kind).example(known)
