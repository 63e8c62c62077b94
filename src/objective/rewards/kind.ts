import { z } from 'zod'
import type { Tensor } from '../../autodiff/index.ts'
import type { Quadratic, Standardization } from '../../model/index.ts'

export type { Quadratic }

/** A reward of data points: `[B, ...D]` to `[B, 1, ...]`. */
export type Reward = (x: Tensor) => Tensor

/** A reward of one point in plain numbers. */
export type RewardValue = (point: Readonly<ArrayLike<number>>) => number

/** What of a reward does not go with points of some shape. */
export interface Misfit {
  /** The key below the reward's own. */
  readonly key: string
  /** Such as `3 numbers`; the data's name may follow it. */
  readonly expected: string
  /** What follows the data's name. */
  readonly beside?: string
  readonly found: unknown
}

/** A kind of reward: how one of its configuration is read. Shapes are those of a point. */
export interface RewardKind<R> {
  readonly schema: z.ZodType<R>
  graph(reward: R): Reward
  /** In double precision: what `graph` is otherwise. */
  value(reward: R, shape: readonly number[]): RewardValue
  misfit(reward: R, shape: readonly number[]): Misfit | undefined
  /** The same reward of points that are brought to another scale. */
  seen(reward: R, by: Standardization): R
  /** What it is never below and never above in a box of points, as tight as is known. */
  bounds(reward: R, box: Box): readonly [low: number, high: number]
  /** Its coefficients, where it is quadratic. */
  quadratic?(reward: R, shape: readonly number[]): Quadratic
}

/** The least and the greatest of each coordinate. */
export interface Box {
  readonly minimum: readonly number[]
  readonly maximum: readonly number[]
}

export const oneOrMany = (number: z.ZodNumber, each: string) =>
  z.union([number, z.array(number).min(1)], { error: `expected ${each}, or one for all` })

export type OneOrMany = number | readonly number[]

/** One number for each of some. */
export const listOf = (value: OneOrMany, count: number): number[] =>
  typeof value === 'number' ? new Array<number>(count).fill(value) : [...value]

/** Numbers in a point. */
export const countOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1)

export const numbersText = (count: number): string => `${count} number${count === 1 ? '' : 's'}`

/** The first list that has another length than a point, and is not one number for all. */
export function lengthMisfit(
  lists: Readonly<Record<string, OneOrMany>>,
  shape: readonly number[],
): Misfit | undefined {
  const count = countOf(shape)
  for (const [key, value] of Object.entries(lists)) {
    if (typeof value === 'number' || value.length === count) continue
    return { key, expected: numbersText(count), beside: ', or one for all', found: value.length }
  }
  return undefined
}

/** What a coordinate of the network's points counts in the data's units; a constant column has no scale, and no reward changes it. */
export const unitsOf = ({ scale }: Standardization): number[] => scale.map(value => value || 1)

/** A place of the data among the points that the network sees. */
export const seenPlace = (place: OneOrMany, by: Standardization): number[] => {
  const units = unitsOf(by)
  return listOf(place, units.length).map((value, i) => (value - by.shift[i]) / units[i])
}

/** Points as rows, `[B, D]`. */
export const rowsOf = (x: Tensor): Tensor =>
  x.rank === 2 ? x : x.reshape([x.shape[0], countOf(x.shape.slice(1))])

/** One number for each point, shaped as times are. */
export const likeTimes = (values: Tensor, x: Tensor): Tensor =>
  values.reshape([x.shape[0], ...x.shape.slice(1).map(() => 1)])
