import type { PlanePoints } from '../../engine/protocol.ts'
import { heldPlace } from '../draw/held.ts'
import { dot, lineThrough } from '../draw/svg.ts'
import { greyCloud, pointAt } from './drawn.ts'
import type { MakeFigure, Point } from './figure.ts'
import { carried, data, jump, noise } from './world.ts'

const TIMES = Array.from({ length: 41 }, (_, i) => 1 - i / 40)

/** One point of noise: its exact path, and its jump by the trained map. */
export const integralFigure: MakeFigure = changed => {
  let at: Point = [-0.9, 1.2]
  let found: { readonly from: Point; readonly path: readonly Point[]; readonly end: Point } | null = null
  const move = (to: Point): void => {
    at = heldPlace(to)
    changed()
    void compute()
  }
  const compute = async (): Promise<void> => {
    const from = at
    const start: PlanePoints = Float32Array.from(from)
    const [path, end] = [await carried(start, TIMES), await jump(start, 1, 0)]
    if (from !== at) return
    found = { from, path: path.map(points => pointAt(points, 0)), end: pointAt(end, 0) }
    changed()
  }
  void compute()
  return {
    controls: [],
    picture() {
      const clouds = [greyCloud(data), greyCloud(noise)]
      if (!found) return { clouds, words: '', held: { at, name: 'A point of noise', move } }
      const { from, path, end } = found
      const truth = path.at(-1)!
      const apart = Math.hypot(end[0] - truth[0], end[1] - truth[1])
      return {
        clouds,
        lines: [
          lineThrough(path, 'dashed'),
          lineThrough([from, end], 'own'),
          dot(truth, 'truth'),
          dot(end, 'own'),
        ],
        words: `The jump ends ${apart.toFixed(2)} away from the end of the path.`,
        held: { at, name: 'A point of noise', move },
      }
    },
  }
}
