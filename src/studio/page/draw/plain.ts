import { type Cloud, legOf, SHOWN } from './cloud.ts'

/** Above it a point is a square, which is several times faster than a disc. */
const ROUND = 5000

/** Paints clouds over what a picture has, without WebGL. */
export function paintPlainly(
  picture: CanvasRenderingContext2D,
  clouds: readonly Cloud[],
  progress: number,
): void {
  const side = picture.canvas.width
  for (const cloud of clouds) {
    const { from, to, part } = legOf(cloud, progress)
    const [red, green, blue, opacity] = cloud.colour
    const radius = 0.43 * cloud.size * devicePixelRatio
    picture.fillStyle = `rgb(${255 * red} ${255 * green} ${255 * blue} / ${opacity})`
    for (let i = 0; i < Math.min(from.length, to.length); i += 2) {
      const x = side * (0.5 + (from[i] + part * (to[i] - from[i])) / (2 * SHOWN))
      const y = side * (0.5 - (from[i + 1] + part * (to[i + 1] - from[i + 1])) / (2 * SHOWN))
      if (from.length > 2 * ROUND) picture.fillRect(x - radius, y - radius, 2 * radius, 2 * radius)
      else {
        picture.beginPath()
        picture.arc(x, y, radius, 0, 2 * Math.PI)
        picture.fill()
      }
    }
  }
}
