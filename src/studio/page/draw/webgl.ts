import createREGL, { type Buffer, type Regl } from 'regl'
import type { Points } from '../../engine/protocol.ts'
import { type Cloud, legOf, SHOWN } from './cloud.ts'

const VERTEX = `
precision highp float;
attribute vec2 from, to;
uniform float reach, size, part;
void main() {
  gl_Position = vec4(mix(from, to, part) / reach, 0, 1);
  gl_PointSize = size;
}`

const FRAGMENT = `
precision mediump float;
uniform vec4 colour;
void main() {
  float distance = length(gl_PointCoord - 0.5);
  float inside = 1.0 - smoothstep(0.35, 0.5, distance);
  gl_FragColor = vec4(colour.rgb * colour.a, colour.a) * inside;
}`

/** Bytes of points that are kept on the graphics card. */
const KEPT = 32 << 20

/** Lists of points on the graphics card; what was not used for longest goes first. */
function pointStore(regl: Regl): (points: Points) => Buffer {
  const kept = new Map<Points, Buffer>()
  let bytes = 0
  return points => {
    const known = kept.get(points)
    const buffer = known ?? regl.buffer({ data: points, usage: 'static' })
    if (!known) bytes += points.byteLength
    kept.delete(points)
    kept.set(points, buffer)
    for (const [oldest, old] of kept) {
      if (bytes <= KEPT || oldest === points) break
      kept.delete(oldest)
      old.destroy()
      bytes -= oldest.byteLength
    }
    return buffer
  }
}

interface Drawn {
  readonly from: Buffer
  readonly to: Buffer
  readonly part: number
  readonly colour: readonly number[]
  readonly size: number
  readonly count: number
  readonly side: number
}

/** Paints clouds into a corner of its own canvas, and copies that over what a picture has. */
export interface WebGLPainter {
  paint(picture: CanvasRenderingContext2D, clouds: readonly Cloud[], progress: number): void
  destroy(): void
}

/** One draw call a cloud; a moving one is placed by the vertex shader, so that its points are sent once. */
export function webglPainter(canvas: HTMLCanvasElement, gl: WebGLRenderingContext): WebGLPainter {
  const regl = createREGL({ gl })
  const stored = pointStore(regl)
  const draw = regl<object, object, Drawn>({
    vert: VERTEX,
    frag: FRAGMENT,
    attributes: { from: regl.prop<Drawn, 'from'>('from'), to: regl.prop<Drawn, 'to'>('to') },
    uniforms: {
      colour: regl.prop<Drawn, 'colour'>('colour'),
      size: regl.prop<Drawn, 'size'>('size'),
      part: regl.prop<Drawn, 'part'>('part'),
      reach: SHOWN,
    },
    viewport: (_: unknown, { side }: Drawn) => ({ x: 0, y: 0, width: side, height: side }),
    count: regl.prop<Drawn, 'count'>('count'),
    primitive: 'points',
    depth: { enable: false },
    blend: { enable: true, func: { src: 'one', dst: 'one minus src alpha' } },
  } as never)

  return {
    paint(picture, clouds, progress) {
      const side = picture.canvas.width
      // It only grows, so that pictures of several sizes take turns without a new drawing surface each.
      if (canvas.width < side || canvas.height < side) Object.assign(canvas, { width: side, height: side })
      regl.poll()
      regl.clear({ color: [0, 0, 0, 0] })
      for (const cloud of clouds) {
        const { from, to, part } = legOf(cloud, progress)
        if (from.length === 0) continue
        const size = cloud.size * devicePixelRatio
        const count = Math.min(from.length, to.length) / 2
        draw({ from: stored(from), to: stored(to), part, colour: cloud.colour, size, count, side })
      }
      picture.drawImage(canvas, 0, canvas.height - side, side, side, 0, 0, side, side)
    },
    destroy: () => regl.destroy(),
  }
}
