import { constant, stopGradient, type Tensor, type Value } from '../../src/autodiff/index.ts'
import { onRows } from '../../src/model/bound-network.ts'
import {
  type BoundNetwork,
  type FlowMap,
  flat as flatSpace,
  flowMap,
  fromVelocity,
  type Interpolant,
  interpolants,
  type Path,
  type Space,
  type VelocityField,
} from '../../src/model/index.ts'
import {
  applyMlp,
  headShapes,
  initializeLayer,
  initializeMlp,
  type MlpOptions,
  mlpShapes,
} from '../../src/model/mlp.ts'
import { sphere } from '../../src/model/spaces/sphere.ts'
import {
  comparing,
  type Draw,
  type ErrorFunction,
  type Loss,
  meanSquare,
  objectives,
  squaredError,
} from '../../src/objective/index.ts'
import { random } from '../../src/random/random.ts'
import { sampleArgument, value, valuesOf } from '../autodiff/values.ts'

const SIZE = 5
export const column = (...times: number[]): Value => value(times, [times.length, 1])
export const points = (seed: number): Value =>
  sampleArgument({ shape: [SIZE, 2], low: -2, high: 2, gap: 0 }, seed, 0)

const FIELDS = ['x0', 'eps', 's', 't', 'm', 'noise', 'r'] as const

/** The arrays of one draw. */
export type Batch = Readonly<Record<(typeof FIELDS)[number], Value>>

/** `m` is nowhere halfway, and no time is that of another sample. */
export const batch: Batch = {
  x0: points(1),
  eps: points(2),
  s: column(1, 0.95, 0.8, 0.6, 0.5),
  t: column(0, 0.2, 0.1, 0.05, 0.3),
  m: column(0.3, 0.75, 0.25, 0.4, 0.35),
  noise: points(3),
  r: column(0.9, 0.15, 0.35, 0.7, 0.45),
}

/** A batch of one sample. */
export const only = (i: number, from: Batch = batch): Batch =>
  mapBatch(({ shape: [rows, ...shape], data }) => {
    const width = data.length / rows
    return value([...data.slice(i * width, (i + 1) * width)], [1, ...shape])
  }, from)

export const mapBatch = (f: (field: Value) => Value, from: Batch): Batch =>
  Object.fromEntries(FIELDS.map(name => [name, f(from[name])])) as Batch

/** Who plays which part in a formula. Whoever is not named is played by the student. */
export interface Roles {
  readonly map: FlowMap
  readonly target?: FlowMap
  readonly frozen?: FlowMap
  readonly teacher?: VelocityField
  readonly pretrained?: FlowMap
  readonly auxiliary?: VelocityField
  /** Networks that train beside the student; by default of constants. */
  readonly players?: Draw['players']
  readonly logSize?: Draw['logSize']
  readonly error?: ErrorFunction
  readonly space?: Space
  readonly interpolant?: Interpolant
  /** In the place of the interpolant's path. */
  readonly path?: (s: Tensor, t: Tensor, path: Path) => Path
}

export const inputsOf = (at: Batch): Value[] => FIELDS.map(name => at[name])

/** A velocity, and a number for each point. */
const PLAYERS: Draw['players'] = {
  fake: (x, s) => x.mul(s.add(0.4)).sin(),
  residual: (x, s, t) => x.mul(s.add(0.6)).sub(t).sin(),
  critic: (x, s) =>
    x.mul(s.add(0.7)).mean(
      x.shape.flatMap((_, i) => (i === 0 ? [] : [i])),
      true,
    ),
}
/** A map with a policy: where it leads by its own velocities. */
export const withOwnPolicy = (map: FlowMap): FlowMap => ({
  policy: {
    at: (xs, s) => ({
      velocity: (x, t) => map.velocity(x, t, t),
      average: t => map.velocity(xs, s, t),
    }),
    components: 2,
  },
  ...map,
})

/** What a formula is given. */
export function drawOf(roles: Roles, [x0, eps, s, t, m, noise, r]: readonly Tensor[]): Draw {
  const { map, target = map, frozen = map, teacher = map, pretrained = map, auxiliary = map } = roles
  const { space = flatSpace, error = meanSquare(space), interpolant = interpolants.linear } = roles
  const plain = space.path(interpolant, x0, eps)
  const path = roles.path?.(s, t, plain) ?? plain
  const { logSize } = roles
  return {
    map: withOwnPolicy(map),
    target,
    frozen,
    untold: fromVelocity((x, s, t) => frozen.velocity(x.mul(0.8), s, t).sin()),
    teacher,
    pretrained,
    posterior: (x, s) => fromVelocity((z, t, u) => target.velocity(z, t, u).add(x.mul(s)).sub(z)),
    auxiliary,
    told: (x, s) => fromVelocity((y, p, q) => map.velocity(y, p, q).add(x.mul(s).sin())),
    path,
    s,
    t,
    m,
    noise,
    r,
    noise2: noise.mul(-0.7).add(0.1),
    r2: r.mul(0.6).add(0.3),
    players: roles.players ?? PLAYERS,
    u: r,
    // Every sample at a scale of its own; whoever needs no guidance does not ask.
    guided: { scale: s.add(1.5), map, untold: target },
    ...{ energy: (x: Tensor) => x.square().square().sum(-1), logWeight: s.mul(2).sub(t) },
    ...(logSize && { logSize }),
    // All samples are compared where any are.
    group: x0.shape[0],
    memories: memoriesFor(x0),
    ...comparing(space, error),
  }
}

/** Moments of samples about 0 and of data about 1, both with a covariance of 1, for points as they are. */
export function memoriesFor({ shape, dtype }: Tensor): NonNullable<Draw['memories']> {
  const K = shape.slice(1).reduce((a, b) => a * b, 1)
  const moments = (mean: number) => {
    const second = Array.from({ length: K * K }, (_, i) => mean * mean + Number(i % (K + 1) === 0))
    return constant([...new Array(K).fill(mean), ...second], [K + K * K], dtype)
  }
  return { moments: { samples: moments(0), data: moments(1) } }
}

/** What each call of `error` compares, prediction minus target, `[B, D]`; the loss itself where none is called. */
export function residuals(loss: Loss, roles: Roles, at: Batch = batch): Value[] {
  const run = (...inputs: Tensor[]) => {
    const seen: Tensor[] = []
    const error: ErrorFunction = (a, b) => {
      seen.push(a.sub(b))
      return squaredError(a, b)
    }
    const value = loss(drawOf({ ...roles, error }, inputs))
    return seen.length ? seen : value
  }
  return valuesOf(run, ...inputsOf(at))
}

export const largest = ({ data }: Value): number => data.reduce((top, v) => Math.max(top, Math.abs(v)), 0)

export const norm = ({ data }: Value): number => Math.sqrt(data.reduce((sum, v) => sum + v * v, 0))

/** One vector of several. */
export const flat = (list: readonly Value[]): Value => value(list.flatMap(({ data }) => [...data]))

/** Distance of two vectors, relative to the first. */
export function distance(a: Value, b: Value, scale = 1): number {
  return norm({ shape: a.shape, data: a.data.map((v, i) => v - scale * b.data[i]) }) / norm(a)
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

/** The scale of its divergence head, which only some formulas ask for. */
const SCALE = 4

/** Its layers, and behind them that of the head. */
const parameters = (network: MlpOptions, seed: number): Value[] => {
  const source = random(seed, 'parameters')
  return [
    ...initializeMlp(network, source),
    initializeLayer(headShapes(mlpShapes(network), 1), source),
  ].flatMap(({ weight, bias }) =>
    [weight, bias].map(({ shape, data }) => ({ shape, data: Float64Array.from(data) })),
  )
}

/** A small student: parameter values, and the map that given tensors make. */
export interface Student {
  readonly values: readonly Value[]
  readonly count: number
  readonly bind: (flat: readonly Tensor[]) => FlowMap
  /** The same map with its parameters stopped. */
  readonly stopped: (flat: readonly Tensor[]) => FlowMap
}

/** Where a formula is run: points and their times, and networks of such points. */
export interface Place {
  readonly batch: Batch
  readonly student: Student
  /** Another network, of constants. */
  readonly other: (seed: number) => FlowMap
  readonly space: Space
}

function placeOf(
  batch: Batch,
  network: MlpOptions,
  read: (network: BoundNetwork) => FlowMap,
  space = flatSpace,
): Place {
  const bind = (flat: readonly Tensor[]): FlowMap => {
    const layers = layersOf(flat)
    const head = { ...layers[layers.length - 1], scale: SCALE }
    return read(applyMlp(network, layers.slice(0, -1), undefined, head))
  }
  return {
    batch,
    space,
    student: {
      values: parameters(network, 9),
      count: 2 * (mlpShapes(network).length + 1),
      bind,
      stopped: flat => bind(flat.map(stopGradient)),
    },
    other: seed => bind(parameters(network, seed).map(({ data, shape }) => constant(data, shape, 'float64'))),
  }
}

export const plane = placeOf(batch, NETWORK, network => flowMap(network))
export const { student, other } = plane

/** Positions of a sequence, and symbols at each. */
const SYMBOLS = [2, 3]
const sequences = (seed: number): Value =>
  sampleArgument({ shape: [SIZE, ...SYMBOLS], low: -2, high: 2, gap: 0 }, seed, 0)
const tokens = [0, 1, 2, 0, 1, 1, 2, 2, 0, 2]
const asLong = ({ data }: Value): Value => value([...data], [SIZE, 1, 1])

/** Sequences of symbols, data one-hot, and a network of logits. No jump ends at 0, where most of these formulas divide by the time. */
export const symbols = placeOf(
  {
    x0: value(
      tokens.flatMap(symbol => [0, 1, 2].map(k => Number(k === symbol))),
      [SIZE, ...SYMBOLS],
    ),
    eps: sequences(2),
    s: asLong(batch.s),
    t: asLong(column(0.12, 0.2, 0.1, 0.05, 0.3)),
    m: asLong(batch.m),
    noise: sequences(3),
    r: asLong(batch.r),
  },
  { ...NETWORK, dimension: SYMBOLS[0] * SYMBOLS[1] },
  network => flowMap(onRows(network, SYMBOLS), { parameterization: 'simplex' }),
)

const points3 = (seed: number): Value => {
  const all = sampleArgument({ shape: [SIZE, 3], low: -2, high: 2, gap: 0 }, seed, 0)
  return valuesOf(x => x.div(x.square().sum(-1, true).sqrt()), all)[0]
}

/** The sphere, whose formulas differ from those of the plane where they say so. */
export const onSphere = placeOf(
  { ...batch, x0: points3(1), eps: points3(2), noise: points3(3) },
  { ...NETWORK, dimension: 3 },
  network => flowMap(network, { space: sphere }),
  sphere,
)

/** Where the formulas of a row are run. */
export const placeFor = (id: string): Place =>
  objectives.get(id)!.parameterization === 'simplex' ? symbols : plane

/** Builds graphs without remembering where each node was made: twice as fast, where a graph has thousands. */
export function withoutSites<T>(build: () => T): T {
  const { captureStackTrace } = Error
  Error.captureStackTrace = () => {}
  try {
    return build()
  } finally {
    Error.captureStackTrace = captureStackTrace
  }
}
