import { z } from 'zod'
import {
  checkGraph,
  constant,
  evaluate,
  isTensor,
  mapTree,
  simplify,
  spec,
  stopGradient,
  type Tensor,
  trace,
  valueAuxAndGrad,
} from '../autodiff/index.ts'
import {
  type Condition,
  clippedPath,
  type FlowMap,
  flat,
  interpolants,
  type Named,
  pathOf,
  timeShape,
} from '../model/index.ts'
import { psdMap } from './compositional.ts'
import { flowMatching, guidanceFree, teacherVelocity } from './diagonal.ts'
import { ayfEmd, decoupledMeanflow, imf, meanflow } from './eulerian.ts'
import { LOSS_TOLERANCE, UnknownRowError } from './golden.ts'
import { type Agreement, relativeError } from './golden-agreement.ts'
import {
  conditionOf,
  constantOf,
  type FixtureNetwork,
  fixtureMap,
  networkOptions,
  networkValues,
  numbers,
  shapeOf,
} from './golden-network.ts'
import { type GuidanceRuleName, guidedDraw } from './guidance.ts'
import { lsd, tvmAnchor, tvmTerminal } from './lagrangian.ts'
import { comparing, type Draw, type Loss, squaredError } from './loss.ts'

const options = z.strictObject({
  omega: z.number().optional(),
  kappa: z.number().optional(),
  interval: z.tuple([z.number(), z.number()]).optional(),
})

const schema = z.object({
  term: z.string(),
  options,
  network: networkOptions,
  teacherNetwork: networkOptions.optional(),
  networks: z.record(z.string(), networkValues),
  batch: z.record(z.string(), numbers),
  expected: z.object({ perSample: z.array(z.number()), loss: z.number(), grads: networkValues }),
})

type Given = Omit<z.infer<typeof schema>, 'expected'>

/** A term of a fixture: its formula, and how its samples are guided. */
interface Term {
  readonly loss: Loss
  readonly rule?: (given: Given) => GuidanceRuleName | undefined
  /** Whether a rule takes the student's present velocities, whatever `theta-` is. */
  readonly ofStudent?: boolean
  /** Whether the loss of a sample is divided by `w^2`, as of networks whose output is multiplied by `w`. */
  readonly scaled?: boolean
}

const byTeacher = ({ batch, networks }: Given) => {
  if (networks.weak) return 'auto'
  return batch.w ? 'teacher' : undefined
}

const terms: Readonly<Record<string, Term>> = {
  'flow-matching': { loss: flowMatching },
  psd: { loss: psdMap },
  lsd: { loss: lsd },
  meanflow: {
    loss: meanflow,
    rule: ({ options }) => (options.omega === undefined ? undefined : 'mix'),
    ofStudent: true,
  },
  imf: { loss: imf, rule: ({ batch }) => (batch.w ? 'random' : undefined), ofStudent: true },
  'tvm:terminal': { loss: tvmTerminal, scaled: true },
  'tvm:anchor': {
    loss: draw => tvmAnchor({ ...draw, t: draw.r }),
    rule: ({ batch }) => (batch.w ? 'linear' : undefined),
    scaled: true,
  },
  gft: { loss: guidanceFree, rule: () => 'gft', ofStudent: true },
  dmf: {
    loss: decoupledMeanflow,
    rule: ({ options }) => (options.omega === undefined ? undefined : 'model'),
    ofStudent: true,
  },
  'ayf-emd': { loss: ayfEmd, rule: byTeacher },
  'guided-distillation': { loss: teacherVelocity, rule: byTeacher },
}

export const constants = (values: Readonly<Record<string, z.infer<typeof numbers>>>): Named<Tensor> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, constantOf(value)]))

const absent = (what: string): FlowMap => {
  const refuse = (): never => {
    throw new UnknownRowError(`the fixture has no ${what}`)
  }
  return { velocity: refuse, jump: refuse }
}

/** The draw of a fixture, for a student with some parameters, weights `[out, in]`. */
export function drawOf(given: Given, student: Named<Tensor>): Draw {
  const { network, networks, batch, options, term } = given
  const count = batch.s.length
  const shape = timeShape(count, network.image)
  const points = (name: string) => constantOf(batch[name], [count, ...network.image])
  const time = (name: string): Tensor =>
    batch[name] ? constantOf(batch[name], shape) : constant(0, shape, 'float64')
  const labels = batch.label?.flat() ?? []
  const isTold = labels.map(label => (label === network.classes ? 0 : 1))
  // A sample without its label is not guided, whatever is drawn for it.
  const w = batch.w?.flat().map((value, i) => (isTold[i] === 0 ? 1 : value))
  const all = { ...batch, ...(w && { w }) }
  const own = conditionOf(network, all)
  // Without its class; a vector beside a class stays, one alone is nothing.
  const none: Condition<Tensor> = {
    ...(own.class && own.vector && { vector: own.vector }),
    ...(network.classes > 0 && {
      class: constantOf(
        labels.map(() => network.classes),
        [count],
        'int64',
      ),
    }),
  }
  const bind = (of: FixtureNetwork, parameters: Named<Tensor>) => (condition: Condition<Tensor>) =>
    fixtureMap(of, parameters, condition)
  const map = bind(network, student)
  const stopped = bind(network, mapTree(student, isTensor, x => stopGradient(x)) as Named<Tensor>)
  const target = networks.target ? bind(network, constants(networks.target)) : stopped
  const ofTeacher = given.teacherNetwork ?? network
  const teacher = networks.teacher && bind(ofTeacher, constants(networks.teacher))
  const weak = networks.weak && bind(ofTeacher, constants(networks.weak))
  const draw: Draw = {
    map: map(own),
    target: target(own),
    frozen: stopped(own),
    teacher: teacher?.(own) ?? absent('teacher'),
    pretrained: absent('flow map'),
    auxiliary: absent('auxiliary velocity'),
    path:
      network.parameterization === 'denoised'
        ? clippedPath(pathOf(interpolants.linear, points('x0'), points('eps')), network.least)
        : pathOf(interpolants.linear, points('x0'), points('eps')),
    s: time('s'),
    t: time('t'),
    m: time('m'),
    r: time(batch.r ? 'r' : 't'),
    noise: time('r'),
    ...comparing(flat, squaredError),
    ...(batch.logWeight && { logSize: () => constantOf(batch.logWeight, [count, 1]) }),
  }
  const { rule: ruleOf, ofStudent } = terms[term]
  const rule = ruleOf?.(given)
  if (rule === undefined) return draw
  const guide = ofStudent ? stopped : target
  return guidedDraw(draw, {
    rule,
    keys: { omega: options.omega ?? 1, kappa: options.kappa ?? 0 },
    interval: options.interval ?? [0, 1],
    scale: w ? constantOf(w, shape) : constant(1, shape, 'float64'),
    isTold: constantOf(labels.length > 0 ? isTold : batch.s.flat().map(() => 1), shape),
    ofData: true,
    map: scale => guide({ ...own, ...(batch.w && { scale }) }),
    untold: guide(none),
    ...(teacher && { teacher: { told: teacher(own), untold: weak ? weak(own) : teacher(none) } }),
  })
}

/** Compares the losses of samples and all gradients of an objective on pictures, in float64. */
export function checkObjective(json: unknown): Agreement {
  const given = schema.parse(json)
  const { term, networks, expected, batch, network } = given
  if (!Object.hasOwn(terms, term)) {
    throw new UnknownRowError(`term: expected one of ${Object.keys(terms).join(', ')}; found ${term}`)
  }
  const { loss, scaled } = terms[term]
  const { student } = networks
  const samples = (parameters: Named<Tensor>): Tensor => {
    const values = loss(drawOf(given, parameters))
    if (!scaled || !batch.w) return values
    const isNone = (i: number) => batch.label?.[i] === network.classes
    return values.div(constantOf(batch.w.flat().map((w, i) => (isNone(i) ? 1 : w ** 2))))
  }
  const specs = Object.fromEntries(
    Object.entries(student).map(([name, value]) => [name, spec(shapeOf(value), 'float64')]),
  )
  const raw = trace(
    parameters =>
      valueAuxAndGrad((live: Named<Tensor>) => {
        const values = samples(live)
        return [values.mean(), values] as const
      })(parameters as Named<Tensor>),
    specs,
  )
  checkGraph(raw)
  const graph = simplify(raw)
  checkGraph(graph)
  const inputs = Object.values(student).map(value => ({
    shape: shapeOf(value),
    data: Float64Array.from(value.flat()),
  }))
  const [value, perSample, ...gradients] = evaluate(graph, inputs)
  const errors = {
    loss: relativeError(value.data, Float64Array.of(expected.loss)),
    samples: relativeError(perSample.data, Float64Array.from(expected.perSample)),
    gradients: Math.max(
      ...Object.keys(student).map((name, i) =>
        // What is not listed has no gradient.
        relativeError(
          gradients[i].data,
          Float64Array.from(expected.grads[name]?.flat() ?? new Array(gradients[i].data.length).fill(0)),
        ),
      ),
    ),
  }
  const passed =
    errors.loss <= LOSS_TOLERANCE && errors.samples <= LOSS_TOLERANCE && errors.gradients <= LOSS_TOLERANCE
  return { term, errors, passed }
}
