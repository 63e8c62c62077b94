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
  valueAndGrad,
} from '../autodiff/index.ts'
import {
  type FlowMap,
  flat,
  flowMap,
  interpolants,
  noisePath,
  type ParameterizationName,
  pathOf,
} from '../model/index.ts'
import { applyMlp, type MlpOptions } from '../model/mlp.ts'
import { objectives } from './catalogue.ts'
import { relativeError } from './golden-agreement.ts'
import {
  adaptive,
  cauchy,
  comparing,
  type Draw,
  type ErrorFunction,
  type Loss,
  pseudoHuber,
  squaredError,
} from './loss.ts'
import type { Objective } from './objective.ts'
import { isSchedule, valueAt } from './schedule.ts'

const matrix = z.array(z.array(z.number()))
const networkSchema = z.record(z.string(), z.union([matrix, z.array(z.number())]))
const fixtureSchema = z.object({
  term: z.string(),
  options: z.record(z.string(), z.unknown()),
  dims: z.object({ data: z.int(), hidden: z.int(), freqs: z.int(), batch: z.int() }),
  networks: z.record(z.string(), networkSchema),
  batch: z.record(z.string(), z.union([matrix, z.array(z.number())])),
  expected: z.object({ loss: z.number(), grads: networkSchema }),
})

/** One golden file: `docs` of the format are in `test/fixtures/golden/README.md`. */
export type Fixture = z.infer<typeof fixtureSchema>
type NetworkValues = z.infer<typeof networkSchema>

/** A fixture whose row or option this catalogue does not have. */
export class UnknownRowError extends Error {
  override readonly name = 'UnknownRowError'
}

/** The size of disagreement with a fixture. */
export interface GoldenResult {
  readonly term: string
  /** Relative to the expected loss. */
  readonly lossError: number
  /** Largest error of a gradient's element, relative to the largest element of its tensor. */
  readonly gradientError: number
  readonly passed: boolean
}

export const LOSS_TOLERANCE = 1e-9
export const GRADIENT_TOLERANCE = 1e-7

export function parseFixture(json: unknown): Fixture {
  return fixtureSchema.parse(json)
}

const shapeOf = (value: number[] | number[][]): number[] =>
  Array.isArray(value[0]) ? [value.length, value[0].length] : [value.length]

/** Fixture weights are `[out][in]`; layers are numbered from 0. */
function bindNetwork(
  fixture: Fixture,
  parameters: Record<string, Tensor>,
  conditioning: 's,t' | 's',
  parameterization: ParameterizationName = 'average-velocity',
): FlowMap {
  const count = Object.keys(parameters).length / 2
  const layers = Array.from({ length: count }, (_, i) => ({
    weight: parameters[`${i}.weight`].transpose(),
    bias: parameters[`${i}.bias`],
  }))
  const options: MlpOptions = {
    dimension: fixture.dims.data,
    hidden: fixture.dims.hidden,
    layers: count - 1,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: fixture.dims.freqs,
    conditioning,
  }
  return flowMap(applyMlp(options, layers), { parameterization })
}

export const missing = (term: string, name: string) => {
  const refuse = (): never => {
    throw new UnknownRowError(`${term}: the fixture has no ${name}`)
  }
  return { velocity: refuse, jump: refuse }
}

const constants = (network: NetworkValues): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(network).map(([name, value]) => [name, constant(value.flat(), shapeOf(value), 'float64')]),
  )

/** Options that any row can take. */
export const commonOptions = z.object({
  interpolant: z.enum(['linear', 'trig', 'vp']).default('linear'),
  parameterization: z.enum(['average-velocity', 'denoised']).default('average-velocity'),
  loss: z.enum(['mse', 'pseudo-huber', 'cauchy']).default('mse'),
  weight: z.enum(['none', 'adaptive']).default('none'),
  p: z.number().default(1),
  c: z.number().optional(),
  norm: z.enum(['sum', 'mean']).optional(),
})

export function errorFunction(options: z.infer<typeof commonOptions>): ErrorFunction {
  const { loss, weight, p, c = 1e-3, norm } = options
  const base = { mse: squaredError, 'pseudo-huber': pseudoHuber(c, norm), cauchy: cauchy(c, norm) }[loss]
  return weight === 'adaptive' ? adaptive(base, p, c, norm) : base
}

/** Where formulas are looked up. */
export interface Catalogue {
  readonly objectives: ReadonlyMap<string, Objective>
}

/** Options of a row: what the fixture gives, the row's own defaults, and a schedule's last value. */
function rowOptions(
  term: string,
  { options }: Objective,
  given: Record<string, unknown>,
): Record<string, unknown> {
  // A key such as `c` may be the row's own or belong to the loss: it goes to the row where that knows it.
  const known = Object.keys(given).filter(
    key => !(key in commonOptions.shape) || options.safeParse({ [key]: given[key] }).success,
  )
  const parsed = options.safeParse(Object.fromEntries(known.map(key => [key, given[key]])))
  if (!parsed.success) {
    throw new UnknownRowError(`${term}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`)
  }
  return Object.fromEntries(
    Object.entries(parsed.data as object).map(([key, value]) => [
      key,
      isSchedule(value) ? valueAt(value, 1) : value,
    ]),
  )
}

/** The formula of a term, `diagonal:ID`, `ID` or `ID:PART`, with its options. */
export function findLoss(term: string, options: Record<string, unknown>, { objectives }: Catalogue): Loss {
  const [first, second] = term.split(':')
  if (first === 'diagonal') {
    const objective = objectives.get(second)
    if (!objective?.grounds) throw new UnknownRowError(`no diagonal term ${second}`)
    return objective.grounds(rowOptions(term, objective, options) as never)
  }
  const objective = objectives.get(first)
  if (!objective?.parts) throw new UnknownRowError(`no objective ${first}`)
  const parts = objective.parts(rowOptions(term, objective, options) as never)
  if (second === undefined && parts.length > 1) {
    throw new UnknownRowError(`${first} has parts ${parts.map(part => part.name).join(', ')}; name one`)
  }
  const part = second === undefined ? parts[0] : parts.find(part => part.name === second)
  if (!part) throw new UnknownRowError(`${first} has no part ${second}`)
  return part.loss
}

/**
 * Computes a fixture's loss and gradients in float64 through the same graph passes that training uses, and compares.
 *
 * @param catalogue  where the fixture's term is looked up; the project's own by default
 * @throws UnknownRowError when the catalogue has no such row or option
 */
export function checkFixture(fixture: Fixture, catalogue: Catalogue = { objectives }): GoldenResult {
  const { term } = fixture
  const { target: targetName, ...options } = fixture.options
  const loss = findLoss(term, options, catalogue)
  const common = commonOptions.parse(options)
  const { student, target, teacher, pretrained, aux } = fixture.networks
  const specs = Object.fromEntries(
    Object.entries(student).map(([name, value]) => [name, spec(shapeOf(value), 'float64')]),
  )

  const lossOf = (parameters: Record<string, Tensor>): Tensor => {
    const batch = Object.fromEntries(
      Object.entries(fixture.batch).map(([name, value]) => {
        const shape = shapeOf(value)
        return [name, constant(value.flat(), shape.length === 1 ? [shape[0], 1] : shape, 'float64')]
      }),
    )
    const bind = (values: Record<string, Tensor>) =>
      bindNetwork(fixture, values, 's,t', common.parameterization)
    const given = (name: string, network: NetworkValues | undefined, conditioning: 's,t' | 's') =>
      network ? bindNetwork(fixture, constants(network), conditioning) : missing(term, name)
    const map = bind(parameters)
    const draw: Draw = {
      map,
      target: targetName === 'student' || !target ? map : bind(constants(target)),
      frozen: bind(mapTree(parameters, isTensor, x => stopGradient(x))),
      teacher: given('teacher', teacher, 's'),
      pretrained: given('pretrained', pretrained, 's,t'),
      auxiliary: given('aux', aux, 's'),
      path: batch.x0 ? pathOf(interpolants[common.interpolant], batch.x0, batch.eps) : noisePath(batch.eps),
      s: batch.s,
      t: batch.t,
      m: batch.m,
      noise: batch.noise,
      r: batch.r,
      logWeight: batch.logWeight,
      ...comparing(flat, errorFunction(common)),
    }
    return loss(draw).mean()
  }

  const raw = trace(parameters => valueAndGrad(lossOf)(parameters as Record<string, Tensor>), specs)
  checkGraph(raw)
  const graph = simplify(raw)
  checkGraph(graph)
  const inputs = Object.values(student).map(value => ({
    shape: shapeOf(value),
    data: Float64Array.from(value.flat()),
  }))
  const [value, ...gradients] = evaluate(graph, inputs)
  const { loss: expected, grads } = fixture.expected
  const lossError = Math.abs(value.data[0] - expected) / Math.max(Math.abs(expected), Number.MIN_VALUE)
  const names = Object.keys(student)
  const gradientError = Math.max(
    ...names.map((name, i) => relativeError(gradients[i].data, Float64Array.from(grads[name].flat()))),
  )
  const passed = lossError <= LOSS_TOLERANCE && gradientError <= GRADIENT_TOLERANCE
  return { term: fixture.term, lossError, gradientError, passed }
}
