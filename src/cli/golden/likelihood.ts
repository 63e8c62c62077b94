import { z } from 'zod'
import { onesLike, simplify, spec, type Tensor, trace, vjp } from '../../autodiff/index.ts'
import { determinants } from '../../density/determinant.ts'
import { flowLogDensity, follow, slopesOf } from '../../density/flow.ts'
import {
  effectiveShareFromTarget,
  importance,
  normalizedWeights,
  weightedMean,
} from '../../density/importance.ts'
import { linearize } from '../../density/linearize.ts'
import { pairWells } from '../../model/energy/four-particles.ts'
import { lennardJonesSystem } from '../../model/energy/lennard-jones.ts'
import { wholeEnergy } from '../../model/energy/particles.ts'
import {
  coefficientsAt,
  curvedFlow,
  energies,
  type FlowMap,
  gaussianFlow,
  type InterpolantName,
  interpolants,
  type Mixture,
  mixtureLogDensityAt,
  mixtureVelocity,
  type VelocityField,
} from '../../model/index.ts'
import { UnknownRowError } from '../../objective/golden.ts'
import { type Agreement, relativeError } from '../../objective/golden-agreement.ts'
import { interpret } from '../../runtime/interpret.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { solve } from '../../sampler/adaptive.ts'

const TOLERANCE = 1e-9
/** Of jumps that a solver made. */
const SOLVED_TOLERANCE = 1e-7
/** Local error of the solver here. */
const LOCAL = 1e-12

const vector = z.array(z.number())
const matrix = z.array(vector)
/** A number that is not finite is `null`. */
const perhaps = z.number().nullable()

/** Graphs in float64, node by node. */
const runtime: Runtime = {
  compile: async graph => interpret(graph),
  compileScan: () => Promise.reject(new Error('no scan is needed here')),
  openModel: () => Promise.reject(new Error('no file is needed here')),
}

/** What was found beside what was expected, each under one name: numbers, or rows of them. */
type Pairs = Readonly<Record<string, readonly [found: unknown, expected: unknown]>>

function numbersIn(value: unknown): number[] {
  if (value === null) return [Number.NaN]
  if (typeof value === 'number') return [value]
  return Object.values(value as object).flatMap(numbersIn)
}

function agreement(pairs: Pairs, limit = (_: string) => TOLERANCE): Agreement {
  const errors = Object.fromEntries(
    Object.entries(pairs).map(([name, [found, expected]]) => {
      const [ours, theirs] = [numbersIn(found), numbersIn(expected)]
      if (ours.length !== theirs.length) {
        throw new Error(`${name}: ${ours.length} numbers for ${theirs.length}`)
      }
      const finite = theirs.flatMap((value, i) => (Number.isFinite(value) ? [i] : []))
      const isMissed = theirs.some((value, i) => Number.isFinite(value) !== Number.isFinite(ours[i]))
      const error = relativeError(
        Float64Array.from(finite, i => ours[i]),
        Float64Array.from(finite, i => theirs[i]),
      )
      return [name, isMissed ? Number.POSITIVE_INFINITY : error]
    }),
  )
  return { errors, passed: Object.entries(errors).every(([name, error]) => error <= limit(name)) }
}

const flat = (rows: readonly (readonly number[])[]): Float64Array => Float64Array.from(rows.flat())

/** A function of points and one time, in numbers. */
async function at(
  f: (x: Tensor, t: Tensor) => Tensor,
  x: Float64Array,
  dimension: number,
  t: number,
): Promise<Float64Array> {
  const rows = spec([x.length / dimension, dimension], 'float64')
  const graph = simplify(trace(({ x, t }) => f(x, t), { x: rows, t: spec([1, 1], 'float64') }))
  return (await interpret(graph).run([x, Float64Array.of(t)]))[0] as Float64Array
}

const pathOf = (name: string) => {
  if (Object.hasOwn(interpolants, name)) return interpolants[name as InterpolantName]
  throw new UnknownRowError(`path: expected one of ${Object.keys(interpolants).join(', ')}; found ${name}`)
}

async function divergenceAt(field: VelocityField, x: Float64Array, dimension: number, t: number) {
  const slopes = await slopesOf(runtime, field, dimension, x.length / dimension, {})
  return slopes.run(x, t)
}

/** A closed flow at one pair of times: ends and determinants of its jumps, velocity and divergence where they begin. */
async function ofClosed(flow: FlowMap, x: Float64Array, dimension: number, s: number, t: number) {
  const jumps = await linearize(runtime, flow.jump, dimension)
  const { values: y, jacobian } = await jumps.run(x, s, t)
  const { values: velocity, divergence } = await divergenceAt(flow, x, dimension, s)
  return { y, velocity, divergence, logDeterminant: determinants(jacobian, dimension).log }
}

/** `log N(alpha mean, alpha^2 scales^2 + sigma^2)` of noisy points. */
const noisyDensity = (mixture: Mixture, path: InterpolantName, x: Float64Array, t: number) =>
  at((x, t) => mixtureLogDensityAt(mixture, pathOf(path), x, t), x, mixture.components[0].mean.length, t)

const gaussianSchema = z.object({
  mean: vector,
  scales: vector,
  expected: z.array(
    z.object({
      path: z.string(),
      s: z.number(),
      t: z.number(),
      x: matrix,
      y: matrix,
      velocity: matrix,
      divergence: z.number(),
      logDeterminant: z.number(),
      logDensity: vector,
      logDensityAfter: vector,
    }),
  ),
})

async function checkGaussian(json: unknown): Promise<Agreement> {
  const { mean, scales, expected } = gaussianSchema.parse(json)
  const mixture: Mixture = { components: [{ weight: 1, mean, scales }] }
  const pairs: Record<string, [unknown[], unknown[]]> = {}
  const add = (name: string, found: unknown, wanted: unknown) => {
    pairs[name] ??= [[], []]
    pairs[name][0].push(found)
    pairs[name][1].push(wanted)
  }
  for (const { path: name, s, t, x, ...wanted } of expected) {
    const path = pathOf(name)
    const found = await ofClosed(gaussianFlow(mean, scales, path), flat(x), mean.length, s, t)
    const logDensity = await noisyDensity(mixture, name as InterpolantName, flat(x), s)
    add('y', found.y, wanted.y)
    add('velocity', found.velocity, wanted.velocity)
    add(
      'divergence',
      found.divergence,
      x.map(() => wanted.divergence),
    )
    add(
      'logDeterminant',
      found.logDeterminant,
      x.map(() => wanted.logDeterminant),
    )
    add('logDensity', logDensity, wanted.logDensity)
    add(
      'logDensityAfter',
      logDensity.map((value, i) => value - found.logDeterminant[i]),
      wanted.logDensityAfter,
    )
  }
  return agreement(pairs)
}

const curvedSchema = z.object({
  rotation: matrix,
  mean: z.number(),
  scale: z.number(),
  expected: z.array(
    z.object({
      s: z.number(),
      t: z.number(),
      x: matrix,
      y: matrix,
      velocity: matrix,
      divergence: vector,
      logDeterminant: vector,
      averageDivergence: vector,
    }),
  ),
})

const CURVED = ['y', 'velocity', 'divergence', 'logDeterminant', 'averageDivergence'] as const

async function checkCurved(json: unknown): Promise<Agreement> {
  const { rotation, mean, scale, expected } = curvedSchema.parse(json)
  const flow = curvedFlow(mean, scale, rotation)
  const found: Record<(typeof CURVED)[number], Float64Array>[] = []
  for (const { s, t, x } of expected) {
    const one = await ofClosed(flow, flat(x), rotation.length, s, t)
    found.push({ ...one, averageDivergence: one.logDeterminant.map(value => value / (t - s)) })
  }
  return agreement(
    Object.fromEntries(
      CURVED.map(name => [name, [found.map(one => one[name]), expected.map(one => one[name])]] as const),
    ),
  )
}

const densitySchema = z.object({
  path: z.string(),
  data: z.object({
    components: z.array(
      z.object({ weight: z.number(), mean: vector, scales: vector, axes: matrix.optional() }),
    ),
  }),
  instantaneous: z.object({
    t: z.number(),
    x: matrix,
    velocity: matrix,
    score: matrix,
    jacobian: z.array(matrix),
    divergence: vector,
    noiseVariance: vector,
    logDensity: vector,
  }),
  logDensityOfData: z.object({ x: matrix, value: vector }).optional(),
  jumps: z.array(
    z.object({
      s: z.number(),
      t: z.number(),
      x: matrix,
      y: matrix,
      logDeterminant: vector,
      averageDivergence: vector,
      jacobian: z.array(matrix),
    }),
  ),
})

/** Solves points together with the Jacobian of the flow, `[n, D, D]`, `[i, j] = d F_i / d x_j`. */
async function solvedJacobian(
  field: VelocityField,
  x: Float64Array,
  dimension: number,
  s: number,
  t: number,
) {
  const program = await linearize(runtime, (x, t) => field.velocity(x, t), dimension)
  const count = x.length / dimension
  const square = dimension ** 2
  const start = new Float64Array(count * (dimension + square))
  start.set(x)
  for (let i = 0; i < count; i++) {
    for (let k = 0; k < dimension; k++) start[x.length + i * square + k * (dimension + 1)] = 1
  }
  const slope = async (state: Float64Array, time: number): Promise<Float64Array> => {
    const { values, jacobian } = await program.run(state.slice(0, x.length), time)
    const out = new Float64Array(state.length)
    out.set(values)
    for (let i = 0; i < count; i++) {
      const at = i * square
      for (let row = 0; row < dimension; row++) {
        for (let column = 0; column < dimension; column++) {
          let sum = 0
          for (let k = 0; k < dimension; k++) {
            sum += jacobian[at + k * dimension + row] * state[x.length + at + k * dimension + column]
          }
          out[x.length + at + row * dimension + column] = sum
        }
      }
    }
    return out
  }
  return (await solve(slope, start, s, t, { tolerance: LOCAL })).slice(x.length)
}

async function checkDensity(json: unknown): Promise<Agreement> {
  const { path: name, data, instantaneous, logDensityOfData, jumps } = densitySchema.parse(json)
  const path = pathOf(name)
  const mixture: Mixture = data
  const dimension = mixture.components[0].mean.length
  const field = mixtureVelocity(mixture, path)
  const { t, ...wanted } = instantaneous
  const x = flat(wanted.x)
  const { values: velocity, divergence } = await divergenceAt(field, x, dimension, t)
  const program = await linearize(runtime, (x, t) => field.velocity(x, t), dimension)
  const { jacobian } = await program.run(x, t)
  const score = await at(
    (x, t) => {
      const [value, pull] = vjp((x: Tensor) => mixtureLogDensityAt(mixture, path, x, t), [x])
      return pull(onesLike(value))[0]
    },
    x,
    dimension,
    t,
  )
  const { alpha, sigma, alphaRate, sigmaRate } = coefficientsAt(path, t)
  const W = alpha * sigmaRate - alphaRate * sigma
  const noiseVariance = divergence.map(
    value => dimension - ((value - (dimension * alphaRate) / alpha) * alpha * sigma) / W,
  )
  const made: Record<string, [unknown[], unknown[]]> = {
    jumpEnd: [[], []],
    jumpDeterminant: [[], []],
    jumpDivergence: [[], []],
    jumpJacobian: [[], []],
  }
  const add = (key: string, found: unknown, expected: unknown) => {
    made[key][0].push(found)
    made[key][1].push(expected)
  }
  for (const jump of jumps) {
    const from = flat(jump.x)
    const { ends, integral } = await follow(runtime, field, from, dimension, [jump.s, jump.t], {
      tolerance: LOCAL,
    })
    add('jumpEnd', ends, jump.y)
    add('jumpDeterminant', integral, jump.logDeterminant)
    add(
      'jumpDivergence',
      integral.map(value => value / (jump.t - jump.s)),
      jump.averageDivergence,
    )
    add('jumpJacobian', await solvedJacobian(field, from, dimension, jump.s, jump.t), jump.jacobian)
  }
  return agreement(
    {
      velocity: [velocity, wanted.velocity],
      score: [score, wanted.score],
      jacobian: [transposed(jacobian, dimension), wanted.jacobian],
      divergence: [divergence, wanted.divergence],
      noiseVariance: [noiseVariance, wanted.noiseVariance],
      logDensity: [await noisyDensity(mixture, name as InterpolantName, x, t), wanted.logDensity],
      ...(logDensityOfData && {
        logDensityOfData: [
          await noisyDensity(mixture, 'linear', flat(logDensityOfData.x), 0),
          logDensityOfData.value,
        ],
        // The linear path alone leaves nothing of the data at time 1.
        ...(name === 'linear' && {
          solvedDensity: [
            await flowLogDensity(runtime, field, flat(logDensityOfData.x), dimension, {
              tolerance: LOCAL,
            }),
            logDensityOfData.value,
          ],
        }),
      }),
      ...made,
    },
    key => (key.startsWith('jump') || key.startsWith('solved') ? SOLVED_TOLERANCE : TOLERANCE),
  )
}

const transposed = (matrices: Float64Array, size: number): Float64Array =>
  matrices.map((_, i) => {
    const [row, column] = [Math.floor(i / size) % size, i % size]
    return matrices[i - (i % size ** 2) + column * size + row]
  })

const importanceSchema = z.object({
  logWeight: vector,
  values: vector,
  logWeightFromTarget: vector,
  expected: z.object({
    weights: vector,
    effectiveSampleSize: perhaps,
    logNormalizer: perhaps,
    logNormalizerError: perhaps,
    mean: perhaps,
    meanError: perhaps,
    effectiveShareFromTarget: perhaps,
    reverseKl: perhaps,
  }),
})

async function checkImportance(json: unknown): Promise<Agreement> {
  const { logWeight, values, logWeightFromTarget, expected } = importanceSchema.parse(json)
  const found = importance(logWeight)
  const mean = weightedMean(logWeight, values)
  return agreement({
    weights: [normalizedWeights(logWeight), expected.weights],
    effectiveSampleSize: [found.effectiveShare * logWeight.length, expected.effectiveSampleSize],
    logNormalizer: [found.logNormalizer, expected.logNormalizer],
    logNormalizerError: [found.error, expected.logNormalizerError],
    mean: [mean.value, expected.mean],
    meanError: [mean.error, expected.meanError],
    effectiveShareFromTarget: [
      effectiveShareFromTarget(logWeightFromTarget),
      expected.effectiveShareFromTarget,
    ],
    reverseKl: [found.divergence, expected.reverseKl],
  })
}

const energySchema = z.looseObject({
  energy: z.string(),
  logNormalizer: z.number().optional(),
  x: matrix,
  value: z.array(perhaps),
  gradient: z.array(z.array(perhaps)),
})

/** The options of an energy among a fixture's keys. */
function optionsIn(name: string, fixture: Readonly<Record<string, unknown>>, dimension: number) {
  if (!Object.hasOwn(energies, name)) {
    throw new UnknownRowError(`energy: expected one of ${Object.keys(energies).join(', ')}; found ${name}`)
  }
  const { shape } = energies[name].schema as unknown as { readonly shape: object }
  const given = { dimension, ...fixture }
  const known = Object.entries(given).filter(([key]) => Object.hasOwn(shape, key))
  return energies[name].schema.parse(Object.fromEntries(known))
}

/** Energies of particles are of all coordinates here, wherever their center is. */
const wholes: Readonly<Record<string, (options: never) => (x: Tensor) => Tensor>> = {
  'four-particles': options => wholeEnergy(pairWells(options)),
  'lennard-jones': options => wholeEnergy(lennardJonesSystem(options)),
}

async function checkEnergy(json: unknown): Promise<Agreement> {
  const { energy: name, logNormalizer, x, value, gradient, ...rest } = energySchema.parse(json)
  const dimension = x[0].length
  const options = optionsIn(name, rest, dimension)
  const known = energies[name].open(options)
  const energy = wholes[name]?.(options as never) ?? known.energy
  const rows = spec([x.length, dimension], 'float64')
  const graph = trace(x => {
    const [value, pull] = vjp(energy, [x])
    return { value, gradient: pull(onesLike(value))[0] }
  }, rows)
  const [values, slopes] = await interpret(simplify(graph)).run([flat(x)])
  return agreement({
    value: [values, value],
    gradient: [slopes, gradient],
    ...(logNormalizer !== undefined && { logNormalizer: [known.logNormalizer, logNormalizer] }),
  })
}

/** How fixtures of densities are checked, by their `kind`. */
export const likelihoodKinds: Readonly<Record<string, (json: unknown) => Promise<Agreement>>> = {
  gaussian: checkGaussian,
  curved: checkCurved,
  density: checkDensity,
  importance: checkImportance,
  energy: checkEnergy,
}
