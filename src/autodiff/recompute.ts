import { after, again, type Blocks, blocksOf, inBlockOrder, isBorder } from './block.ts'
import { OrderedSums } from './cotangents.ts'
import type { Tensor } from './tensor.ts'

/** What the reverse pass knows of one block. */
interface Visit {
  /** A cotangent that comes into the block at its end. */
  readonly begin: Tensor
  /** Values of the block, computed again. */
  readonly copies: Map<Tensor, Tensor>
  /** Cotangents of what is outside: of parameters, and of the block's beginning. */
  readonly aside: Tensor[]
  readonly left: Tensor[]
}

/**
 * Computes the values inside of blocks again for the reverse pass, block by block (Chen et al. 2016, arXiv:1604.06174). A
 * block's values come again when the cotangent of its end is there, and the block before begins when the cotangents of this
 * one's parameters and beginning are done, so that at no time the values of two blocks are needed.
 */
export class Recomputation {
  readonly cotangents = new OrderedSums()
  private readonly blocks: Blocks
  private readonly visits = new Map<number, Visit>()

  constructor(private readonly output: Tensor) {
    this.blocks = blocksOf([output])
  }

  /** Some nodes of the output, operands first and block by block. */
  inOrder(nodes: readonly Tensor[]): Tensor[] {
    const wanted = new Set(nodes)
    return (inBlockOrder([this.output], this.blocks) ?? nodes).filter(node => wanted.has(node))
  }

  /** Comes to a node with its cotangent; gives the cotangent to go on with. */
  reach(node: Tensor, cotangent: Tensor): Tensor {
    if (isBorder(node)) return node.params.leaves ? this.enter(node, cotangent) : this.leave(node, cotangent)
    const block = this.blocks.inner.get(node)
    if (block !== undefined && !this.visits.has(block)) {
      this.visits.set(block, { begin: cotangent, copies: new Map(), aside: [], left: [] })
    }
    return cotangent
  }

  /** The values that the rule of a node is to see in the place of others. */
  seen(node: Tensor, value: Tensor): Tensor {
    const block = this.blocks.inner.get(node)
    return block !== undefined && this.blocks.inner.get(value) === block
      ? this.recomputed(value, block)
      : value
  }

  /** A cotangent of an operand of a node. */
  contribute(node: Tensor, operand: Tensor, cotangent: Tensor): void {
    const block = this.blocks.inner.get(node)
    if (block === undefined || this.blocks.inner.get(operand) === block || isBorder(operand)) return
    this.visits.get(block)!.aside.push(cotangent)
  }

  /** At the end of a block: those that follow it are done. */
  private enter(node: Tensor<'border'>, cotangent: Tensor): Tensor {
    const following = [...(this.blocks.next.get(node.params.block) ?? [])]
    const done = following.flatMap(block => this.visits.get(block)?.left ?? [])
    return after(
      cotangent,
      done.filter(each => each !== cotangent),
    )
  }

  /** At its beginning: its parameters are done. */
  private leave(node: Tensor<'border'>, cotangent: Tensor): Tensor {
    const visit = this.visits.get(node.params.block)
    if (!visit) return cotangent
    const result = after(cotangent, visit.aside)
    visit.left.push(result)
    return result
  }

  private recomputed(value: Tensor, block: number): Tensor {
    const { begin, copies } = this.visits.get(block)!
    const isInner = this.blocks.inner.get(value) === block
    if (!isInner && !isBorder(value)) return value
    const known = copies.get(value)
    if (known) return known
    const copy = isInner
      ? again(
          value,
          value.inputs.map(input => this.recomputed(input, block)),
        )
      : after(value, [begin])
    copies.set(value, copy)
    return copy
  }
}
