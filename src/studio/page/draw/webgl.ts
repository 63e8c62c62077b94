import type { PlanePoints } from '../../engine/protocol.ts'
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
function pointStore(gl: WebGLRenderingContext): (points: PlanePoints) => WebGLBuffer {
  const kept = new Map<PlanePoints, WebGLBuffer>()
  let bytes = 0
  const put = (points: PlanePoints): WebGLBuffer => {
    const buffer = gl.createBuffer()!
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer)
    gl.bufferData(gl.ARRAY_BUFFER, points, gl.STATIC_DRAW)
    bytes += points.byteLength
    return buffer
  }
  return points => {
    const buffer = kept.get(points) ?? put(points)
    kept.delete(points)
    kept.set(points, buffer)
    for (const [oldest, old] of kept) {
      if (bytes <= KEPT || oldest === points) break
      kept.delete(oldest)
      gl.deleteBuffer(old)
      bytes -= oldest.byteLength
    }
    return buffer
  }
}

/** @throws Error when the graphics card's compiler refuses */
function programOf(gl: WebGLRenderingContext): WebGLProgram {
  const program = gl.createProgram()!
  for (const [type, source] of [
    [gl.VERTEX_SHADER, VERTEX],
    [gl.FRAGMENT_SHADER, FRAGMENT],
  ] as const) {
    const shader = gl.createShader(type)!
    gl.shaderSource(shader, source)
    gl.compileShader(shader)
    gl.attachShader(program, shader)
  }
  gl.linkProgram(program)
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(gl.getProgramInfoLog(program) ?? 'the shaders do not link')
  }
  return program
}

/** Paints clouds into a corner of its own canvas, and copies that over what a picture has. */
export interface WebGLPainter {
  paint(picture: CanvasRenderingContext2D, clouds: readonly Cloud[], progress: number): void
}

/**
 * One draw call a cloud; a moving one is placed by the vertex shader, so that its points are sent once. Plain WebGL: a
 * library that writes code at run time is not allowed by the policy that the page is served with.
 */
export function webglPainter(canvas: HTMLCanvasElement, gl: WebGLRenderingContext): WebGLPainter {
  const program = programOf(gl)
  const stored = pointStore(gl)
  const [from, to] = ['from', 'to'].map(name => gl.getAttribLocation(program, name))
  const uniform = (name: string): WebGLUniformLocation | null => gl.getUniformLocation(program, name)
  const [reach, size, part, colour] = ['reach', 'size', 'part', 'colour'].map(uniform)
  gl.useProgram(program)
  gl.uniform1f(reach, SHOWN)
  gl.disable(gl.DEPTH_TEST)
  gl.enable(gl.BLEND)
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA)
  gl.clearColor(0, 0, 0, 0)

  const feed = (attribute: number, points: PlanePoints): void => {
    gl.bindBuffer(gl.ARRAY_BUFFER, stored(points))
    gl.enableVertexAttribArray(attribute)
    gl.vertexAttribPointer(attribute, 2, gl.FLOAT, false, 0, 0)
  }

  return {
    paint(picture, clouds, progress) {
      const side = picture.canvas.width
      // It only grows, so that pictures of several sizes take turns without a new drawing surface each.
      if (canvas.width < side || canvas.height < side) Object.assign(canvas, { width: side, height: side })
      gl.viewport(0, 0, side, side)
      gl.clear(gl.COLOR_BUFFER_BIT)
      for (const cloud of clouds) {
        const leg = legOf(cloud, progress)
        if (leg.from.length === 0) continue
        feed(from, leg.from)
        feed(to, leg.to)
        gl.uniform1f(part, leg.part)
        gl.uniform1f(size, cloud.size * devicePixelRatio)
        gl.uniform4fv(colour, cloud.colour as Iterable<number>)
        gl.drawArrays(gl.POINTS, 0, Math.min(leg.from.length, leg.to.length) / 2)
      }
      picture.drawImage(canvas, 0, canvas.height - side, side, side, 0, 0, side, side)
    },
  }
}
