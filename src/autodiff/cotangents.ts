import type { Tensor } from './tensor.ts'

/** The cotangents of nodes, each a sum over the nodes that use it. */
export interface Cotangents {
  /** @param user  the node whose rule gave the cotangent */
  add(node: Tensor, user: Tensor, cotangent: Tensor): void
  get(node: Tensor): Tensor | undefined
}

/** Sums that grow as the reverse pass goes. */
export class Sums implements Cotangents {
  private readonly sums = new Map<Tensor, Tensor>()

  add(node: Tensor, _: Tensor, cotangent: Tensor): void {
    const before = this.sums.get(node)
    this.sums.set(node, before ? before.add(cotangent) : cotangent)
  }

  get(node: Tensor): Tensor | undefined {
    return this.sums.get(node)
  }
}

/** Sums in the order of `Sums`, users that were made last first, in whatever order they come: equal to the last bit. */
export class OrderedSums implements Cotangents {
  private readonly parts = new Map<Tensor, { readonly user: Tensor; readonly cotangent: Tensor }[]>()
  private readonly sums = new Map<Tensor, Tensor>()

  add(node: Tensor, user: Tensor, cotangent: Tensor): void {
    this.parts.set(node, [...(this.parts.get(node) ?? []), { user, cotangent }])
  }

  get(node: Tensor): Tensor | undefined {
    const parts = this.parts.get(node)
    if (!parts) return undefined
    if (!this.sums.has(node)) {
      const sorted = [...parts].sort((a, b) => b.user.id - a.user.id).map(({ cotangent }) => cotangent)
      this.sums.set(
        node,
        sorted.reduce((a, b) => a.add(b)),
      )
    }
    return this.sums.get(node)
  }
}
