import { z } from 'zod'
import {
  checkGraph,
  concat,
  constant,
  evaluate,
  isTensor,
  mapTree,
  onesLike,
  simplify,
  spec,
  stopGradient,
  type Tensor,
  trace,
  valueAndGrad,
} from '../autodiff/index.ts'
import { glassVelocity } from '../model/glass.ts'
import {
  type BoundNetwork,
  type FlowMap,
  flat,
  flowMap,
  interpolants,
  noisePath,
  pathOf,
} from '../model/index.ts'
import { applyMlp, type MlpOptions } from '../model/mlp.ts'
import { objectives } from './catalogue.ts'
import { tiltMatching } from './diagonal.ts'
import {
  type Catalogue,
  commonOptions,
  errorFunction,
  findLoss,
  GRADIENT_TOLERANCE,
  LOSS_TOLERANCE,
  missing,
  UnknownRowError,
} from './golden.ts'
import { type Agreement, relativeError } from './golden-agreement.ts'
import { constantOf, networkValues, numbers, shapeOf } from './golden-network.ts'
import { comparing, type Draw, type Loss } from './loss.ts'
import { adaptedFlow, evidenceBound, noiseLaw } from './noise-adapter.ts'
import { rewardOf, rewardSchema } from './reward.ts'
import { metaFinetuning, posteriorTilt, rewardBackprop } from './reward-training.ts'

const schema = z.object({
  term: z.string(),
  options: z.record(z.string(), z.unknown()),
  dims: z.object({ data: z.int(), hidden: z.int(), freqs: z.int(), batch: z.int() }),
  networks: z.record(z.string(), networkValues),
  batch: z.record(z.string(), numbers),
  expected: z.object({ loss: z.number(), grads: z.record(z.string(), networkValues) }),
})

type Given = z.infer<typeof schema>
type Parameters = Readonly<Record<string, Tensor>>
/** Parameters of all networks of a fixture by their names. */
type Trees = Readonly<Record<string, Parameters>>
type Batch = Readonly<Record<string, Tensor>>

/** Whether the gradients of a fixture are given by network: those of training terms for steering. */
export const isSteering = (json: unknown): boolean =>
  z
    .object({
      term: z.string(),
      expected: z.object({ grads: z.record(z.string(), z.record(z.string(), z.unknown())) }),
    })
    .safeParse(json).success

const layersOf = (parameters: Parameters) =>
  Array.from({ length: Object.keys(parameters).length / 2 }, (_, i) => ({
    weight: parameters[`${i}.weight`].transpose(),
    bias: parameters[`${i}.bias`],
  }))

/** A perceptron on a point and one or two times, as fixtures have it. */
function networkOf(
  { dims: { data, hidden, freqs } }: Given,
  parameters: Parameters,
  conditioning: 's,t' | 's',
  condition?: { readonly size: number; readonly features: Tensor },
): BoundNetwork {
  const layers = layersOf(parameters)
  const options: MlpOptions = {
    dimension: data,
    hidden,
    layers: layers.length - 1,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: freqs,
    conditioning,
    ...(condition && { conditionSize: condition.size }),
  }
  return applyMlp(options, layers, condition && (() => condition.features))
}

/** `[sin(2^k pi t)]_k, [cos(2^k pi t)]_k` */
function fourier(t: Tensor, count: number): Tensor {
  const angles = t.mul(
    constant(
      Array.from({ length: count }, (_, k) => 2 ** k * Math.PI),
      [1, count],
      'float64',
    ),
  )
  return concat([angles.sin(), angles.cos()])
}

/** A stochastic map for a condition `(x_tau, tau)`, whose weights are of `[z, e(s), e(t), x_tau, e(tau)]`. */
function stochasticMap(given: Given, parameters: Parameters, xTau: Tensor, tau: Tensor): FlowMap {
  const { data, freqs } = given.dims
  const size = data + 2 * freqs
  const columns = data + 4 * freqs
  const weight = parameters['0.weight']
  // Ours are of the point, the condition and the times.
  const ordered = concat([
    weight.slice(1, 0, data),
    weight.slice(1, columns, columns + size),
    weight.slice(1, data, columns),
  ])
  const features = concat([xTau, fourier(tau, freqs)])
  return flowMap(networkOf(given, { ...parameters, '0.weight': ordered }, 's,t', { size, features }))
}

const column = (values: Tensor): Tensor => values.reshape([values.shape[0], 1])

/** What a formula may ask for beside paths and times. */
function drawOf(given: Given, batch: Batch, trees: Trees): Draw {
  const { term } = given
  const map = (name: string) =>
    trees[name] ? flowMap(networkOf(given, trees[name], 's,t')) : missing(term, name)
  const velocity = (name: string) =>
    trees[name] ? flowMap(networkOf(given, trees[name], 's')) : missing(term, name)
  const { s, t, m, r, noise, x0, eps, tau, eps2 } = batch
  const shared = {
    path: x0 ? pathOf(interpolants.linear, x0, eps) : noisePath(eps),
    s: s ?? onesLike(eps.slice(1, 0, 1)),
    t,
    m,
    r,
    // Of a second noise under another name.
    noise: noise ?? eps2,
    ...comparing(flat, errorFunction(commonOptions.parse(given.options))),
    auxiliary: missing(term, 'aux'),
  }
  const live = trees.map ? 'map' : 'student'
  const stopped = (tree: Parameters) => mapTree(tree, isTensor, x => stopGradient(x)) as Parameters
  if (!term.startsWith('meta:')) {
    const student = map(live)
    return {
      ...shared,
      map: student,
      target: student,
      frozen: flowMap(networkOf(given, stopped(trees[live]), 's,t')),
      teacher: velocity('teacher'),
      // Its diagonal is the velocity of the base.
      pretrained: trees.base ? map('base') : velocity('teacher'),
      ...(trees.target && {
        posterior: (x: Tensor, s: Tensor) => stochasticMap(given, trees.target, x, s),
      }),
    }
  }
  const xTau = x0.add(tau.mul(eps2.sub(x0)))
  const bind = (tree: Parameters) => stochasticMap(given, tree, xTau, tau)
  const student = bind(trees[live])
  return {
    ...shared,
    map: student,
    target: trees.target ? bind(trees.target) : student,
    frozen: bind(stopped(trees[live])),
    teacher: trees.teacher ? glassVelocity(velocity('teacher'), xTau, tau) : missing(term, 'teacher'),
    pretrained: missing(term, 'pretrained'),
  }
}

/** Rows whose terms have names of their own where the teacher is that of the inner path. */
const BY_GLASS: Readonly<Record<string, string>> = {
  glass: 'teacher-velocity',
  'lmd-glass': 'lmd',
  'esd-glass': 'ayf-emd',
}

const vfmOptions = z.strictObject({ sd: z.number().positive(), tau: z.number().positive().default(1) })

/** A noise adapter that is told the first coordinate of a point. */
function vfm(given: Given, batch: Batch, trees: Trees): Tensor {
  const [, part] = given.term.split(':')
  const { sd, tau } = vfmOptions.parse(given.options)
  const { y: seen, x0, eps, noise, keep, s, t } = batch
  const y = seen ?? x0.slice(1, 0, 1)
  const layers = layersOf(trees.adapter)
  const output = layers.reduce((h, { weight, bias }, i) => {
    const linear = h.matmul(weight).add(bias)
    return i === layers.length - 1 ? linear : linear.silu()
  }, y)
  const observed = {
    map: flowMap(networkOf(given, trees.map, 's,t')),
    law: noiseLaw(output),
    operator: (x: Tensor) => x.slice(1, 0, 1),
    y,
    sd,
    noise,
  }
  const bound = evidenceBound(observed)
  if (part === 'adapter') return bound
  if (part !== 'joint') throw new UnknownRowError(`vfm has no part ${part}`)
  return bound.add(adaptedFlow(observed, { x0, fresh: eps, keep, s, t, tau }))
}

const tilted = {
  beta: z.number().default(1),
  reward: rewardSchema.prefault({}),
}
const itmOptions = z.strictObject({
  ...tilted,
  draw: z.enum(['path', 'posterior']).default('path'),
  center: z.union([z.boolean(), z.number()]).default(false),
})
const backpropOptions = z.strictObject({
  ...tilted,
  leash: z.number().default(0),
  /** By default `l2` where there is a base map, and `kl` where there is a velocity alone. */
  by: z.enum(['l2', 'kl']).optional(),
})

/** Terms that a reward tilts. */
const rewarded: Readonly<Record<string, (options: Readonly<Record<string, unknown>>, trees: Trees) => Loss>> =
  {
    itm(options) {
      const { beta, reward, draw, center } = itmOptions.parse(options)
      return (draw === 'path' ? tiltMatching : posteriorTilt)(beta, rewardOf(reward), center)
    },
    'mfm-ft'(options) {
      const { beta, reward } = z.strictObject(tilted).parse(options)
      return metaFinetuning(beta, rewardOf(reward))
    },
    'reward-backprop'(options, trees) {
      const {
        beta,
        reward,
        leash,
        by = trees.teacher && !trees.base ? 'kl' : 'l2',
      } = backpropOptions.parse(options)
      return rewardBackprop(beta, rewardOf(reward), leash, by)
    },
  }

function lossOf(given: Given, batch: Batch, trees: Trees, catalogue: Catalogue): Tensor {
  const { term, options } = given
  if (term.startsWith('vfm:')) return vfm(given, batch, trees)
  const name = term.startsWith('meta:') ? term.slice('meta:'.length) : term
  if (Object.hasOwn(rewarded, term)) return rewarded[term](options, trees)(drawOf(given, batch, trees))
  const id = BY_GLASS[name] ?? name
  const isDiagonal = catalogue.objectives.get(id.split(':')[0])?.parts === null
  return findLoss(isDiagonal ? `diagonal:${id}` : id, options, catalogue)(drawOf(given, batch, trees))
}

/**
 * Computes the loss of a training term for steering and its gradients by all networks that it trains, in float64, and
 * compares: terms of a stochastic map (`meta:ROW`), of a noise adapter (`vfm:PART`), and rows that are tilted by a reward.
 *
 * @throws UnknownRowError when there is no such row or option
 */
export function checkSteering(json: unknown, catalogue: Catalogue = { objectives }): Agreement {
  const given = schema.parse(json)
  const { term, networks, expected } = given
  const live = Object.keys(expected.grads)
  const fixed: Trees = Object.fromEntries(
    Object.entries(networks)
      .filter(([name]) => !live.includes(name))
      .map(([name, network]) => [name, mapValues(network, constantOf)]),
  )
  const specs = Object.fromEntries(
    live.map(name => [name, mapValues(networks[name], value => spec(shapeOf(value), 'float64'))]),
  )
  const raw = trace(inputs => {
    const batch = mapValues(given.batch, value => {
      const tensor = constantOf(value)
      return tensor.rank === 1 ? column(tensor) : tensor
    })
    return valueAndGrad((trees: Trees) => lossOf(given, batch, { ...fixed, ...trees }, catalogue).mean())(
      inputs as Trees,
    )
  }, specs)
  checkGraph(raw)
  const graph = simplify(raw)
  checkGraph(graph)
  const names = live.flatMap(name => Object.keys(networks[name]).map(key => [name, key] as const))
  const [loss, ...gradients] = evaluate(
    graph,
    names.map(([name, key]) => {
      const value = networks[name][key]
      return { shape: shapeOf(value), data: Float64Array.from(value.flat()) }
    }),
  )
  const errors = {
    loss: relativeError(loss.data, Float64Array.of(expected.loss)),
    gradients: Math.max(
      ...names.map(([name, key], i) =>
        relativeError(gradients[i].data, Float64Array.from(expected.grads[name][key].flat())),
      ),
    ),
  }
  const passed = errors.loss <= LOSS_TOLERANCE && errors.gradients <= GRADIENT_TOLERANCE
  return { term, errors, passed }
}

const mapValues = <A, B>(record: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]))
