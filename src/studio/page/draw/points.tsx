import { useEffect, useRef } from 'preact/hooks'
import createREGL, { type Regl } from 'regl'
import type { Points } from '../../engine/protocol.ts'
import { REACH } from '../../engine/target.ts'

/** A cloud of points. */
export interface Cloud {
  readonly points: Points
  /** Red, green, blue and opacity, 0 to 1. */
  readonly colour: readonly [number, number, number, number]
  /** Diameter in CSS pixels. */
  readonly size: number
}

const VERTEX = `
precision highp float;
attribute vec2 position;
uniform float reach, size;
void main() {
  gl_Position = vec4(position / reach, 0, 1);
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

/** Half the side of the square that is shown; a little more than what can be drawn on. */
export const SHOWN = REACH * 1.25

/** A square of clouds, drawn by WebGL; what it shows is said by `label`. */
export function PointsCanvas({ clouds, label }: { clouds: readonly Cloud[]; label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const paint = useRef<((clouds: readonly Cloud[]) => void) | null>(null)
  useEffect(() => {
    const regl: Regl = createREGL({
      canvas: canvas.current!,
      attributes: { antialias: true, alpha: true, premultipliedAlpha: true, preserveDrawingBuffer: true },
    })
    const position = regl.buffer({ usage: 'stream', type: 'float' })
    const draw = regl({
      vert: VERTEX,
      frag: FRAGMENT,
      attributes: { position },
      uniforms: {
        colour: regl.prop<{ colour: number[] }, 'colour'>('colour'),
        size: regl.prop<{ size: number }, 'size'>('size'),
        reach: SHOWN,
      },
      count: regl.prop<{ count: number }, 'count'>('count'),
      primitive: 'points',
      depth: { enable: false },
      blend: { enable: true, func: { src: 'one', dst: 'one minus src alpha' } },
    })
    paint.current = all => {
      const { clientWidth } = canvas.current!
      const pixels = Math.round(clientWidth * devicePixelRatio)
      if (canvas.current!.width !== pixels) Object.assign(canvas.current!, { width: pixels, height: pixels })
      regl.poll()
      regl.clear({ color: [0, 0, 0, 0], depth: 1 })
      for (const { points, colour, size } of all) {
        if (points.length === 0) continue
        position(points)
        draw({ colour, size: size * devicePixelRatio, count: points.length / 2 })
      }
    }
    return () => {
      paint.current = null
      regl.destroy()
    }
  }, [])
  useEffect(() => {
    const frame = requestAnimationFrame(() => paint.current?.(clouds))
    return () => cancelAnimationFrame(frame)
  }, [clouds])
  return <canvas ref={canvas} class="points" role="img" aria-label={label} />
}
