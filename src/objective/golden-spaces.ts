import { z } from 'zod'
import { constant, isTensor, mapTree, stopGradient, type Tensor } from '../autodiff/index.ts'
import { onRows } from '../model/bound-network.ts'
import {
  type BoundNetwork,
  type FlowMap,
  flat,
  flowMap,
  interpolants,
  type Named,
  type Path,
  pathOf,
  type Space,
  timeShape,
} from '../model/index.ts'
import { applyMlp } from '../model/mlp.ts'
import { type CurvedSpace, curvedSpaces } from '../model/spaces/table.ts'
import { aliases, ownId } from './aliases.ts'
import { objectives } from './catalogue.ts'
import { type Catalogue, findLoss, GRADIENT_TOLERANCE, LOSS_TOLERANCE, UnknownRowError } from './golden.ts'
import type { Agreement } from './golden-agreement.ts'
import { gradientErrors } from './golden-gradients.ts'
import { constantOf, networkValues } from './golden-network.ts'
import { comparing, type Draw, type Loss, meanSquare } from './loss.ts'
import { categoricalRows } from './rows/categorical.ts'
import { manifoldRows } from './rows/manifold.ts'

const numbers = z.union([
  z.array(z.number()),
  z.array(z.array(z.number())),
  z.array(z.array(z.array(z.number()))),
])
const schema = z.object({
  term: z.string(),
  options: z.record(z.string(), z.unknown()),
  space: z.string(),
  dims: z.object({
    length: z.int().optional(),
    alphabet: z.int().optional(),
    hidden: z.int(),
    freqs: z.int(),
    batch: z.int(),
  }),
  networks: z.record(z.string(), networkValues),
  batch: z.record(z.string(), numbers),
  path: z.object({ x: z.array(z.array(z.number())), velocity: z.array(z.array(z.number())) }).optional(),
  expected: z.object({ loss: z.number(), grads: networkValues }),
})
type Fixture = z.infer<typeof schema>

/** Spaces as fixtures name them, with their dimension behind. */
const CODES: Readonly<Record<string, keyof typeof curvedSpaces>> = {
  ...{ S: 'sphere', T: 'torus', SO: 'rotations', H: 'hyperbolic' },
}

/** The space of a code such as `S2`. @throws UnknownRowError */
export function spaceOfCode(code: string): CurvedSpace {
  const found = CODES[code.replace(/\d+$/, '')]
  if (!found)
    throw new UnknownRowError(`space: expected simplex, or S, T, SO or H and a dimension; found ${code}`)
  return curvedSpaces[found]
}

const ofNumbers = (value: z.infer<typeof numbers>): number[] => value.flat(2) as number[]

/** A perceptron on `[features, e(s), e(t)]`, weights `[out, in]`. */
function perceptron(
  { dims }: Fixture,
  parameters: Named<Tensor>,
  size: { readonly features: number; readonly outputs: number },
): BoundNetwork {
  const count = Object.keys(parameters).length / 2
  const layers = Array.from({ length: count }, (_, i) => ({
    weight: parameters[`${i}.weight`].transpose(),
    bias: parameters[`${i}.bias`],
  }))
  return applyMlp(
    {
      dimension: size.features,
      outputs: size.outputs,
      hidden: dims.hidden,
      layers: count - 1,
      activation: 'silu',
      embedding: 'fourier',
      frequencies: dims.freqs,
      conditioning: 's,t',
    },
    layers,
  )
}

/** Rows by the kind of their points; those of curved spaces also under the names of their papers there. */
const termsOf: Readonly<Record<'symbols' | 'curved', readonly string[]>> = {
  symbols: categoricalRows.map(({ id, parts }) => (parts ? id : `diagonal:${id}`)),
  curved: [
    ...Object.keys(aliases).map(name => (name === 'rfm' ? `diagonal:${name}` : name)),
    ...manifoldRows.map(({ id }) => id),
  ],
}

/** The formula of a row, which may be named as in curved spaces. @throws UnknownRowError */
function formulaOf({ term, options, space }: Fixture, catalogue: Catalogue): Loss {
  const known = termsOf[space === 'simplex' ? 'symbols' : 'curved']
  if (!known.includes(term))
    throw new UnknownRowError(`term: expected one of ${known.join(', ')}; found ${term}`)
  const [, diagonal = '', name] = /^(diagonal:)?(.*)$/.exec(term)!
  return findLoss(diagonal + ownId(name), options, catalogue)
}

const timeOf = ({ batch, dims }: Fixture, name: string, points: readonly number[]): Tensor => {
  const shape = timeShape(dims.batch, points)
  return batch[name] ? constant(ofNumbers(batch[name]), shape, 'float64') : constant(0, shape, 'float64')
}

const notThere = (what: string): FlowMap => {
  const refuse = (): never => {
    throw new UnknownRowError(`the fixture has no ${what}`)
  }
  return { velocity: refuse, jump: refuse }
}

const constants = (values: Fixture['networks'][string]): Named<Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constantOf(value)]))

/** What a row is given of a fixture: its map and target, its path and times. */
function drawOf(fixture: Fixture, student: Named<Tensor>, { bind, path, space, coordinates }: Setting): Draw {
  const stopped = bind(mapTree(student, isTensor, p => stopGradient(p)) as Named<Tensor>)
  const { target } = fixture.networks
  const time = (name: string) => timeOf(fixture, name, coordinates)
  return {
    map: bind(student),
    target: target ? bind(constants(target)) : stopped,
    frozen: stopped,
    ...{
      teacher: notThere('teacher'),
      pretrained: notThere('flow map'),
      auxiliary: notThere('auxiliary velocity'),
    },
    path,
    ...{ s: time('s'), t: time('t'), m: time('m'), r: time('r'), noise: path.eps },
    ...comparing(space, meanSquare(space)),
  }
}

interface Setting {
  readonly bind: (parameters: Named<Tensor>) => FlowMap
  readonly path: Path
  readonly space: Space
  readonly coordinates: readonly number[]
}

function onManifold(fixture: Fixture): Setting {
  const space = spaceOfCode(fixture.space)
  const { features, outputs, velocity: toVelocity } = space.geometry
  const x = constantOf(fixture.path!.x)
  const velocity = constantOf(fixture.path!.velocity)
  const coordinates = x.shape[1]
  const size = { features: features(x).shape[1], outputs: outputs(coordinates) }
  const [x0, eps] = ['x0', 'eps'].map(name => constantOf(fixture.batch[name] as number[][]))
  return {
    bind(parameters) {
      const network = perceptron(fixture, parameters, size)
      return flowMap((x, s, t) => network(features(x), s, t), { space: { ...space, velocity: toVelocity } })
    },
    path: { x0, eps, at: () => x, velocity: () => velocity, onward: () => x },
    space,
    coordinates: [coordinates],
  }
}

function ofSymbols(fixture: Fixture): Setting {
  const { batch, dims } = fixture
  const [B, L, K] = [dims.batch, dims.length!, dims.alphabet!]
  const coordinates = [L, K]
  const tokens = ofNumbers(batch.tokens)
  const hot = tokens.flatMap(token => Array.from({ length: K }, (_, k) => Number(k === token)))
  const x0 = constant(hot, [B, L, K], 'float64')
  const eps = constant(ofNumbers(batch.eps), [B, L, K], 'float64')
  return {
    bind(parameters) {
      const network = perceptron(fixture, parameters, { features: L * K, outputs: L * K })
      return flowMap(onRows(network, coordinates), { parameterization: 'simplex' })
    },
    path: pathOf(interpolants.linear, x0, eps),
    space: flat,
    coordinates,
  }
}

/** Compares the loss and all gradients of a row beyond flat space, in float64. @throws UnknownRowError */
export function checkSpaces(json: unknown, catalogue: Catalogue = { objectives }): Agreement {
  const fixture = schema.parse(json)
  const { term, networks, expected, space } = fixture
  const loss = formulaOf(fixture, catalogue)
  const setting = space === 'simplex' ? ofSymbols(fixture) : onManifold(fixture)
  const errors = gradientErrors(
    live => loss(drawOf(fixture, live, setting)).mean(),
    networks.student,
    expected,
  )
  return { term, errors, passed: errors.loss <= LOSS_TOLERANCE && errors.gradients <= GRADIENT_TOLERANCE }
}
