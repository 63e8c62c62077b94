/** What of a trained network an adapter changes, and how much. */
export interface AdapterKeys {
  /** Inner size of the products, `r`. */
  readonly rank: number
  /** A product is added times `alpha / rank`. */
  readonly alpha: number
  /** Groups of parameters whose linear layers get a product. */
  readonly targets: readonly string[]
  /** Groups that train in full. */
  readonly train: readonly string[]
}
