import { constant, type Tensor, type Value } from '../../src/autodiff/index.ts'
import {
  applyMlp,
  type FlowMap,
  flowMap,
  fromVelocity,
  gaussianFlowMap,
  initializeMlp,
  interpolants,
  type MlpOptions,
  mlpShapes,
  pathOf,
  type VelocityField,
} from '../../src/model/index.ts'
import {
  type Draw,
  type ErrorFunction,
  type Loss,
  objectives,
  squaredError,
} from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { sampleArgument, value, valuesOf } from '../autodiff/values.ts'

/** Gaussian data whose exact map is curved and off centre. */
export const MEAN = [0.8, -1.3]
export const SIGMA = 0.5
export const exact = gaussianFlowMap(MEAN, SIGMA)
/** A wrong map: the exact average velocity and a small wave. */
export const perturbed = fromVelocity((x, s, t) => exact.velocity(x, s, t).add(x.sin().mul(0.05)))

const SIZE = 5
export const column = (...times: number[]): Value => value(times, [times.length, 1])
const points = (seed: number): Value =>
  sampleArgument({ shape: [SIZE, 2], low: -2, high: 2, gap: 0 }, seed, 0)

/** The arrays of one draw; `m` is nowhere halfway. */
export interface Batch {
  readonly x0: Value
  readonly eps: Value
  readonly s: Value
  readonly t: Value
  readonly m: Value
}

export const batch: Batch = {
  x0: points(1),
  eps: points(2),
  s: column(1, 0.95, 0.8, 0.6, 0.5),
  t: column(0, 0.2, 0.1, 0.05, 0.3),
  m: column(0.3, 0.75, 0.25, 0.4, 0.35),
}

export interface Roles {
  readonly map: FlowMap
  readonly target?: FlowMap
  readonly teacher?: VelocityField
  readonly error?: ErrorFunction
}

const inputs = ({ x0, eps, s, t, m }: Batch): Value[] => [x0, eps, s, t, m]

/** What a formula is given; the target is the student and the teacher is exact unless others are named. */
export const drawOf = (
  { map, target = map, teacher = exact, error = squaredError }: Roles,
  [x0, eps, s, t, m]: readonly Tensor[],
): Draw => ({
  map,
  target,
  teacher,
  path: pathOf(interpolants.linear, x0, eps),
  s,
  t,
  m,
  error,
})

/** Prediction minus target, elementwise, in place of a loss. */
const difference: ErrorFunction = (a, b) => a.sub(b)

/** The residual of a formula, `[B, D]`. */
export const residual = (loss: Loss, roles: Roles, at: Batch = batch): Value =>
  valuesOf((...x) => loss(drawOf({ ...roles, error: difference }, x)), ...inputs(at))[0]

export const largest = ({ data }: Value): number => data.reduce((top, v) => Math.max(top, Math.abs(v)), 0)

export const norm = ({ data }: Value): number => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0))

/** The consistency loss of a row of the catalogue. */
export const lossOf = (id: string, options: object = {}): Loss => {
  const objective = objectives.get(id)!
  return objective.loss!(objective.options.parse(options))
}

const NETWORK: MlpOptions = {
  dimension: 2,
  hidden: 6,
  layers: 2,
  activation: 'silu',
  embedding: 'fourier',
  frequencies: 2,
  conditioning: 's,t',
}

const layersOf = (flat: readonly Tensor[]) =>
  Array.from({ length: flat.length / 2 }, (_, i) => ({ weight: flat[2 * i], bias: flat[2 * i + 1] }))

/** A small student: parameter values, and the map that given tensors make. */
export const student = {
  values: initializeMlp(NETWORK, random(9, 'parameters')).flatMap(({ weight, bias }) =>
    [weight, bias].map(({ shape, data }) => ({ shape, data: Float64Array.from(data) })),
  ),
  count: 2 * mlpShapes(NETWORK).length,
  bind: (flat: readonly Tensor[]): FlowMap => flowMap(applyMlp(NETWORK, layersOf(flat))),
}

/** The student's present parameters as constants. */
export const frozen = (): FlowMap =>
  student.bind(student.values.map(({ data, shape }) => constant(data, shape, 'float64')))

export const allInputs = (at: Batch = batch): Value[] => [...student.values, ...inputs(at)]

/** A batch of one sample. */
export const only = (i: number): Batch =>
  Object.fromEntries(
    Object.entries(batch).map(([name, { shape, data }]) => [
      name,
      value([...data.slice(i * shape[1], (i + 1) * shape[1])], [1, shape[1]]),
    ]),
  ) as unknown as Batch
