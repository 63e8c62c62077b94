import type { Tensor } from '../autodiff/index.ts'
import { type FlowMap, fromVelocity, type VelocityField } from './flow-map.ts'

const r = Math.sqrt(21)
/** The method of Cooper & Verner (1972), eighth order: each row's time, and its weights of the slopes before it. */
export const STAGES: readonly (readonly [time: number, weights: Readonly<Record<number, number>>])[] = [
  [0, {}],
  [1 / 2, { 0: 1 / 2 }],
  [1 / 2, { 0: 1 / 4, 1: 1 / 4 }],
  [(7 + r) / 14, { 0: 1 / 7, 1: (-7 - 3 * r) / 98, 2: (21 + 5 * r) / 49 }],
  [(7 + r) / 14, { 0: (11 + r) / 84, 2: (18 + 4 * r) / 63, 3: (21 - r) / 252 }],
  [1 / 2, { 0: (5 + r) / 48, 2: (9 + r) / 36, 3: (-231 + 14 * r) / 360, 4: (63 - 7 * r) / 80 }],
  [
    (7 - r) / 14,
    {
      0: (10 - r) / 42,
      2: (-432 + 92 * r) / 315,
      3: (633 - 145 * r) / 90,
      4: (-504 + 115 * r) / 70,
      5: (63 - 13 * r) / 35,
    },
  ],
  [(7 - r) / 14, { 0: 1 / 14, 4: (14 - 3 * r) / 126, 5: (13 - 3 * r) / 63, 6: 1 / 9 }],
  [
    1 / 2,
    { 0: 1 / 32, 4: (91 - 21 * r) / 576, 5: 11 / 72, 6: (-385 - 75 * r) / 1152, 7: (63 + 13 * r) / 128 },
  ],
  [
    (7 + r) / 14,
    {
      0: 1 / 14,
      4: 1 / 9,
      5: (-733 - 147 * r) / 2205,
      6: (515 + 111 * r) / 504,
      7: (-51 - 11 * r) / 56,
      8: (132 + 28 * r) / 245,
    },
  ],
  [
    1,
    {
      4: (-42 + 7 * r) / 18,
      5: (-18 + 28 * r) / 45,
      6: (-273 - 53 * r) / 72,
      7: (301 + 53 * r) / 72,
      8: (28 - 28 * r) / 45,
      9: (49 - 7 * r) / 18,
    },
  ],
]
/** Its weights of all slopes. */
export const SUM: Readonly<Record<number, number>> = {
  0: 1 / 20,
  7: 49 / 180,
  8: 16 / 45,
  9: 49 / 180,
  10: 1 / 20,
}

const weighted = (slopes: readonly Tensor[], weights: Readonly<Record<number, number>>): Tensor =>
  Object.entries(weights)
    .map(([i, weight]) => slopes[Number(i)].mul(weight))
    .reduce((sum, part) => sum.add(part))

/** The map that a Runge-Kutta method follows through a velocity: a graph, so it has derivatives. */
export function solved(field: VelocityField, steps: number): FlowMap {
  return fromVelocity((x, s, t) => {
    if (s === t) return field.velocity(x, s)
    const h = t.sub(s).div(steps)
    let y = x
    const means: Tensor[] = []
    for (let i = 0; i < steps; i++) {
      const slopes: Tensor[] = []
      for (const [time, weights] of STAGES) {
        const at = slopes.length ? y.add(h.mul(weighted(slopes, weights))) : y
        slopes.push(field.velocity(at, s.add(h.mul(i + time))))
      }
      const mean = weighted(slopes, SUM)
      y = y.add(h.mul(mean))
      means.push(mean)
    }
    return means.reduce((sum, mean) => sum.add(mean)).div(steps)
  })
}
