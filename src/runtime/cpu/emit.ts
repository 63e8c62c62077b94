import { knownSize } from '../../autodiff/primitive.ts'
import { fused } from './fuse.ts'
import { type Elementwise, type Instruction, type Phase, type Plan, passOf } from './instruction.ts'
import type { Gather, Item } from './item.ts'
import { Places, packedSize } from './places.ts'
import type { Placing } from './placing.ts'
import { stagesOf } from './stages.ts'
import {
  denseView,
  fillsRows,
  isDense,
  reshaped,
  type Storage,
  sliced,
  stretched,
  transposed,
  type View,
} from './view.ts'

const params = <T>(item: Item): T => item.params as T

/** Longer ones would not stay in the cache while a pass goes over them. */
const LONGEST_LINE = 2048

/** Emits the instructions of a placing. */
class Emitter {
  private readonly constants: number[] = []
  private readonly panels = new Map<string, View>()
  private readonly uses = new Map<Item, number>()
  private shared: Instruction[] = []
  private code: Instruction[] = []
  private readonly places = new Places()
  private readonly placing: Placing

  constructor(placing: Placing) {
    this.placing = placing
  }

  plan(): Plan {
    const { stages, kept } = stagesOf(this.placing)
    const used = stages.flatMap(({ wholes, rows }) => [...wholes, ...[...rows.values()].flat()])
    for (const item of used)
      for (const input of item.inputs) this.uses.set(input, (this.uses.get(input) ?? 0) + 1)
    const late = this.places.placeAll(used, kept, this.placing.outputs)
    const phases: Phase[] = []
    for (const { wholes, rows } of stages) {
      const finishes = wholes.filter(({ op }) => op === 'total')
      for (const item of finishes) this.total(item)
      this.flush(phases)
      for (const item of wholes) if (!finishes.includes(item)) this.emit(item)
      const once = this.code
      this.code = []
      const byDomain = [...rows.values()].map(items => {
        for (const item of items) this.emit(item)
        const code = this.code
        this.code = []
        return { rows: items[0].domain!.rows, code }
      })
      if (once.length > 0) phases.push({ kind: 'once', instructions: once })
      this.flush(phases)
      for (const { rows: count, code } of byDomain) {
        if (code.length > 0) phases.push({ kind: 'rows', rows: count, instructions: fused(code) })
      }
    }
    for (const [item, view] of late) this.copy(this.places.viewOf(item), view)
    if (this.code.length > 0) phases.push({ kind: 'once', instructions: this.code })
    const { memory, parts } = this.places
    return { phases, constants: Float32Array.from(this.constants), memory, parts }
  }

  /** What was put aside for all threads, as a phase. */
  private flush(phases: Phase[]): void {
    if (this.shared.length > 0) phases.push({ kind: 'shared', instructions: this.shared })
    this.shared = []
  }

  private copy(from: View, to: View): void {
    const kind = from.storage.integers ? 'integers' : 'copy'
    this.code.push(passOf(kind, to, [from]))
  }

  /** Rows of a matrix `[rows, columns]`: each block of them is one, too. */
  private rowsOf(view: View): View {
    return view.shape[0] === 1 && isDense(view) && !view.storage.integers ? view : this.dense(view, true)
  }

  /** The same numbers one after the other, also from row to row. */
  private dense(view: View, domain: boolean): View {
    const isAll = view.storage.rowed ? fillsRows(view) : isDense(view)
    if (isAll && !view.storage.integers) return view
    const storage = this.places.store(domain ? 'arena' : 'memory', knownSize(view.shape), domain)
    const to = denseView(storage, view.shape)
    this.copy(view, to)
    return to
  }

  private emit(item: Item): void {
    if (this.gatherAtOnce(item)) return
    if (!this.places.views.has(item)) this.places.views.set(item, this.made(item))
    else if (item.op === 'concat') this.concat(item, this.places.viewOf(item))
    const view = this.places.viewOf(item)
    const target = this.places.targets.get(item)
    if (target && view.storage !== target.storage) {
      this.copy(view, target)
      this.places.views.set(item, target)
    }
    for (const to of this.places.copies.get(item) ?? []) this.copy(view, to)
    for (const total of this.places.gathered.get(item) ?? []) {
      const { by } = params<{ by: Gather }>(total)
      this.code.push({ op: 'accumulate', kind: by, out: this.places.partsOf.get(total)!, inputs: [view] })
    }
  }

  private constantOf({ shape, params: { value } }: Item<'constant'>): View {
    const index = this.constants.length
    const storage: Storage = {
      space: 'constant',
      index,
      size: typeof value === 'number' ? 1 : value.length,
      rowed: false,
    }
    if (typeof value === 'number') {
      this.constants.push(value)
      return { storage, offset: 0, shape, strides: shape.map(() => 0) }
    }
    for (const each of value) this.constants.push(each)
    return denseView(storage, shape)
  }

  /** Emits what makes an item, and says where it is. */
  private made(item: Item): View {
    const { op, inputs, shape, domain } = item
    const operands = () => inputs.map(input => this.places.viewOf(input))
    switch (op) {
      case 'input': {
        const { index } = params<{ index: number }>(item)
        const size = knownSize(shape)
        const storage = {
          space: 'input',
          index,
          size,
          rowed: domain !== undefined,
          integers: item.dtype === 'int64',
        } as const
        return denseView(storage, shape, domain ? domain.from * size : 0)
      }
      case 'constant':
        return this.constantOf(item as Item<'constant'>)
      case 'whole':
        return this.places.ofInput(item)!
      case 'rows': {
        const { from } = params<{ from: number }>(item)
        const { storage, offset } = this.dense(this.places.viewOf(inputs[0]), false)
        const size = knownSize(shape)
        return denseView({ ...storage, size, rowed: true }, shape, offset + from * size)
      }
      case 'total':
        throw new Error('totals are finished apart')
      case 'reshape': {
        const [x] = operands()
        return reshaped(x, shape) ?? reshaped(this.dense(x, domain !== undefined), shape)!
      }
      case 'broadcastTo':
        return stretched(operands()[0], shape)
      case 'transpose':
        return transposed(operands()[0], params<{ permutation: number[] }>(item).permutation)
      case 'slice': {
        const { starts, ends } = params<{ starts: number[]; ends: number[] }>(item)
        return sliced(operands()[0], starts, ends)
      }
      case 'cast':
        return this.cast(item)
      case 'concat': {
        const out = this.places.placeFor(item)
        this.concat(item, out)
        return out
      }
      case 'pad': {
        const { low } = params<{ low: number[] }>(item)
        const out = this.places.placeFor(item)
        this.code.push({ op: 'fill', value: 0, out })
        const [x] = operands()
        this.copy(
          x,
          sliced(
            out,
            low,
            x.shape.map((n, axis) => low[axis] + n),
          ),
        )
        return out
      }
      case 'sum':
      case 'max':
        return this.reduction(item, op)
      case 'cumsum':
        return this.cumsum(item)
      case 'softmax':
      case 'logSoftmax': {
        const out = this.places.placeFor(item)
        const x = this.dense(operands()[0], domain !== undefined)
        const n = shape.at(-1)!
        const rows = [knownSize(shape) / n, n]
        const isLog = op === 'logSoftmax'
        this.code.push({ op: 'softmax', isLog, out: reshaped(out, rows)!, inputs: [reshaped(x, rows)!] })
        return out
      }
      case 'matmul':
        return this.matmul(item)
      case 'gather':
        return this.gather(item)
      case 'scatterAdd': {
        const out = this.places.placeFor(item)
        this.code.push({ op: 'fill', value: 0, out })
        this.scatter(item, out)
        return out
      }
      default:
        return this.elementwise(item, op as Elementwise)
    }
  }

  /** The sum of a product that was just made and a row that is added to all of its rows. */
  private withBias(item: Item): View | undefined {
    const { shape, inputs } = item
    const last = this.code.at(-1)
    if (last?.op !== 'product' || last.inputs.length > 2 || this.places.targets.has(item)) return undefined
    const i = inputs.findIndex(input => this.places.views.get(input)?.storage === last.out.storage)
    const [made, added] = [inputs[i], inputs[1 - i]]
    if (!made || this.uses.get(made) !== 1 || this.places.targets.has(made) || added.domain) return undefined
    const bias = this.places.viewOf(added)
    if (knownSize(bias.shape) !== last.n || bias.shape.at(-1) !== last.n || !isDense(bias)) return undefined
    this.code[this.code.length - 1] = {
      ...last,
      inputs: [...last.inputs, reshaped(bias, [last.n])!] as never,
    }
    return reshaped(last.out, shape)
  }

  private elementwise(item: Item, kind: Elementwise): View {
    const { shape, inputs } = item
    const biased = kind === 'add' ? this.withBias(item) : undefined
    if (biased) return biased
    const out = this.places.placeFor(item)
    const views = inputs.map(input => stretched(this.floats(input), shape))
    this.code.push(passOf(kind, out, views))
    return out
  }

  /** An operand as 32-bit floats: integers are converted. */
  private floats(item: Item): View {
    const view = this.places.viewOf(item)
    return view.storage.integers ? this.dense(view, item.domain !== undefined) : view
  }

  private cast(item: Item): View {
    const [x] = item.inputs
    const view = this.floats(x)
    const kind = item.dtype === 'bool' ? 'nonzero' : item.dtype === 'int64' ? 'truncate' : undefined
    if (!kind) return view
    const out = this.places.placeFor(item)
    this.code.push(passOf(kind, out, [view]))
    return out
  }

  private concat(item: Item, out: View): void {
    const { axis } = params<{ axis: number }>(item)
    let at = 0
    for (const input of item.inputs) {
      const x = this.places.viewOf(input)
      const starts = out.shape.map((_, i) => (i === axis ? at : 0))
      const ends = out.shape.map((n, i) => (i === axis ? at + x.shape[axis] : n))
      at += x.shape[axis]
      const place = sliced(out, starts, ends)
      // What was computed in its place is there already.
      if (x.storage.index === out.storage.index && x.storage.space === 'memory' && x.offset === place.offset)
        continue
      this.copy(x, place)
    }
  }

  private reduction(item: Item, kind: Gather): View {
    const out = this.places.placeFor(item)
    const [x] = item.inputs.map(input => this.places.viewOf(input))
    if (isOfLines(x, out)) {
      this.code.push(passOf(kind === 'sum' ? 'add' : 'maximum', stretched(out, x.shape), [x], 'reduce'))
      return out
    }
    this.code.push({ op: 'fill', value: kind === 'sum' ? 0 : -Infinity, out })
    this.code.push({ op: 'accumulate', kind, out: stretched(out, x.shape), inputs: [x] })
    return out
  }

  private cumsum(item: Item): View {
    const { axis, reverse } = params<{ axis: number; reverse: boolean }>(item)
    const out = this.places.placeFor(item)
    const x = this.dense(this.places.viewOf(item.inputs[0]), item.domain !== undefined)
    const { shape } = item
    const three = [knownSize(shape.slice(0, axis)), shape[axis], knownSize(shape.slice(axis + 1))]
    this.code.push({
      op: 'cumsum',
      isReverse: reverse,
      out: reshaped(out, three)!,
      inputs: [reshaped(x, three)!],
    })
    return out
  }

  private gather(item: Item): View {
    const [table, indices] = item.inputs
    const out = this.places.placeFor(item)
    const count = knownSize(indices.shape)
    const width = knownSize(item.shape) / Math.max(1, count)
    const rows = reshaped(this.dense(this.places.viewOf(table), false), [table.shape[0], width])!
    this.code.push({
      op: 'gather',
      out: reshaped(out, [count, width])!,
      inputs: [
        rows,
        reshaped(this.dense(this.places.viewOf(indices), indices.domain !== undefined), [count])!,
      ],
    })
    return out
  }

  private scatter(item: Item, out: View): void {
    const [indices, updates] = item.inputs
    const count = knownSize(indices.shape)
    const width = knownSize(updates.shape) / Math.max(1, count)
    const rows = reshaped(out, [item.shape[0], width])!
    const [at, added] = [indices, updates].map(each =>
      this.dense(this.places.viewOf(each), each.domain !== undefined),
    )
    this.code.push({
      op: 'scatter',
      out: rows,
      inputs: [reshaped(at, [count])!, reshaped(added, [count, width])!],
    })
  }

  // products

  private matmul(item: Item): View {
    const { transposeA, transposeB } = params<{ transposeA: boolean; transposeB: boolean }>(item)
    const [a, b] = item.inputs
    const [left, right] = [
      matrix(this.places.viewOf(a), transposeA),
      matrix(this.places.viewOf(b), transposeB),
    ]
    const n = right.shape.at(-1)!
    const out = this.places.placeFor(item)
    const isWhole = !b.domain && right.shape.slice(0, -2).every(size => size === 1)
    if (isWhole && a.domain && n > 0) {
      const k = left.shape.at(-1)!
      const rows = this.rowsOf(reshaped(this.dense(left, true), [knownSize(left.shape) / k, k])!)
      const flat = reshaped(out, [rows.shape[0], n])!
      this.code.push({ op: 'product', out: flat, inputs: [rows, this.panelsOf(right, b)], n })
      return out
    }
    const outer = out.shape.slice(0, -2)
    this.code.push({
      op: 'products',
      out,
      inputs: [
        stretched(left, [...outer, ...left.shape.slice(-2)]),
        stretched(right, [...outer, ...right.shape.slice(-2)]),
      ],
    })
    return out
  }

  /** A matrix `[k, n]` in panels: once for all who multiply by it. */
  private panelsOf(view: View, of: Item): View {
    const { storage, offset } = view
    const [k, n] = view.shape.slice(-2)
    const [rowStride, columnStride] = view.strides.slice(-2)
    const key = [storage.space, storage.index, offset, k, n, rowStride, columnStride, of.domain?.id].join()
    const known = this.panels.get(key)
    if (known) return known
    const packed = denseView(this.places.store('memory', packedSize(k, n), false), [packedSize(k, n)])
    const flat = { storage, offset, shape: [k, n], strides: [rowStride, columnStride] }
    this.shared.push({ op: 'pack', out: packed, inputs: [flat] })
    this.panels.set(key, packed)
    return packed
  }

  /** The end of a total: its parts together. */
  private total(item: Item): void {
    const out = this.places.placeFor(item)
    this.places.views.set(item, out)
    const kind = params<{ by: Gather }>(item).by
    this.shared.push({ op: 'finish', kind, out, inputs: [this.places.partsOf.get(item)!] })
  }

  /** Adds rows to their total without computing them apart, where that is possible. */
  private gatherAtOnce(item: Item): boolean {
    const totals = this.places.gathered.get(item)
    if (totals?.length !== 1 || this.uses.get(item) !== 1) return false
    if (this.places.targets.has(item) || this.places.copies.has(item)) return false
    const part = this.places.partsOf.get(totals[0])!
    const { by } = params<{ by: Gather }>(totals[0])
    const [first, second] = item.inputs
    if (item.op === 'sum' && by === 'sum') {
      const x = this.places.viewOf(first)
      this.code.push({ op: 'accumulate', kind: 'sum', out: stretched(part, x.shape), inputs: [x] })
      return true
    }
    if (item.op === 'scatterAdd') {
      this.scatter(item, part)
      return true
    }
    if (item.op !== 'matmul') return false
    const { transposeA, transposeB } = params<{ transposeA: boolean; transposeB: boolean }>(item)
    if (!transposeA || transposeB || item.shape.length !== 2 || !first.domain || !second.domain) return false
    const [a, b] = [first, second].map(each => this.rowsOf(this.places.viewOf(each)))
    const isNarrow = part.strides[1] !== 1 && part.shape[1] !== 1
    if (isNarrow) this.code.push({ op: 'outer', out: transposed(part, [1, 0]), inputs: [b, a] })
    else this.code.push({ op: 'outer', out: part, inputs: [a, b] })
    return true
  }
}

/** Whether a reduction is over the last axis alone, of lines that a pass holds. */
function isOfLines({ shape, storage }: View, { shape: reduced }: View): boolean {
  const n = shape.at(-1) ?? 1
  return (
    !storage.integers &&
    n > 1 &&
    n <= LONGEST_LINE &&
    reduced.length === shape.length &&
    reduced.at(-1) === 1 &&
    reduced.slice(0, -1).every((size, axis) => size === shape[axis])
  )
}

const matrix = (view: View, isTransposed: boolean): View => {
  if (!isTransposed) return view
  const axes = view.shape.map((_, i) => i)
  const [row, column] = [axes.length - 2, axes.length - 1]
  return transposed(view, [...axes.slice(0, -2), column, row])
}

export const planOf = (placing: Placing): Plan => new Emitter(placing).plan()
