import type { PlanePoints } from '../../engine/protocol.ts'
import { arrowPath, arrowScale, near, opposite } from '../draw/arrows.ts'
import { slider } from './controls.ts'
import { greyCloud, outline } from './drawn.ts'
import type { MakeFigure } from './figure.ts'
import { data, noise, velocity } from './world.ts'

const SIDE = 17
const CELL = 0.6
const grid: PlanePoints = Float32Array.from({ length: 2 * SIDE * SIDE }, (_, i) => {
  const [cell, axis] = [i >> 1, i & 1]
  return CELL * ((axis === 0 ? cell % SIDE : Math.floor(cell / SIDE)) - (SIDE - 1) / 2)
})

/** The exact velocity as arrows, where the cloud is. */
export const tangentFigure: MakeFigure = changed => {
  let time = 0.95
  let arrows = ''
  const compute = async (): Promise<void> => {
    const asked = time
    const cloud = noise.map((value, i) => (1 - asked) * data[i] + asked * value)
    const found = opposite(await velocity(grid, Math.max(asked, 0.01)))
    if (asked !== time) return
    const close = near(grid, cloud, CELL)
    arrows = arrowPath(grid, found, arrowScale(found, CELL, close), CELL, i => close[i])
    changed()
  }
  const control = slider({ name: 'time t', from: 0, to: 1, step: 0.01, value: time }, value => {
    time = value
    void compute()
  })
  void compute()
  return {
    controls: [control.element],
    picture: () => ({
      clouds: [greyCloud(noise.map((value, i) => (1 - time) * data[i] + time * value))],
      lines: [outline(arrows, 'arrows')],
      words: `Velocity at time ${time.toFixed(2)}. Arrows point from noise to data.`,
    }),
  }
}
