import { describe, expect, test } from 'vitest'
import { concat, constant, jvp, onesLike, stopGradient, type Tensor } from '../../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity, type Path } from '../../../src/model/index.ts'
import { blocksNamed, spaceNamed } from '../../../src/model/spaces/table.ts'
import type { Draw, Loss } from '../../../src/objective/index.ts'
import { random } from '../../../src/random/random.ts'
import { value, valuesOf } from '../../autodiff/values.ts'
import { drawOf } from '../../objective/setting.ts'
import { lossOfRow } from '../../objective/terms.ts'
import { drawPoints, onSpace } from './points.ts'

// Flows whose maps are known, in each space: what all rows that hold in a curved one are zero at.

const N = 5
const row = (rows: readonly (readonly number[])[]) => rows
const matrixOf = (rows: readonly (readonly number[])[], like: Tensor) =>
  constant(rows.flat(), [rows.length, rows[0].length], like.dtype)
const sinh = (a: Tensor) => a.exp().sub(a.neg().exp()).div(2)
const cosh = (a: Tensor) => a.exp().add(a.neg().exp()).div(2)

/** `e^(a K)` about a unit axis, of rows `[B, 3]`. */
function turned(x: Tensor, angle: Tensor, [p, q, r]: readonly number[]): Tensor {
  const K = matrixOf(
    row([
      [0, r, -q],
      [-r, 0, p],
      [q, -p, 0],
    ]),
    x,
  )
  const kx = x.matmul(K)
  return x.add(angle.sin().mul(kx)).add(angle.cos().neg().add(1).mul(kx.matmul(K)))
}

type Flow = (x: Tensor, by: Tensor) => Tensor
const AXIS = [2 / 3, -1 / 3, 2 / 3]

const curvedFlows: Readonly<Record<string, { readonly coordinates: number; readonly flow: Flow }>> = {
  // A rotation and a boost towards its axis: loxodromes, which no isometry has.
  sphere: {
    coordinates: 3,
    flow: (x, by) => {
      const y = turned(x, by.mul(0.8), AXIS)
      const e = constant(AXIS, [1, 3], x.dtype)
      const c = y.mul(e).sum(-1, true)
      const b = by.mul(0.7)
      const up = sinh(b).add(cosh(b).sub(1).mul(c))
      return y.add(up.mul(e)).div(cosh(b).add(c.mul(sinh(b))))
    },
  },
  // `tan(theta/2)` grows by a factor, at another rate for each angle.
  torus: {
    coordinates: 2,
    flow: (x, by) => {
      const rates = constant([0.9, -0.6], [1, 2], x.dtype)
      const half = x.div(2)
      return half.sin().div(half.cos()).mul(by.mul(rates).exp()).atan().mul(2)
    },
  },
  // Rotations from both sides.
  rotations: {
    coordinates: 9,
    flow: (x, by) => {
      const rows = [0, 1, 2].map(i => turned(x.slice(-1, 3 * i, 3 * i + 3), by.mul(0.7), AXIS))
      const R = concat(rows, -1)
      const columns = [0, 1, 2].map(j =>
        turned(
          concat(
            [0, 1, 2].map(i => R.slice(-1, 3 * i + j, 3 * i + j + 1)),
            -1,
          ),
          by.mul(-0.5),
          [0, 0.6, 0.8],
        ),
      )
      return concat(
        [0, 1, 2].flatMap(i => columns.map(column => column.slice(-1, i, i + 1))),
        -1,
      )
    },
  },
  // A boost and a rotation of what lies across it.
  hyperbolic: {
    coordinates: 4,
    flow: (x, by) => {
      const [a, b, c, d] = [0, 1, 2, 3].map(i => x.slice(-1, i, i + 1))
      const [boost, angle] = [by.mul(0.6), by.mul(0.9)]
      return concat(
        [
          ...[cosh(boost).mul(a).add(sinh(boost).mul(b)), sinh(boost).mul(a).add(cosh(boost).mul(b))],
          ...[angle.cos().mul(c).sub(angle.sin().mul(d)), angle.sin().mul(c).add(angle.cos().mul(d))],
        ],
        -1,
      )
    },
  },
}

const PRODUCT = 'sphere(3) x torus(2) x rotations x hyperbolic(4) x flat(2)'

/** Each block by its own flow; flat space by one that is no straight line. */
const productFlow: Flow = (x, by) => {
  let from = 0
  const parts = blocksNamed(PRODUCT)!.map(({ name, size }) => {
    from += size
    const part = x.slice(-1, from - size, from)
    return name === 'flat' ? part.add(2).mul(by.mul(0.5).exp()).sub(2) : curvedFlows[name].flow(part, by)
  })
  return concat(parts, -1)
}

const flows = { ...curvedFlows, [PRODUCT]: { coordinates: 20, flow: productFlow } }

const times = [
  [0.95, 0.8, 0.6, 0.5, 0.9],
  [0.2, 0.1, 0.05, 0.3, 0.15],
  [0.6, 0.4, 0.3, 0.4, 0.5],
].map(all => value(all, [N, 1]))

describe.each(Object.entries(flows))('%s', (name, { coordinates: D, flow }) => {
  const space = spaceNamed(name)!
  const { geometry } = space
  const source = random(4, name)
  /** Half way back to the first, so that no jump comes near the cut locus. */
  const points = () =>
    valuesOf(
      x => {
        const first = x.slice(0, 0, 1).broadcastTo([N, D])
        return onSpace(name, geometry.exp(first, geometry.log(first, x).mul(0.5)))
      },
      drawPoints(name, source, N, D),
    )[0]
  const [x0, eps, noise] = [points(), points(), points()]

  const clockOf = (x: Tensor) => x.slice(-1, 0, 1).mul(0)
  const slope = (x: Tensor): Tensor => {
    const zero = clockOf(x)
    return jvp(by => flow(x, by), [zero], [onesLike(zero)])[1]
  }
  const exact: FlowMap = fromVelocity(
    (x, s, t) => (s === t ? slope(x) : space.difference(x, flow(x, t.sub(s))).div(t.sub(s))),
    space,
  )
  /** Off by a tenth of a field that is no constant. */
  const bent: FlowMap = fromVelocity(
    (x, s, t) => exact.velocity(x, s, t).add(geometry.tangent(x, x.add(1).sin()).mul(s.add(t)).mul(0.1)),
    space,
  )
  const along = ({ x0 }: Path): Path => ({
    x0,
    eps: flow(x0, clockOf(x0).add(1)),
    at: t => flow(x0, t),
    velocity: t => slope(flow(x0, t)),
    onward: (_, m) => flow(x0, m),
  })
  function sizeOf(loss: Loss, map: FlowMap): number {
    const roles = {
      ...{ map, target: map, frozen: map, teacher: exact, pretrained: exact, auxiliary: map, space },
      path: (_s: Tensor, _t: Tensor, path: Path) => along(path),
    }
    const zeros = value(new Array(N).fill(0.5), [N, 1])
    const [losses] = valuesOf(
      (...given: Tensor[]) => loss(drawOf(roles, given)),
      ...[x0, eps, ...times, noise, zeros],
    )
    return Math.max(...[...losses.data].map(Number).map(Math.abs))
  }

  const ROWS: readonly (readonly [string, object])[] = [
    ...(['flow-matching', 'lsd', 'esd', 'psd', 'meanflow', 'lmd', 'emd', 'ayf-emd'] as const).map(
      id => [id, {}] as const,
    ),
    ['esd', { spatialGradient: true }],
    ['psd', { space: 'velocity' }],
    ['splitmeanflow', {}],
    ['ayf-lmd', {}],
    ['rmf-self', {}],
    ['lmf-inverse', {}],
  ]
  test.each(ROWS)('%s %o is zero at the exact map, and not beside it', (id, options) => {
    const loss = id === 'flow-matching' ? flowMatching : lossOfRow(id, options)
    expect(sizeOf(loss, exact)).toBeLessThan(1e-20)
    expect(sizeOf(loss, bent)).toBeGreaterThan(1e-5)
  })

  test('a projection in the place of the differential is seen, and so is a flat formula', () => {
    const projected: Loss = ({ map, target, path, s, t, error }) => {
      const x = path.at(s)
      const u = stopGradient(target.velocity(x, s))
      const [F, dF] = jvp(s => map.jump(x, s, t), [s], [onesLike(s)])
      return error(dF, geometry.tangent(F, u).neg())
    }
    const plain: Loss = ({ map, path, s, t, error }) => {
      const x = path.at(s)
      const u = path.velocity(s)
      const [V, dV] = jvp((x, s) => map.velocity(x, s, t), [x, s], [u, onesLike(s)])
      return error(V, stopGradient(u.add(t.sub(s).mul(geometry.tangent(x, dV)))))
    }
    expect(sizeOf(projected, exact)).toBeGreaterThan(1e-3)
    if (name === 'torus') expect(sizeOf(plain, exact)).toBeLessThan(1e-20)
    else expect(sizeOf(plain, exact)).toBeGreaterThan(1e-6)
  })
})

const flowMatching: Loss = ({ map, path, s, error }: Draw) =>
  error(map.velocity(path.at(s), s), path.velocity(s))
