import { constant, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { type FlowMap, fromVelocity, type Path, type Space } from '../../src/model/index.ts'
import { sphere } from '../../src/model/spaces/sphere.ts'
import { type Draw, type Loss, objectives, traitsOf } from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { value, valuesOf } from '../autodiff/values.ts'
import { column, drawOf } from './setting.ts'
import type { Term } from './terms.ts'

export const SIZE = 5
const source = random(1, 'points of a sphere')
const points = (): Value => {
  const data = new Float32Array(SIZE * 3)
  sphere.noise.draw(source, data, 3)
  const exact = Float64Array.from(data)
  for (let i = 0; i < SIZE; i++) {
    const row = exact.subarray(3 * i, 3 * i + 3)
    const size = Math.hypot(...row)
    for (let k = 0; k < 3; k++) row[k] /= size
  }
  return value([...exact], [SIZE, 3])
}
const times = [
  column(1, 0.95, 0.8, 0.6, 0.5),
  column(0.1, 0.2, 0.1, 0.05, 0.3),
  column(0.3, 0.75, 0.25, 0.4, 0.35),
]
/** What a formula draws on the sphere. */
export const inputs = [points(), points(), ...times, points(), column(0.9, 0.15, 0.35, 0.7, 0.45)]

export const matrix = (rows: readonly number[]) => constant(rows, [3, 3], 'float64')

const [SPEED, AXIS] = [0.9, [2 / 3, -1 / 3, 2 / 3]]
const [p, q, r] = AXIS
/** `x K = axis x x` for rows `x`. */
const K = [0, r, -q, -r, 0, p, q, -p, 0]
const turned = (x: Tensor, by: Tensor): Tensor => {
  const kx = x.matmul(matrix(K))
  const phase = by.mul(SPEED)
  return x.add(phase.sin().mul(kx)).add(
    phase
      .cos()
      .neg()
      .add(1)
      .mul(kx.matmul(matrix(K))),
  )
}
const spin = (x: Tensor): Tensor => x.matmul(matrix(K)).mul(SPEED)

/** The exact flow map of a rotation of the sphere. */
const rotation: FlowMap = fromVelocity(
  (x, s, t) => (s === t ? spin(x) : sphere.difference(x, turned(x, t.sub(s))).div(t.sub(s))),
  sphere,
)

/** The trajectory that is at `x0` at time 0. */
const trajectory = ({ x0 }: Path): Path => ({
  x0,
  eps: turned(x0, x0.sum(-1, true).mul(0).add(1)),
  at: t => turned(x0, t),
  velocity: t => spin(turned(x0, t)),
  onward: (_, m) => turned(x0, m),
})

export type Roles = Pick<Draw, 'map' | 'target' | 'frozen' | 'teacher' | 'pretrained' | 'auxiliary'>

export const everyone = (map: FlowMap): Roles => ({
  map,
  target: map,
  frozen: map,
  teacher: map,
  pretrained: map,
  auxiliary: map,
})

/** A formula at the exact flow map of a rotation, along its trajectories: the size of each sample's loss. */
export function lossOfRotation(loss: Loss, space: Space = sphere): number[] {
  const roles = {
    ...everyone(rotation),
    space,
    path: (_s: Tensor, _t: Tensor, path: Path) => trajectory(path),
  }
  return [...valuesOf((...given) => loss(drawOf(roles, given)), ...inputs)[0].data].map(Math.abs)
}

/** Formulas that are right up to a step of a solver, or on purpose not the flow's, or are not 0 where they are least. */
const NOT_EXACT = /^(emd-discrete|lmd-discrete|cd|ctm|soflow|itm|dmf)\b/

/** Whether a term is zero at the exact flow map of a rotation of the sphere. */
export const holdsOnSphere = ({ key, id, options }: Term): boolean =>
  traitsOf(objectives.get(id)!, options).curved === true && !NOT_EXACT.test(key)
