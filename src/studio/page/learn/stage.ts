import { SHOWN } from '../draw/cloud.ts'
import { movedByKey } from '../draw/held.ts'
import { keep, type Picture as Painted, schedule } from '../draw/painter.ts'
import { svgElement } from '../draw/svg.ts'
import type { Picture, Point } from './figure.ts'

/** The square that stays in sight, with what figures draw on it. */
export class Stage {
  private readonly painted: Painted
  private readonly lines = svgElement('svg', {
    viewBox: `${-SHOWN} ${-SHOWN} ${2 * SHOWN} ${2 * SHOWN}`,
    'aria-hidden': 'true',
  })
  private readonly handle = Object.assign(document.createElement('button'), {
    type: 'button',
    className: 'handle',
    hidden: true,
  })
  private readonly caption = Object.assign(document.createElement('p'), { className: 'words' })
  private held: Picture['held']

  constructor(place: HTMLElement) {
    const canvas = Object.assign(document.createElement('canvas'), { role: 'img' })
    this.painted = { canvas, clouds: [], progress: 1 }
    const square = Object.assign(document.createElement('div'), { className: 'square' })
    square.append(canvas, this.lines, this.handle)
    this.caption.setAttribute('role', 'status')
    place.append(square, this.caption)
    keep(this.painted)
    this.handle.addEventListener('pointerdown', event => this.handle.setPointerCapture(event.pointerId))
    this.handle.addEventListener('pointermove', event => {
      if (!this.handle.hasPointerCapture(event.pointerId)) return
      const { left, top, width } = square.getBoundingClientRect()
      const unit = (2 * SHOWN) / width
      this.move([(event.clientX - left) * unit - SHOWN, SHOWN - (event.clientY - top) * unit])
    })
    this.handle.addEventListener('keydown', event => {
      const next = this.held && movedByKey(event.key, this.held.at)
      if (!next) return
      event.preventDefault()
      this.move(next)
    })
  }

  private move(to: Point): void {
    this.held?.move(to)
  }

  show({ clouds, progress = 1, lines = [], words, held }: Picture): void {
    Object.assign(this.painted, { clouds, progress })
    this.painted.canvas.ariaLabel = words
    schedule(this.painted)
    this.lines.replaceChildren(...lines)
    if (this.caption.textContent !== words) this.caption.textContent = words
    this.held = held
    this.handle.hidden = !held
    if (!held) return
    const [x, y] = held.at
    const percent = (value: number): string => `${(50 * (1 + value / SHOWN)).toFixed(3)}%`
    Object.assign(this.handle.style, { left: percent(x), top: percent(-y) })
    this.handle.ariaLabel = `${held.name} at ${x.toFixed(1)}, ${y.toFixed(1)}; drag it, or move it with the arrow keys. ${words}`
  }
}
