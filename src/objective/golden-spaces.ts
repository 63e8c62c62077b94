import { z } from 'zod'
import { constant, isTensor, mapTree, stopGradient, type Tensor } from '../autodiff/index.ts'
import { type BoundNetwork, type FlowMap, flowMap, type Named, type Path, timeShape } from '../model/index.ts'
import { applyMlp } from '../model/mlp.ts'
import { type CurvedSpace, curvedSpaces } from '../model/spaces/table.ts'
import {
  type CategoricalLoss,
  type CategoricalMap,
  crossEntropy,
  csd,
  type EcldOptions,
  ecld,
  esdSimplex,
  lsdSimplex,
  psdSimplex,
} from './categorical.ts'
import { psdMap, psdVelocity } from './compositional.ts'
import { flowMatching } from './diagonal.ts'
import { esd, meanflow } from './eulerian.ts'
import { GRADIENT_TOLERANCE, LOSS_TOLERANCE, UnknownRowError } from './golden.ts'
import type { Agreement } from './golden-agreement.ts'
import { gradientErrors } from './golden-gradients.ts'
import { constantOf, networkValues } from './golden-network.ts'
import { lsd } from './lagrangian.ts'
import { comparing, type Draw, type Loss, meanSquare } from './loss.ts'

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

/** Rows of curved spaces, under the names of their papers there. */
const curvedTerms: Readonly<Record<string, (options: Fixture['options']) => Loss>> = {
  'diagonal:rfm': () => flowMatching,
  'g-lsd': () => lsd,
  'g-esd': () => esd,
  'g-psd': ({ space = 'map' }) => (space === 'velocity' ? psdVelocity : psdMap),
  rmf: () => meanflow,
}

const ecldOptions = z.strictObject({
  ce: z.number().default(4),
  energy: z.number().default(2),
  gap: z.enum(['g', 'code']).default('g'),
})
const categoricalTerms: Readonly<Record<string, (options: Fixture['options']) => CategoricalLoss>> = {
  'diagonal:cross-entropy': () => crossEntropy,
  'psd-simplex': () => psdSimplex,
  'lsd-simplex': () => lsdSimplex,
  'esd-simplex': () => esdSimplex,
  csd: () => csd,
  ecld: options => ecld(ecldOptions.parse(options) as EcldOptions),
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

function curvedLoss(fixture: Fixture, student: Named<Tensor>): Tensor {
  const space = spaceOfCode(fixture.space)
  const { features, outputs } = space.geometry
  const x = constantOf(fixture.path!.x)
  const velocity = constantOf(fixture.path!.velocity)
  const coordinates = x.shape[1]
  const bind = (parameters: Named<Tensor>): FlowMap => {
    const sees = features(x).shape[1]
    const network = perceptron(fixture, parameters, { features: sees, outputs: outputs(coordinates) })
    return flowMap((x, s, t) => network(features(x), s, t), { space })
  }
  const map = bind(student)
  const stopped = bind(mapTree(student, isTensor, p => stopGradient(p)) as Named<Tensor>)
  const { target } = fixture.networks
  const [x0, eps] = ['x0', 'eps'].map(name => constantOf(fixture.batch[name] as number[][]))
  const path: Path = { x0, eps, at: () => x, velocity: () => velocity, onward: () => x }
  const time = (name: string) => timeOf(fixture, name, [coordinates])
  const draw: Draw = {
    map,
    target: target ? bind(constants(target)) : stopped,
    frozen: stopped,
    ...{
      teacher: notThere('teacher'),
      pretrained: notThere('flow map'),
      auxiliary: notThere('auxiliary velocity'),
    },
    path,
    ...{ s: time('s'), t: time('t'), m: time('m'), r: time('r'), noise: eps },
    ...comparing(space, meanSquare(space)),
  }
  return curvedTerms[fixture.term](fixture.options)(draw)
}

function categoricalLoss(fixture: Fixture, student: Named<Tensor>): Tensor {
  const { batch, dims, networks } = fixture
  const [B, L, K] = [dims.batch, dims.length!, dims.alphabet!]
  const points = [L, K]
  const bind = (parameters: Named<Tensor>): CategoricalMap => {
    const network = perceptron(fixture, parameters, { features: L * K, outputs: L * K })
    const flat = (time: Tensor) => time.reshape([B, 1])
    return {
      logits: (x, s, t) => network(x.reshape([B, L * K]), flat(s), flat(t)).reshape([B, L, K]),
    }
  }
  const tokens = ofNumbers(batch.tokens)
  const hot = tokens.flatMap(token => Array.from({ length: K }, (_, k) => Number(k === token)))
  const x0 = constant(hot, [B, L, K], 'float64')
  const eps = constant(ofNumbers(batch.eps), [B, L, K], 'float64')
  const at = (s: Tensor) => x0.add(s.mul(eps.sub(x0)))
  const stopped = mapTree(student, isTensor, p => stopGradient(p)) as Named<Tensor>
  const time = (name: string) => timeOf(fixture, name, points)
  return categoricalTerms[fixture.term](fixture.options)({
    map: bind(student),
    target: bind(networks.target ? constants(networks.target) : stopped),
    path: { x0, eps, at, velocity: () => eps.sub(x0), onward: (_, m) => at(m) },
    ...{ s: time('s'), t: time('t'), m: time('m') },
  })
}

/** Compares the loss and all gradients of a row beyond flat space, in float64. @throws UnknownRowError */
export function checkSpaces(json: unknown): Agreement {
  const fixture = schema.parse(json)
  const { term, networks, expected, space } = fixture
  const [terms, loss] =
    space === 'simplex'
      ? ([categoricalTerms, categoricalLoss] as const)
      : ([curvedTerms, curvedLoss] as const)
  if (!Object.hasOwn(terms, term)) {
    throw new UnknownRowError(`term: expected one of ${Object.keys(terms).join(', ')}; found ${term}`)
  }
  const errors = gradientErrors(live => loss(fixture, live).mean(), networks.student, expected)
  return { term, errors, passed: errors.loss <= LOSS_TOLERANCE && errors.gradients <= GRADIENT_TOLERANCE }
}
