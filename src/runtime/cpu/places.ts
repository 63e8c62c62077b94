import { DYNAMIC } from '../../autodiff/index.ts'
import { knownSize } from '../../autodiff/primitive.ts'
import { UnplannedError } from './fallback.ts'
import type { Gather, Item, Placed } from './item.ts'
import { isInput, isThere } from './stages.ts'
import { denseStrides, denseView, isDense, type Space, type Storage, sliced, type View } from './view.ts'

/** A narrow matrix has few columns, so that products with it go along its rows. */
const NARROW = 4

/** Columns of a panel on the widest vectors. */
export const WIDEST_PANEL = 32

/** Numbers of a matrix in panels, for any width of panels. */
export const packedSize = (k: number, n: number): number =>
  n <= NARROW ? n * k : WIDEST_PANEL * Math.ceil(n / WIDEST_PANEL) * k

const params = <T>(item: Item): T => item.params as T
const sourceOf = (item: Item): Item => (item.op === 'reshape' ? sourceOf(item.inputs[0]) : item)

/** Where the numbers of items lie. What is needed elsewhere than where it would be computed is placed there from the start. */
export class Places {
  readonly memory: Storage[] = []
  readonly parts: { storage: Storage; kind: Gather }[] = []
  readonly views = new Map<Item, View>()
  /** Where items are wanted, for the first who wants them. */
  readonly targets = new Map<Item, View>()
  /** Where else they are copied to. */
  readonly copies = new Map<Item, View[]>()
  /** Of totals: where a part adds its rows up. */
  readonly partsOf = new Map<Item, View>()
  /** The totals of items. */
  readonly gathered = new Map<Item, Item[]>()
  private readonly counts: Record<Space, number> = {
    arena: 0,
    memory: 0,
    constant: 0,
    input: 0,
    output: 0,
    part: 0,
  }

  /**
   * Places what is known before there are instructions.
   *
   * @param kept  rows that a later stage needs
   * @returns outputs that are copied at the end, and to where
   */
  placeAll(used: readonly Item[], kept: Iterable<Item>, outputs: readonly Placed[]): [Item, View][] {
    for (const item of used) if (item.op === 'total') this.placeTotal(item)
    const late = this.placeOutputs(outputs)
    this.placeWholes(used)
    this.placeGradients(used)
    for (const item of kept) if (!this.targets.has(item)) this.keep(item)
    return late
  }

  viewOf(item: Item): View {
    const view = this.views.get(item)
    if (!view) throw new Error(`${item.op} ${item.id} has no place`)
    return view
  }

  /** A new place for an item. */
  placeFor(item: Item): View {
    const target = this.targets.get(item)
    if (target) return target
    const { shape, domain } = item
    return denseView(this.store(domain ? 'arena' : 'memory', knownSize(shape), domain !== undefined), shape)
  }

  store(space: Space, size: number, rowed: boolean): Storage {
    const storage = { space, index: this.counts[space]++, size, rowed }
    if (space === 'memory') this.memory.push(storage)
    return storage
  }

  /** Rows of a domain in memory. */
  private keep(item: Item): void {
    const size = knownSize(item.shape)
    const { rows } = item.domain!
    if (rows === DYNAMIC) throw new UnplannedError(`${item.op} is needed of all rows at once`)
    const { index } = this.store('memory', size * rows, false)
    this.targets.set(item, denseView({ space: 'memory', index, size, rowed: true }, item.shape))
  }

  /** Where outputs go: rows as they are computed, others at the end. */
  private placeOutputs(outputs: readonly Placed[]): [Item, View][] {
    const late: [Item, View][] = []
    outputs.forEach((placed, index) => {
      if ('whole' in placed) {
        const { shape } = placed.whole
        late.push([
          placed.whole,
          denseView({ space: 'output', index, size: knownSize(shape), rowed: false }, shape),
        ])
        return
      }
      this.placeRows('output', index, placed, (item, view) => {
        const isFirst = !this.targets.has(item) && !isThere(item) && isDense(view)
        if (isFirst) this.targets.set(item, view)
        else this.copyLater(item, view)
      })
    })
    return late
  }

  /** The places of pieces in a tensor that has them all. */
  private placeRows(
    space: Space,
    index: number,
    { axis, per, pieces }: Extract<Placed, { pieces: unknown }>,
    put: (item: Item, view: View) => void,
  ): void {
    const [{ shape: own, domain }] = pieces
    const rows = pieces.reduce((sum, piece) => sum + piece.domain!.rows, 0)
    if (own.slice(0, axis).some(n => n !== 1) && domain!.rows === DYNAMIC) {
      throw new UnplannedError('an output has the batch inside')
    }
    const shape = own.map((n, i) => (i === axis ? per * rows : n))
    const strides = denseStrides(shape)
    let at = 0
    for (const piece of pieces) {
      const storage = { space, index, size: per * strides[axis], rowed: true }
      put(piece, { storage, offset: at * per * strides[axis], shape: own, strides })
      at += piece.domain!.rows
    }
  }

  private copyLater(item: Item, view: View): void {
    this.copies.set(item, [...(this.copies.get(item) ?? []), view])
  }

  /** Where rows go that are needed as a whole. */
  private placeWholes(items: readonly Item[]): void {
    for (const item of items) {
      if (item.op !== 'whole' || this.ofInput(item)) continue
      const { shape, inputs } = item
      if (shape.includes(DYNAMIC)) throw new UnplannedError(`${item.node!.op} is needed of all rows at once`)
      const storage = this.store('memory', knownSize(shape), false)
      this.views.set(item, denseView(storage, shape))
      const { axis } = params<{ axis: number }>(item)
      const rows = inputs.reduce((sum, { domain }) => sum + domain!.rows, 0)
      const placed = { axis, per: shape[axis] / rows, pieces: inputs }
      this.placeRows('memory', storage.index, placed, (piece, view) => this.copyLater(piece, view))
    }
  }

  /** The input that a whole is all rows of. */
  ofInput(item: Item): View | undefined {
    if (!isInput(item)) return undefined
    const { index } = params<{ index: number }>(item.inputs[0])
    return denseView(
      { space: 'input', index, size: knownSize(item.shape), rowed: false, integers: item.dtype === 'int64' },
      item.shape,
    )
  }

  /** Totals that are joined into one vector, the gradient, are finished where they are in it. */
  private placeGradients(items: readonly Item[]): void {
    for (const item of items) {
      if (item.op !== 'concat' || item.domain || item.shape.length !== 1) continue
      const storage = this.store('memory', knownSize(item.shape), false)
      const all = denseView(storage, item.shape)
      this.views.set(item, all)
      let at = 0
      for (const input of item.inputs) {
        const source = sourceOf(input)
        const view = sliced(all, [at], [at + input.shape[0]])
        at += input.shape[0]
        if (source.op === 'total' && !this.targets.has(source)) {
          this.targets.set(source, { ...view, shape: source.shape, strides: denseStrides(source.shape) })
        }
      }
    }
  }

  /** A narrow matrix is gathered with its columns one after the other. */
  private placeTotal(item: Item): void {
    const kind = params<{ by: Gather }>(item).by
    const storage = this.store('part', knownSize(item.shape), false)
    this.parts.push({ storage, kind })
    const [rows, columns] = item.shape.slice(-2)
    const isNarrow = item.shape.length === 2 && columns <= NARROW && rows > NARROW
    const view = denseView(storage, item.shape)
    this.partsOf.set(item, isNarrow ? { ...view, strides: [1, rows] } : view)
    for (const input of item.inputs) this.gathered.set(input, [...(this.gathered.get(input) ?? []), item])
  }
}
