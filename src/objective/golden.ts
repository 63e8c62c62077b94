import { z } from 'zod'
import {
  checkGraph,
  constant,
  evaluate,
  simplify,
  spec,
  type Tensor,
  trace,
  valueAndGrad,
} from '../autodiff/index.ts'
import {
  applyMlp,
  type FlowMap,
  flowMap,
  interpolants,
  type MlpOptions,
  type ParameterizationName,
  pathOf,
} from '../model/index.ts'
import { type DiagonalId, diagonals, objectives } from './catalogue.ts'
import {
  adaptive,
  cauchy,
  type Draw,
  type ErrorFunction,
  type Loss,
  pseudoHuber,
  squaredError,
} from './loss.ts'

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
  return flowMap(applyMlp(options, layers), parameterization)
}

const missing = (term: string, name: string) => ({
  velocity: (): never => {
    throw new UnknownRowError(`${term}: the fixture has no ${name}`)
  },
})

const constants = (network: NetworkValues): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(network).map(([name, value]) => [name, constant(value.flat(), shapeOf(value), 'float64')]),
  )

/** Options that any row can take. */
const commonOptions = z.object({
  interpolant: z.enum(['linear', 'trig']).default('linear'),
  parameterization: z.enum(['average-velocity', 'denoised']).default('average-velocity'),
  loss: z.enum(['mse', 'pseudo-huber', 'cauchy']).default('mse'),
  weight: z.enum(['none', 'adaptive']).default('none'),
  p: z.number().default(1),
  c: z.number().optional(),
  norm: z.enum(['sum', 'mean']).optional(),
})

function errorFunction(options: z.infer<typeof commonOptions>): ErrorFunction {
  const { loss, weight, p, c = 1e-3, norm } = options
  const base = { mse: squaredError, 'pseudo-huber': pseudoHuber(c, norm), cauchy: cauchy(c, norm) }[loss]
  return weight === 'adaptive' ? adaptive(base, p, c, norm) : base
}

const COMMON_KEYS = Object.keys(commonOptions.shape)

/** The row's formula with its options. */
function findLoss(term: string, options: Record<string, unknown>): Loss {
  if (term.startsWith('diagonal:')) {
    const diagonal = diagonals[term.slice('diagonal:'.length) as DiagonalId]
    if (!diagonal) throw new UnknownRowError(`no diagonal term ${term.slice('diagonal:'.length)}`)
    return diagonal
  }
  const objective = objectives.get(term)
  if (!objective?.loss) throw new UnknownRowError(`no objective ${term}`)
  const parsed = objective.options.safeParse(options)
  if (!parsed.success)
    throw new UnknownRowError(`${term}: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`)
  return objective.loss(parsed.data)
}

/**
 * Computes a fixture's loss and gradients in float64 through the same graph passes that training uses, and compares.
 *
 * @throws UnknownRowError when the catalogue has no such row or option
 */
export function checkFixture(fixture: Fixture): GoldenResult {
  const { target: targetName, ...options } = fixture.options
  const own = Object.fromEntries(Object.entries(options).filter(([key]) => !COMMON_KEYS.includes(key)))
  const loss = findLoss(fixture.term, own)
  const common = commonOptions.parse(options)
  const error = errorFunction(common)
  const { student, target, teacher } = fixture.networks
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
    const { parameterization } = common
    const student = (values: Record<string, Tensor>) => bindNetwork(fixture, values, 's,t', parameterization)
    const map = student(parameters)
    const draw: Draw = {
      map,
      target: targetName === 'student' || !target ? map : student(constants(target)),
      teacher: teacher ? bindNetwork(fixture, constants(teacher), 's') : missing(fixture.term, 'teacher'),
      path: pathOf(interpolants[common.interpolant], batch.x0, batch.eps),
      s: batch.s,
      t: batch.t,
      m: batch.m,
      error,
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

function relativeError(found: Float64Array, expected: Float64Array): number {
  const scale = expected.reduce((top, v) => Math.max(top, Math.abs(v)), 1e-12)
  return found.reduce((worst, v, i) => Math.max(worst, Math.abs(v - expected[i]) / scale), 0)
}
