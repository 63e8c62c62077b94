import { computed, type ReadonlySignal, type Signal, signal } from '@preact/signals'
import { type Brush, beginStroke, type Canvas, type CanvasPoint, type Cells } from '../../target/raster.ts'

/** Paintings that can be had back. */
const KEPT = 50

/** Something that is being painted, with the brush and where the keyboard holds it. */
export interface Painting<C extends Cells = Cells> {
  readonly canvas: Canvas
  /** With the stroke that is not yet ended. */
  readonly cells: ReadonlySignal<C>
  readonly radius: Signal<number>
  readonly strength: Signal<number>
  readonly does: Signal<Brush['does']>
  /** In cells. */
  readonly cursor: Signal<CanvasPoint>
  readonly undoable: ReadonlySignal<boolean>
  /** Begins a stroke or goes on with it. */
  paintTo(place: CanvasPoint): void
  endStroke(): void
  /** Puts other cells in place of what was there, which can be had back. */
  replace(next: C): void
  undo(): void
}

/** Where a painting is kept between its strokes. */
export interface Kept<C> {
  read(): C
  write(cells: C): void
}

export function createPainting<C extends Cells>(
  canvas: Canvas,
  { read, write }: Kept<C>,
  brush: Pick<Brush, 'radius' | 'strength'>,
): Painting<C> {
  const radius = signal(brush.radius)
  const strength = signal(brush.strength)
  const does = signal<Brush['does']>('add')
  const before = signal<readonly C[]>([])
  const fresh = signal<C | null>(null)
  const cursor = signal<CanvasPoint>([canvas.side / 2, canvas.side / 2])
  let stroke: ((to: CanvasPoint) => C) | null = null
  const replace = (next: C): void => {
    before.value = [...before.value, read()].slice(-KEPT)
    write(next)
  }
  return {
    canvas,
    cells: computed(() => fresh.value ?? read()),
    radius,
    strength,
    does,
    cursor,
    undoable: computed(() => before.value.length > 0),
    paintTo(place) {
      stroke ??= beginStroke(canvas, read(), {
        radius: radius.value,
        strength: strength.value,
        does: does.value,
      })
      fresh.value = stroke(place)
    },
    endStroke() {
      if (fresh.value) replace(fresh.value)
      fresh.value = null
      stroke = null
    },
    replace,
    undo() {
      const last = before.value.at(-1)
      if (!last) return
      before.value = before.value.slice(0, -1)
      write(last)
    },
  }
}
