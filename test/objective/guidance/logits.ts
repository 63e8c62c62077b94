import {
  constant,
  evaluate,
  grad,
  spec,
  stopGradient,
  type Tensor,
  trace,
  type Value,
} from '../../../src/autodiff/index.ts'
import type { CategoricalDraw, CategoricalLoss, CategoricalMap } from '../../../src/objective/categorical.ts'
import { random } from '../../../src/random/random.ts'

/** Formulas of guided logits, which no row names: a run that is guided takes one in the place of its cross-entropy. */
export type GuidedFormulas = Pick<
  typeof import('../../../src/objective/categorical.ts'),
  'guidedCrossEntropy' | 'taughtCrossEntropy'
>

const [N, L, K] = [3, 2, 4]
const source = random(11, 'guided logits')
const normals = (count: number): number[] => Array.from({ length: count }, () => source.normal())
const column = (values: readonly number[]): Value => ({ shape: [N, 1, 1], data: Float64Array.from(values) })
const points = (values: readonly number[]): Value => ({ shape: [N, L, K], data: Float64Array.from(values) })

const hot = Array.from({ length: N * L * K }, (_, i) => (i % K === (i * 7) % 3 ? 1 : 0))
const WEIGHTS = [0.7, 1.9, -0.4]
const given = {
  theta: points(normals(N * L * K)),
  x0: points(hot),
  x: points(normals(N * L * K)),
  s: column([0.9, 0.4, 0.7]),
  t: column([0.2, 0.1, 0.3]),
  w: column([2, 1.5, 0.6]),
  k: column([0.6, 0.25, 0.1]),
}
type Given = Readonly<Record<keyof typeof given, Tensor>>

/** Logits that see the point and both times, and have parameters. */
const network =
  (theta: Tensor, a: number): CategoricalMap['logits'] =>
  (x, s, t) =>
    theta.mul(x.add(a)).add(theta.square().mul(s)).sub(theta.mul(t).mul(0.3))

interface Networks {
  readonly map: CategoricalMap
  readonly untold: CategoricalMap
  readonly own: CategoricalMap
}

const networks = (theta: Tensor): Networks => ({
  map: { logits: network(theta, 0.5) },
  untold: { logits: network(theta, -0.8) },
  own: { logits: network(theta, 1.4) },
})

/** The loss and its gradient by the parameters that all networks share. */
function found(loss: (nets: Networks, given: Given) => Tensor): number[] {
  const names = Object.keys(given) as (keyof typeof given)[]
  const total = (inputs: Given) => (theta: Tensor) =>
    loss(networks(theta), { ...inputs, theta })
      .mul(constant(WEIGHTS, [N], 'float64'))
      .sum()
  const graph = trace(
    inputs => {
      const of = total(inputs as unknown as Given)
      return [of(inputs.theta as Tensor), grad(of)(inputs.theta as Tensor)]
    },
    Object.fromEntries(names.map(name => [name, spec(given[name].shape, 'float64')])),
  )
  return evaluate(
    graph,
    names.map(name => given[name]),
  ).flatMap(({ data }) => [...data].map(Number))
}

const drawOf = ({ x0, x, s, t }: Given, map: CategoricalMap): CategoricalDraw => ({
  ...{ map, target: map, s, t, m: t },
  path: { x0, at: () => x } as unknown as CategoricalDraw['path'],
})

/** `-sum_k T log softmax y`, the mean over positions. */
const against = (target: Tensor, y: Tensor): Tensor =>
  target
    .mul(y.sub(y.exp().sum(-1, true).log()))
    .sum(-1)
    .mean(-1)
    .neg()

/** `(z - k sg[own] - (1 - w (1-k) - k) sg[z_0]) / (w (1-k))`: the logits that a guided network stands for, written out. */
const unguided = ({ map, untold, own }: Networks, { x, s, w, k }: Given, isMixed: boolean): Tensor => {
  const part = isMixed ? k : k.mul(0)
  const omega = w.mul(part.mul(-1).add(1))
  const still = stopGradient(own.logits(x, s, s)).mul(part)
  const rest = stopGradient(untold.logits(x, s, s)).mul(omega.mul(-1).add(1).sub(part))
  return map.logits(x, s, s).sub(still.add(rest)).div(omega)
}

const isSame = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < 1e-10)

/** Checks of the formulas of guided logits: values and gradients against the same written out. */
export function* guidedChecks(formulas: GuidedFormulas): Generator<[name: string, passes: boolean]> {
  const guided =
    (isMixed: boolean) =>
    (nets: Networks, inputs: Given): Tensor => {
      const { w, k } = inputs
      const mixed = isMixed ? { own: { part: k, map: nets.own } } : {}
      const loss: CategoricalLoss = formulas.guidedCrossEntropy({ scale: w, untold: nets.untold, ...mixed })
      return loss(drawOf(inputs, nets.map))
    }
  for (const isMixed of [false, true]) {
    const written = found((nets, inputs) => against(inputs.x0, unguided(nets, inputs, isMixed)))
    yield [
      isMixed ? 'guided logits with a part of their own' : 'guided logits',
      isSame(found(guided(isMixed)), written),
    ]
  }
  const told = found((nets, inputs) => {
    const loss = formulas.taughtCrossEntropy((x, s) => nets.own.logits(x, s, s).softmax())
    return loss(drawOf(inputs, nets.map))
  })
  const written = found(({ own, map }, { x, s }) =>
    against(stopGradient(own.logits(x, s, s).softmax()), map.logits(x, s, s)),
  )
  yield ['taught logits', isSame(told, written)]
}
