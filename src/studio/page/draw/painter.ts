import { signal } from '@preact/signals'
import type { Cloud } from './cloud.ts'
import { paintPlainly } from './plain.ts'
import { type WebGLPainter, webglPainter } from './webgl.ts'

/** What points are drawn by; `lost` while the graphics card is away, when they are drawn plainly. */
export const drawnBy = signal<'webgl' | 'plain' | 'lost'>('plain')

/** A picture on the page. */
export interface Picture {
  readonly canvas: HTMLCanvasElement
  clouds: readonly Cloud[]
  progress: number
  /** A square that lies beneath all clouds. */
  under?: HTMLCanvasElement | null
  /** What lies still beneath what moves, painted once. */
  ground?: { readonly canvas: HTMLCanvasElement; readonly clouds: readonly Cloud[]; readonly by: string }
}

let painter: WebGLPainter | null = null
let started = false

/** One WebGL context for all pictures of the page: browsers allow few. */
function start(): void {
  started = true
  const canvas = document.createElement('canvas')
  const gl = canvas.getContext('webgl', { antialias: false, premultipliedAlpha: true, depth: false })
  if (!gl) return
  const begin = (): void => {
    painter = webglPainter(canvas, gl)
    drawnBy.value = 'webgl'
    repaint()
  }
  canvas.addEventListener('webglcontextlost', event => {
    // Says that it will be taken up again.
    event.preventDefault()
    painter = null
    drawnBy.value = 'lost'
    repaint()
  })
  canvas.addEventListener('webglcontextrestored', begin)
  begin()
}

const pictures = new Set<Picture>()
const due = new Set<Picture>()
let frame = 0

const paintClouds = (canvas: HTMLCanvasElement, clouds: readonly Cloud[], progress: number): void => {
  const context = canvas.getContext('2d')!
  if (painter) painter.paint(context, clouds, progress)
  else paintPlainly(context, clouds, progress)
}

/** The clouds that lie still beneath the first that moves. */
function groundOf(picture: Picture, count: number): HTMLCanvasElement {
  const { canvas, clouds, ground } = picture
  const same =
    ground?.clouds === clouds && ground.canvas.width === canvas.width && ground.by === drawnBy.value
  if (same) return ground.canvas
  const own = ground?.canvas ?? document.createElement('canvas')
  Object.assign(own, { width: canvas.width, height: canvas.height })
  paintClouds(own, clouds.slice(0, count), 1)
  picture.ground = { canvas: own, clouds, by: drawnBy.value }
  return own
}

/**
 * Paints a picture at once.
 *
 * @public for the measurement of frames
 */
export function paint(picture: Picture): void {
  if (!started) start()
  const { canvas, clouds, progress } = picture
  const pixels = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio))
  if (canvas.width !== pixels || canvas.height !== pixels)
    Object.assign(canvas, { width: pixels, height: pixels })
  const context = canvas.getContext('2d')!
  const first = clouds.findIndex(({ through }) => through && through.length > 0)
  context.clearRect(0, 0, canvas.width, canvas.height)
  if (picture.under) context.drawImage(picture.under, 0, 0, canvas.width, canvas.height)
  if (first > 0) context.drawImage(groundOf(picture, first), 0, 0)
  paintClouds(canvas, first > 0 ? clouds.slice(first) : clouds, progress)
}

/** Has a picture painted with the next frame. */
export function schedule(picture: Picture): void {
  due.add(picture)
  if (frame !== 0) return
  frame = requestAnimationFrame(() => {
    frame = 0
    const all = [...due]
    due.clear()
    for (const each of all) if (pictures.has(each)) paint(each)
  })
}

const repaint = (): void => pictures.forEach(schedule)

/** Keeps a picture painted while its size changes. @returns lets it go */
export function keep(picture: Picture): () => void {
  pictures.add(picture)
  const again = (): void => schedule(picture)
  const sizes = new ResizeObserver(again)
  sizes.observe(picture.canvas)
  // A change of the pixel ratio alone is a resize of the window.
  window.addEventListener('resize', again)
  return () => {
    pictures.delete(picture)
    sizes.disconnect()
    window.removeEventListener('resize', again)
  }
}
