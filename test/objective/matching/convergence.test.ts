import { describe, expect } from 'vitest'
import { type Draw, dmd, type Loss } from '../../../src/objective/index.ts'
import { sid } from '../../../src/objective/matching/score.ts'
import { long } from '../../helpers/long.ts'
import { AWAY, drawAt, expectationOf, MU, product, S, transposed } from './affine-world.ts'

const TIMES = [0.2, 0.5, 0.8]
const STEPS = 900

/** Adam with a cosine from 0.02, on exact gradients at one time after another; the scores are exact and follow. */
function trained(loss: Loss): { covariance: number[][]; mean: number[] } {
  const gradients = TIMES.map(r => expectationOf(generator => loss(drawAt(generator, r))))
  let x = [...AWAY.A.flat(), ...AWAY.b]
  let [first, second] = [x.map(() => 0), x.map(() => 0)]
  for (let step = 1; step <= STEPS; step++) {
    const at = { A: [x.slice(0, 2), x.slice(2, 4)], b: x.slice(4) }
    const found = gradients[step % TIMES.length](at)
    const g = [...found.A.flat(), ...found.b]
    first = first.map((m, i) => 0.9 * m + 0.1 * g[i])
    second = second.map((v, i) => 0.99 * v + 0.01 * g[i] ** 2)
    const rate = 0.02 * 0.5 * (1 + Math.cos((Math.PI * step) / STEPS))
    x = x.map((v, i) => {
      const [m, s] = [first[i] / (1 - 0.9 ** step), second[i] / (1 - 0.99 ** step)]
      return v - (rate * m) / (Math.sqrt(s) + 1e-12)
    })
  }
  const A = [x.slice(0, 2), x.slice(2, 4)]
  return { covariance: product(A, transposed(A)), mean: x.slice(4) }
}

const distance = ({ covariance, mean }: ReturnType<typeof trained>): number =>
  Math.max(
    ...covariance.flatMap((row, i) => row.map((x, j) => Math.abs(x - S[i][j]))),
    ...mean.map((x, i) => Math.abs(x - MU[i])),
  )

describe('from a wrong start', () => {
  const rows: [string, Loss][] = [
    ['dmd with the weight kl', dmd('kl')],
    ['dmd with the published weight', dmd('published')],
    ...[0.5, 1, 1.2].map((alpha): [string, Loss] => [`sid with alpha ${alpha}`, sid(alpha)]),
  ]
  for (const [name, loss] of rows) {
    long(`${name} ends at the data`, () => expect(distance(trained(loss))).toBeLessThan(1e-4), 120_000)
  }

  long(
    'without a fake score the spread dies',
    () => {
      const alone: Loss = draw => {
        const { map, path, s, t, r } = draw
        const one: Draw = { ...draw, players: { fake: z => z.sub(map.jump(path.eps, s, t)).div(r) } }
        return dmd('none')(one)
      }
      const { covariance } = trained(alone)
      expect(Math.max(...covariance.flat().map(Math.abs))).toBeLessThan(0.01)
    },
    120_000,
  )
})
