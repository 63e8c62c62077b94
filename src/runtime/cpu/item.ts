import type { CorePrimitive, DType, Shape, Tensor } from '../../autodiff/index.ts'
import type { Params } from '../../autodiff/primitive.ts'

/** Rows that are computed alike and one by one: those of a batch, or a part of them. */
export interface Domain {
  readonly id: number
  /** Of the whole; `DYNAMIC` where the run says. */
  readonly rows: number
  /** Where it begins in the axis of the inputs that it is of. */
  readonly from: number
  /** Whether its rows are the numbers of a vector, such as the parameters. */
  readonly flat: boolean
}

/** What happens to rows where they become one value: added up, or the largest of them. */
export type Gather = 'sum' | 'max'

/** Operations that graphs have no name for. */
export interface PlanParams {
  /** A graph input. Of rows: those of the domain. */
  input: { readonly index: number }
  /** One value of the rows of several domains. */
  total: { readonly by: Gather }
  /** Rows of a value that is there as a whole: those of the item's domain, from `from` on. */
  rows: { readonly from: number }
  /** A value that is there as a whole, of the rows of domains one after the other, along `axis`. */
  whole: { readonly axis: number }
}

export type PlanOperation = keyof PlanParams | Exclude<CorePrimitive, keyof PlanParams>

type ParamsOf<P> = P extends keyof PlanParams ? PlanParams[P] : P extends keyof Params ? Params[P] : never

/**
 * A node of a plan: a value that is there as a whole, or the rows of a domain. A row's item is what happens to one row;
 * `shape` and `params` are those of one row.
 */
export interface Item<P extends PlanOperation = PlanOperation> {
  readonly id: number
  readonly op: P
  readonly params: ParamsOf<P>
  readonly inputs: readonly Item[]
  readonly shape: Shape
  readonly dtype: DType
  /** Absent of a value that is there as a whole. */
  readonly domain?: Domain
  /** The node of the graph that it is of. */
  readonly node?: Tensor
}

/**
 * A tensor of the graph in the plan: as a whole, or as rows along an axis, in pieces one after the other, of one domain
 * each; the axis has `per` entries of each row.
 */
export type Placed =
  | { readonly whole: Item }
  | { readonly axis: number; readonly per: number; readonly pieces: readonly Item[] }
