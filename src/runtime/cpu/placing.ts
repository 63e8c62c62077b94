import { type CorePrimitive, DYNAMIC, type Graph, type Tensor } from '../../autodiff/index.ts'
import { typeRules } from '../../autodiff/shape.ts'
import type { Domain, Item, Placed, PlanOperation } from './item.ts'
import { type ByRow, ofRow, type RowAxis, type RowRule, rowRules } from './row-rules.ts'

/** Which axis of an input has rows, and whether these are the numbers of a vector. */
interface Along {
  readonly axis: number
  readonly flat: boolean
}

type Rows = Extract<Placed, { pieces: unknown }>

/** Vectors of at least so many numbers are computed in blocks: the state of an optimiser, say. */
const LEAST_FLAT = 1024

/** A domain has to be cut at this row, and the graph be placed anew. */
class Cut {
  readonly domain: Domain
  readonly row: number

  constructor(domain: Domain, row: number) {
    this.domain = domain
    this.row = row
  }
}

export interface Placing {
  /** Operands first. */
  readonly items: readonly Item[]
  readonly outputs: readonly Placed[]
}

/** Names what domains are of: an axis of a size, open ones included, or the numbers of a vector. */
const keyOf = (rows: number, flat: boolean): string => `${flat ? 'numbers' : 'rows'} ${rows}`

/** Domains by the size of the axis that they are of. */
class Domains {
  private readonly cuts = new Map<string, number[]>()
  private readonly known = new Map<string, Domain[]>()
  private count = 0

  of(rows: number, flat: boolean): readonly Domain[] {
    const key = keyOf(rows, flat)
    if (!this.known.has(key)) {
      const starts = [0, ...(this.cuts.get(key) ?? [])]
      const domains = starts.map((from, i) => ({
        id: this.count++,
        from,
        flat,
        rows: rows === DYNAMIC ? DYNAMIC : (starts[i + 1] ?? rows) - from,
      }))
      this.known.set(key, domains)
    }
    return this.known.get(key)!
  }

  hasFlat(rows: number): boolean {
    return this.known.has(keyOf(rows, true))
  }

  cut({ domain, row }: Cut): void {
    const [key] = [...this.known].find(([, domains]) => domains.includes(domain))!
    this.cuts.set(
      key,
      [...(this.cuts.get(key) ?? []), row].sort((a, b) => a - b),
    )
    this.known.clear()
    this.count = 0
  }
}

class Placer {
  readonly items: Item[] = []
  private readonly placed = new Map<Tensor, Placed>()
  private readonly wholes = new Map<Tensor, Item>()
  private readonly domains: Domains
  private readonly carried: number
  /** Whether the run says how large the batch is: no other axis is one then. */
  private readonly isOpen: boolean

  constructor(domains: Domains, { inputs }: Graph, carried: number) {
    this.domains = domains
    this.carried = carried
    this.isOpen = inputs.some(({ shape }) => shape.includes(DYNAMIC))
  }

  make<P extends PlanOperation>(
    op: P,
    params: Item<P>['params'],
    inputs: readonly Item[],
    type: Pick<Item, 'shape' | 'dtype' | 'domain' | 'node'>,
  ): Item {
    const item = { id: this.items.length, op, params, inputs, ...type } as unknown as Item
    this.items.push(item)
    return item
  }

  /** Where an input has rows: at its open axis, along a batch, or all along a large vector. */
  private rowsOfInput({ shape, rank, dtype }: Tensor, index: number): Along | undefined {
    const open = shape.indexOf(DYNAMIC)
    if (this.isOpen && open < 0) return undefined
    if (open >= 0) return shape.slice(0, open).every(n => n === 1) ? { axis: open, flat: false } : undefined
    if (index >= this.carried && (rank > 1 || dtype === 'int64')) return { axis: 0, flat: false }
    return rank === 1 && dtype === 'float32' && shape[0] >= LEAST_FLAT ? { axis: 0, flat: true } : undefined
  }

  input(node: Tensor<'input'>): void {
    const { index } = node.params
    const { shape, dtype } = node
    const along = this.rowsOfInput(node, index)
    if (!along) {
      this.placed.set(node, { whole: this.make('input', { index }, [], { shape, dtype, node }) })
      return
    }
    const { axis, flat } = along
    const own = ofRow(shape, { axis, per: 1 })
    const pieces = this.domains
      .of(shape[axis], flat)
      .map(domain => this.make('input', { index }, [], { shape: own, dtype, domain, node }))
    this.placed.set(node, { axis, per: 1, pieces })
  }

  place(node: Tensor<CorePrimitive>): void {
    this.placed.set(node, this.placedOf(node))
  }

  of(node: Tensor): Placed {
    return this.placed.get(node)!
  }

  /** A tensor as a whole. */
  wholeOf(node: Tensor): Item {
    const placed = this.of(node)
    if ('whole' in placed) return placed.whole
    if (!this.wholes.has(node)) {
      const { shape, dtype } = node
      this.wholes.set(node, this.make('whole', { axis: placed.axis }, placed.pieces, { shape, dtype, node }))
    }
    return this.wholes.get(node)!
  }

  private asWhole(node: Tensor<CorePrimitive>): Placed {
    const { op, params, shape, dtype } = node
    const inputs = node.inputs.map(input => this.wholeOf(input))
    return { whole: this.make(op, params as never, inputs, { shape, dtype, node }) }
  }

  /** A large vector that is there as a whole, as the rows that the state of a training has, where rows are of use. */
  private flat(placed: Placed, { op }: Tensor<CorePrimitive>, { rank, shape, dtype }: Tensor): Placed {
    const isLarge = rank === 1 && this.domains.hasFlat(shape[0]) && !LAYOUT.has(op)
    if (!('whole' in placed) || placed.whole.op === 'constant' || !isLarge) return placed
    const pieces = this.domains
      .of(shape[0], true)
      .map(domain => this.make('rows', { from: domain.from }, [placed.whole], { shape: [1], dtype, domain }))
    return { axis: 0, per: 1, pieces }
  }

  private placedOf(node: Tensor<CorePrimitive>): Placed {
    const operands = node.inputs.map(input => this.flat(this.of(input), node, input))
    if (operands.every(placed => 'whole' in placed)) return this.asWhole(node)
    return (
      this.joined(node, operands) ??
      this.cutOut(node, operands) ??
      this.byRow(node, operands) ??
      this.asWhole(node)
    )
  }

  /** Rows after rows. */
  private joined(node: Tensor<CorePrimitive>, operands: readonly Placed[]): Placed | undefined {
    if (node.op !== 'concat') return undefined
    const { axis } = (node as Tensor<'concat'>).params
    const [first] = operands
    if ('whole' in first || first.axis !== axis) return undefined
    const fit = operands.every(each => 'pieces' in each && each.axis === axis && each.per === first.per)
    return fit ? { ...first, pieces: (operands as Rows[]).flatMap(({ pieces }) => pieces) } : undefined
  }

  /**
   * Some of the rows.
   *
   * @throws Cut where they begin or end inside of a domain
   */
  private cutOut(node: Tensor<CorePrimitive>, [placed]: readonly Placed[]): Placed | undefined {
    if (node.op !== 'slice' || 'whole' in placed) return undefined
    const { starts, ends } = (node as Tensor<'slice'>).params
    const { axis, per, pieces } = placed
    const [x] = node.inputs
    if ((starts[axis] === 0 && ends[axis] === x.shape[axis]) || pieces[0].domain!.flat) return undefined
    const taken: Item[] = []
    let at = 0
    for (const piece of pieces) {
      const domain = piece.domain!
      const end = at + domain.rows * per
      for (const bound of [starts[axis], ends[axis]]) {
        const row = (bound - at) / per
        if (bound > at && bound < end) {
          if (!Number.isInteger(row)) return undefined
          throw new Cut(domain, domain.from + row)
        }
      }
      if (at >= starts[axis] && end <= ends[axis]) taken.push(piece)
      at = end
    }
    const own = {
      starts: starts.map((start, i) => (i === axis ? 0 : start)),
      ends: ends.map((stop, i) => (i === axis ? per : stop)),
    }
    const isAll = own.ends.every((stop, i) => own.starts[i] === 0 && (i === axis || stop === x.shape[i]))
    return {
      ...placed,
      pieces: isAll
        ? taken
        : taken.map(piece =>
            this.make('slice', own, [piece], {
              shape: ofRow(node.shape, placed),
              dtype: node.dtype,
              domain: piece.domain,
              node,
            }),
          ),
    }
  }

  private byRow(node: Tensor<CorePrimitive>, operands: readonly Placed[]): Placed | undefined {
    const first = operands.find((each): each is Rows => 'pieces' in each)!
    const domains = first.pieces.map(({ domain }) => domain!)
    const same = (each: Placed) =>
      'whole' in each ||
      (each.pieces.length === domains.length && each.pieces.every(({ domain }, i) => domain === domains[i]))
    if (!operands.every(same)) return undefined
    const rows = domains.reduce((sum, each) => (each.rows === DYNAMIC ? DYNAMIC : sum + each.rows), 0)
    const rule = rowRules[node.op as keyof typeof rowRules] as RowRule<CorePrimitive>
    const axes = operands.map((each): RowAxis | undefined => ('whole' in each ? undefined : each))
    const found = rule(node, axes, rows)
    if (!found || (found.out && isStretched(node, found.out, rows))) return undefined
    const rowed = operands.map((each, i) => this.inRows(node, i, each, found, domains, rows))
    if (rowed.includes(undefined)) return undefined
    const pieces = domains.map((domain, k) => {
      const inputs = (rowed as ((k: number) => Item)[]).map(take => take(k))
      const { shape, dtype } = typeRules[node.op](inputs, found.params as never)
      return this.make(node.op, found.params as never, inputs, { shape, dtype, domain, node })
    })
    if (found.out) return { ...found.out, pieces }
    const { shape, dtype } = node
    return { whole: this.make('total', { by: found.gather! }, pieces, { shape, dtype, node }) }
  }

  /** An operand for each domain: its rows, or the whole where it has none of its own at the axis of the rows. */
  private inRows(
    node: Tensor<CorePrimitive>,
    i: number,
    placed: Placed,
    { out }: ByRow,
    domains: readonly Domain[],
    rows: number,
  ): ((k: number) => Item) | undefined {
    if ('pieces' in placed) return k => placed.pieces[k]
    const { whole } = placed
    const { shape } = node.inputs[i]
    const axis = out && isAligned(node, out) ? out.axis - node.rank + shape.length : -1
    if (axis < 0 || shape[axis] === 1) return () => whole
    const own = ofRow(shape, { axis, per: out!.per })
    const { dtype } = whole
    if (whole.op === 'constant' && typeof (whole as Item<'constant'>).params.value === 'number') {
      const constant = this.make('constant', whole.params as never, [], { shape: own, dtype })
      return () => constant
    }
    if (rows === DYNAMIC || !shape.slice(0, axis).every(n => n === 1)) return undefined
    let from = 0
    const parts = domains.map(domain => {
      const part = this.make('rows', { from }, [whole], { shape: own, dtype, domain, node: node.inputs[i] })
      from += domain.rows
      return part
    })
    return k => parts[k]
  }
}

/** Operations that only move numbers. */
const LAYOUT: ReadonlySet<CorePrimitive> = new Set<CorePrimitive>([
  ...(['reshape', 'broadcastTo', 'transpose', 'slice', 'pad', 'concat', 'gather', 'matmul'] as const),
])

const BROADCASTING: ReadonlySet<CorePrimitive> = new Set<CorePrimitive>([
  ...(['add', 'sub', 'mul', 'div', 'pow', 'maximum', 'minimum', 'less', 'lessEqual', 'equal'] as const),
  ...(['select', 'concat'] as const),
])

/** Whether a single row is stretched over more. */
const isStretched = ({ shape }: Tensor, { axis, per }: RowAxis, rows: number): boolean =>
  rows !== DYNAMIC && shape[axis] !== rows * per

/** Whether all operands have the axis of the rows, counted from the last. */
const isAligned = ({ op, rank }: Tensor<CorePrimitive>, { axis }: RowAxis): boolean =>
  BROADCASTING.has(op) || (op === 'matmul' && axis < rank - 2)

/**
 * Says of each node of a simplified graph whether it is computed row by row, and of which rows.
 *
 * @param carried  inputs in front that are no batch: the state of a training
 */
export function placeRows(graph: Graph<CorePrimitive>, carried: number): Placing {
  const domains = new Domains()
  for (;;) {
    const placer = new Placer(domains, graph, carried)
    try {
      for (const input of graph.inputs) placer.input(input)
      for (const node of graph.nodes) placer.place(node)
      return { items: placer.items, outputs: graph.outputs.map(output => placer.of(output)) }
    } catch (cut) {
      if (!(cut instanceof Cut)) throw cut
      domains.cut(cut)
    }
  }
}
