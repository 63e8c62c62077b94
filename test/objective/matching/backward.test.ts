import { expect, test } from 'vitest'
import { evaluate, simplify, type Tensor, trace } from '../../../src/autodiff/index.ts'
import { type FlowMap, noisePath } from '../../../src/model/index.ts'
import type { Draw } from '../../../src/objective/index.ts'
import { simulated } from '../../../src/objective/matching/backward.ts'
import { tensor } from './affine-world.ts'

const EPS = [
  [0.3, -1.2],
  [0.8, 0.1],
  [-0.5, 0.7],
]
const NOISE = [
  [1.1, 0.2],
  [-0.4, 0.9],
  [0.6, -0.3],
]
const TIMES = [0.6, 0.3]

/** `F(x, s, 0) = (1 + s) x + 2 s` */
const jumped = (x: number, s: number): number => (1 + s) * x + 2 * s
const map: FlowMap = {
  velocity: x => x,
  jump: (x, s) => x.mul(s.add(1)).add(s.mul(2)),
}

/** Where a sample begins, and its time: one that lies in the part `k` of [0, 1]. */
function started(k: number): { z: number[][]; at: number } {
  const at = [1, ...TIMES][k]
  let z = EPS
  for (let step = 0; step < k; step++) {
    const s = [1, ...TIMES][step]
    const next = TIMES[step]
    // The noise of the sample as many places on.
    z = z.map((row, i) => row.map((x, c) => (1 - next) * jumped(x, s) + next * NOISE[(i + step) % 3][c]))
  }
  return { z, at }
}

test.each([0, 1, 2])('a sample whose time lies in part %d of three begins where sampling would be', k => {
  const s = tensor(EPS.map(() => [(k + 0.5) / 3]))
  const draw = { map, path: noisePath(tensor(EPS)), s, noise2: tensor(NOISE) } as unknown as Draw
  let found: Tensor | undefined
  const graph = simplify(
    trace(() => {
      simulated(TIMES, inner => {
        found = inner.map.jump(inner.path.eps, s.mul(0).add(1), s.mul(0))
        return found.sum([1])
      })(draw)
      return found!
    }, {}),
  )
  const { z, at } = started(k)
  const [value] = evaluate(graph, [])
  expect([...value.data].map(Number)).toEqual(z.flat().map(x => expect.closeTo(jumped(x, at), 10)))
})
