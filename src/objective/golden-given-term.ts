import { z } from 'zod'
import { constant, type Tensor } from '../autodiff/index.ts'
import {
  type BoundNetwork,
  flat,
  flowMap,
  type InterpolantName,
  interpolants,
  type Named,
  noisePath,
  pathOf,
} from '../model/index.ts'
import { applyMlp } from '../model/mlp.ts'
import { GRADIENT_TOLERANCE, LOSS_TOLERANCE, missing, UnknownRowError } from './golden.ts'
import type { Agreement } from './golden-agreement.ts'
import { gradientErrors } from './golden-gradients.ts'
import { constantOf, networkValues, numbers, shapeOf } from './golden-network.ts'
import { comparing, type Draw, squaredError } from './loss.ts'

const schema = z.object({
  term: z.string(),
  /** The network whose gradients are compared. */
  trains: z.string().default('student'),
  options: z.record(z.string(), z.unknown()),
  dims: z.object({ data: z.int(), hidden: z.int(), freqs: z.int(), batch: z.int() }),
  networks: z.record(z.string(), networkValues),
  batch: z.record(z.string(), numbers),
  expected: z.object({ loss: z.number(), grads: networkValues }),
})

type Fixture = z.infer<typeof schema>

/** What a term of a fixture may use. */
export interface GivenTerm {
  readonly options: Readonly<Record<string, unknown>>
  /** Numbers of a point. */
  readonly dimension: number
  /** A network's outputs as they are, `[B, n]`, or `[B, n + 1]` with a divergence head; one of a single time ignores the second. */
  network(name: string): BoundNetwork
  /** Whether the fixture has a network. */
  has(name: string): boolean
  /** Points `[B, n]` or a number for each sample `[B, 1]`. */
  batch(name: string): Tensor
  /** Whether the batch has it. */
  holds(name: string): boolean
  /** The draw of a catalogue objective: maps of the networks' first `n` outputs, times that are not there 0. */
  readonly draw: Draw
}

/** Terms by the name that fixtures give them: the loss, averaged over samples where it is `[B]`. */
export type Terms = Readonly<Record<string, (given: GivenTerm) => Tensor>>

/** Perceptrons of golden fixtures: how many times one sees follows from the width of its first layer. */
function networkOf({ dims }: Fixture, parameters: Named<Tensor>): BoundNetwork {
  const count = Object.keys(parameters).length / 2
  const layers = Array.from({ length: count }, (_, i) => ({
    weight: parameters[`${i}.weight`].transpose(),
    bias: parameters[`${i}.bias`],
  }))
  const times = (layers[0].weight.shape[0] - dims.data) / (2 * dims.freqs)
  return applyMlp(
    {
      dimension: dims.data,
      hidden: dims.hidden,
      layers: count - 1,
      activation: 'silu',
      embedding: 'fourier',
      frequencies: dims.freqs,
      conditioning: times === 1 ? 's' : 's,t',
    },
    layers,
  )
}

export const pathName = (options: GivenTerm['options']): InterpolantName => {
  const { path = 'linear' } = options
  if (Object.hasOwn(interpolants, String(path))) return path as InterpolantName
  throw new UnknownRowError(
    `path: expected one of ${Object.keys(interpolants).join(', ')}; found ${String(path)}`,
  )
}

/** @param live  parameters of the network that trains */
function givenOf(fixture: Fixture, live: Named<Tensor>): GivenTerm {
  const { term, trains, options, dims, networks, batch: values } = fixture
  const { data: dimension, batch: count } = dims
  const batch = (name: string): Tensor => {
    if (!values[name]) throw new UnknownRowError(`${term}: the fixture has no ${name}`)
    const shape = shapeOf(values[name])
    return constantOf(values[name], shape.length === 1 ? [count, 1] : shape)
  }
  const zero = constant(0, [count, 1], 'float64')
  const time = (name: string): Tensor => (values[name] ? batch(name) : zero)
  const bound = new Map<string, BoundNetwork>()
  const network = (name: string): BoundNetwork => {
    if (!networks[name]) throw new UnknownRowError(`${term}: the fixture has no ${name}`)
    const known = bound.get(name)
    const made =
      known ??
      networkOf(
        fixture,
        name === trains
          ? live
          : Object.fromEntries(
              Object.entries(networks[name]).map(([key, value]) => [key, constantOf(value)]),
            ),
      )
    bound.set(name, made)
    return made
  }
  const mapOf = (name: string) =>
    networks[name] ? flowMap((x, s, t) => network(name)(x, s, t).slice(1, 0, dimension)) : missing(term, name)
  const noise = ['eps', 'z', 'noise'].find(name => values[name])
  const eps = noise ? batch(noise) : zero
  const draw: Draw = {
    map: mapOf('student'),
    target: mapOf(networks.target ? 'target' : 'student'),
    frozen: missing(term, 'frozen map'),
    teacher: mapOf('teacher'),
    pretrained: mapOf('pretrained'),
    auxiliary: mapOf('aux'),
    path: values.x0 ? pathOf(interpolants[pathName(options)], batch('x0'), eps) : noisePath(eps),
    s: time('s'),
    t: time('t'),
    m: time('m'),
    noise: values.noise ? batch('noise') : zero,
    r: time('r'),
    ...(values.noise2 && { noise2: batch('noise2') }),
    ...(values.r2 && { r2: batch('r2') }),
    players: Object.fromEntries(Object.keys(networks).map(name => [name, network(name)])),
    ...comparing(flat, squaredError),
  }
  return {
    options,
    dimension,
    network,
    has: name => name in networks,
    batch,
    holds: name => name in values,
    draw,
  }
}

/**
 * Compares a term's loss and its gradients by the parameters of one of its networks in float64, through the passes that training uses.
 *
 * @throws UnknownRowError when there is no such term, network or option
 */
export function checkTerms(terms: Terms, json: unknown): Agreement {
  const fixture = schema.parse(json)
  const { term, trains, networks, expected } = fixture
  if (!networks[trains]) throw new UnknownRowError(`trains: the fixture has no ${trains}`)
  if (!Object.hasOwn(terms, term)) {
    throw new UnknownRowError(`term: expected one of ${Object.keys(terms).join(', ')}; found ${term}`)
  }
  const errors = gradientErrors(
    parameters => terms[term](givenOf(fixture, parameters)).mean(),
    networks[trains],
    expected,
  )
  const passed = errors.loss <= LOSS_TOLERANCE && errors.gradients <= GRADIENT_TOLERANCE
  return { term, errors, passed }
}
