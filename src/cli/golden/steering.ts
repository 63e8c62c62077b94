import { z } from 'zod'
import {
  covarianceOfLaw,
  exactAhead,
  meanOf,
  observationLogLikelihood,
  posterior,
  tilted,
} from '../../model/exact-tilt.ts'
import { interpolants, type Mixture, type Quadratic } from '../../model/index.ts'
import { UnknownRowError } from '../../objective/golden.ts'
import { type Agreement, relativeError } from '../../objective/golden-agreement.ts'
import { interpret } from '../../runtime/interpret.ts'
import { denoised } from '../../steering/denoised.ts'
import { slerp } from '../../steering/edit.ts'
import { type Compile, exactMap } from '../../steering/exact-map.ts'
import { bridge } from '../../steering/kernels.ts'
import { lookAhead, posteriorMeans } from '../../steering/look-ahead.ts'
import { proposal } from '../../steering/moves.ts'
import { earlyStop, innerVelocity } from '../../steering/posterior.ts'
import { resamplings } from '../../steering/resampling.ts'
import type { PointReward } from '../../steering/steerable.ts'
import { effectiveCount, logMeanExp, normalized } from '../../steering/weights.ts'

const TOLERANCE = 1e-9
/** Of gradients of a solved jump. */
const JUMP_TOLERANCE = 1e-7

type Found = Readonly<Record<string, unknown>>
type Case = (input: unknown) => Found | Promise<Found>

const vector = z.array(z.number())
const matrix = z.array(vector)
const mixtureSchema = z.object({ weights: vector, means: matrix, sds: matrix }).transform(
  ({ weights, means, sds }): Mixture => ({
    components: weights.map((weight, k) => ({ weight, mean: means[k], scales: sds[k] })),
  }),
)
const quadraticKeys = { A: matrix, c: vector, b: vector }
const quadraticOf = ({ A, c, b }: { A: number[][]; c: number[]; b: number[] }): Quadratic => ({
  A,
  center: c,
  b,
  constant: 0,
})

const flat = (rows: readonly (readonly number[])[]): Float64Array => Float64Array.from(rows.flat())
const rowsOf = (values: ArrayLike<number>, size: number): number[][] =>
  Array.from({ length: values.length / size }, (_, i) =>
    Array.from({ length: size }, (_, k) => values[i * size + k]),
  )

const compile: Compile = async graph => {
  const program = interpret(graph)
  return { run: async inputs => (await program.run(inputs)) as Float64Array[] }
}

const lawOf = ({ components }: ReturnType<typeof tilted>) => ({
  weights: components.map(({ weight }) => weight),
  means: components.map(({ mean }) => mean),
  covariances: components.map(({ covariance }) => covariance),
})

/** A quadratic as a reward of points. */
const rewardOf = ({ A, center, b, constant }: Quadratic): PointReward<Float64Array> => {
  const slope = (x: readonly number[]) =>
    b.map((value, i) => value - A[i].reduce((sum, a, j) => sum + a * (x[j] - center[j]), 0))
  const D = center.length
  return {
    value: async x =>
      rowsOf(x, D).map(row => {
        const g = slope(row)
        return row.reduce(
          (sum, value, i) => sum + ((g[i] + b[i]) * (value - center[i])) / 2 + b[i] * center[i],
          constant,
        )
      }),
    gradient: async x => flat(rowsOf(x, D).map(slope)),
    quadratic: { A, center, b, constant },
  }
}

/** Uniform numbers that were drawn before, one after another. */
const drawn = (values: readonly number[]): (() => number) => {
  let k = 0
  return () => values[k++]
}

const cases: Readonly<Record<string, Case>> = {
  'exact-tilt': async input => {
    const { mixture, x, t, ...q } = z
      .object({ mixture: mixtureSchema, ...quadraticKeys, x: matrix, t: z.number() })
      .parse(input)
    const reward = quadraticOf(q)
    const law = tilted(mixture, reward)
    const ahead = x.map(row => exactAhead(mixture, reward, row, 1 - t, t))
    return {
      ...lawOf(law),
      logZ: law.logZ,
      value: ahead.map(({ value }) => value),
      valueGradient: ahead.map(({ gradient }) => gradient),
      velocity: ahead.map(({ denoised }, i) => denoised.map((value, k) => (x[i][k] - value) / t)),
      tiltedVelocity: ahead.map(({ tiltedDenoised }, i) =>
        tiltedDenoised.map((value, k) => (x[i][k] - value) / t),
      ),
    }
  },
  'exact-posterior': input => {
    const { mixture, x, t } = z.object({ mixture: mixtureSchema, x: matrix, t: z.number() }).parse(input)
    const laws = x.map(row => posterior(mixture, row, 1 - t, t))
    const parts = laws.map(lawOf)
    return {
      weights: parts.map(({ weights }) => weights),
      means: parts.map(({ means }) => means),
      covariances: parts.map(({ covariances }) => covariances),
      mean: laws.map(meanOf),
      covariance: laws.map(covarianceOfLaw),
    }
  },
  'exact-inverse': input => {
    const { mixture, H, y, sd } = z
      .object({ mixture: mixtureSchema, H: matrix, y: vector, sd: z.number() })
      .parse(input)
    const law = tilted(mixture, observationLogLikelihood(H, y, sd))
    return { ...lawOf(law), logEvidence: law.logZ }
  },
  resampling: input => {
    const { weights, u, us } = z.object({ weights: vector, u: vector, us: vector }).parse(input)
    const w = Float64Array.from(weights)
    return {
      systematic: resamplings.systematic(w, drawn(u)),
      stratified: resamplings.stratified(w, drawn(us)),
      multinomial: resamplings.multinomial(w, drawn(us)),
      residual: resamplings.residual(w, drawn(us)),
      ess: effectiveCount(w),
    }
  },
  'smc-weights': input => {
    const { potentials, u, threshold } = z
      .object({ potentials: matrix, u: vector, threshold: z.number() })
      .parse(input)
    const n = potentials[0].length
    let ahead = Float64Array.from(potentials[0])
    let logWeights: Float64Array = ahead.slice()
    let logZ = 0
    const steps = potentials.slice(1).map((next, k) => {
      logWeights = logWeights.map((weight, i) => weight + next[i] - ahead[i])
      ahead = Float64Array.from(next)
      const weights = normalized(logWeights)
      const step = { logWeights: [...logWeights], ess: effectiveCount(weights) }
      if (k === potentials.length - 2 || step.ess >= threshold * n) return { ...step, resampled: false }
      const indices = resamplings.systematic(weights, () => u[k])
      logZ += logMeanExp(logWeights)
      logWeights = new Float64Array(n)
      ahead = Float64Array.from(indices, i => ahead[i])
      return { ...step, resampled: true, indices: [...indices] }
    })
    return { steps, logZ: logZ + logMeanExp(logWeights) }
  },
  'noise-move': async input => {
    const {
      mixture,
      z: noise,
      n,
      rho,
      kappa,
      u,
      ...q
    } = z
      .object({
        mixture: mixtureSchema,
        ...quadraticKeys,
        z: matrix,
        n: matrix,
        rho: z.number(),
        kappa: z.number(),
        u: vector,
      })
      .parse(input)
    const map = exactMap(mixture, compile)
    const reward = rewardOf(quadraticOf(q))
    const normal = flat(n)
    const moved = proposal(flat(noise), rho, i => normal[i])
    const rewardAt = async (at: Float64Array) => Array.from(await reward.value(await map.jump(at, 1, 0)))
    const [before, after] = [await rewardAt(flat(noise)), await rewardAt(moved)]
    return {
      proposal: rowsOf(moved, noise[0].length),
      before,
      after,
      accepted: u.map((value, i) => Math.log(value) < kappa * (after[i] - before[i])),
    }
  },
  bridge: input => {
    const { xs, x0, s, t, noise } = z
      .object({ xs: matrix, x0: matrix, s: z.number(), t: z.number(), noise: matrix })
      .parse(input)
    const at = (eta: number) => {
      const by = bridge({ interpolant: interpolants.linear }, s, t, eta)
      return xs.map((row, i) =>
        row.map((value, k) => by.fromData * x0[i][k] + by.fromPoint * value + by.noise * noise[i][k]),
      )
    }
    return new Proxy({}, { get: (_, eta) => at(Number(eta)) })
  },
  'inner-velocity': async input => {
    const {
      mixture,
      xTau,
      tau,
      z: inner,
      s,
      tPrime,
    } = z
      .object({
        mixture: mixtureSchema,
        xTau: matrix,
        tau: z.number(),
        z: matrix,
        s: z.number(),
        tPrime: z.number(),
      })
      .parse(input)
    const map = exactMap(mixture, compile)
    const velocity = await innerVelocity(map, flat(inner), s, flat(xTau), tau)
    const stop = earlyStop(tau, tPrime)
    return {
      velocity: rowsOf(velocity, xTau[0].length),
      sStar: stop.s,
      xPrime: inner.map((row, i) =>
        row.map((value, k) => stop.fromCondition * xTau[i][k] + stop.fromInner * value),
      ),
    }
  },
  value: input => {
    const { x, t, velocity, samples, rewards } = z
      .object({
        x: matrix,
        t: z.number(),
        velocity: matrix,
        samples: z.array(matrix),
        rewards: matrix,
      })
      .parse(input)
    const means = posteriorMeans(flat(samples.flat()), rewards.flat(), x[0].length, samples[0].length)
    const [mean, tiltedMean] = [means.mean, means.tilted].map(values => rowsOf(values, x[0].length))
    return {
      value: rewards.map(logMeanExp),
      mean: tiltedMean,
      velocity: x.map((row, i) => row.map((value, k) => (value - tiltedMean[i][k]) / t)),
      controlled: velocity.map((row, i) =>
        row.map((value, k) => value + (mean[i][k] - tiltedMean[i][k]) / t),
      ),
    }
  },
  'look-ahead': async input => {
    const { mixture, x, t, ...q } = z
      .object({ mixture: mixtureSchema, ...quadraticKeys, x: matrix, t: z.number() })
      .parse(input)
    const map = exactMap(mixture, compile)
    const reward = rewardOf(quadraticOf(q))
    const of = (kind: 'denoiser' | 'jump') =>
      lookAhead(kind, { map, reward, beta: 1, schedule: 'one' }).gradient!(flat(x), t)
    const [byDenoiser, byJump] = [await of('denoiser'), await of('jump')]
    const size = x[0].length
    return {
      denoised: rowsOf(await denoised(map, flat(x), t), size),
      jumped: rowsOf(await map.jump(flat(x), t, 0), size),
      denoiserReward: byDenoiser.value,
      jumpReward: byJump.value,
      denoiserGradient: rowsOf(byDenoiser.gradient, size),
      jumpGradient: rowsOf(byJump.gradient, size),
    }
  },
  inversion: async input => {
    const { mixture, noise, data } = z
      .object({ mixture: mixtureSchema, noise: matrix, data: matrix })
      .parse(input)
    const map = exactMap(mixture, compile, 64)
    const size = noise[0].length
    return {
      data: rowsOf(await map.jump(flat(noise), 1, 0), size),
      noise: rowsOf(await map.jump(flat(data), 0, 1), size),
    }
  },
  slerp: input => {
    const { a, b, u } = z.object({ a: matrix, b: matrix, u: z.number() }).parse(input)
    return { points: rowsOf(slerp(flat(a), flat(b), u, a[0].length), a[0].length) }
  },
}

/** Numbers one after another, of whatever they are nested in; truth values are 0 and 1. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number' || typeof value === 'boolean') return [Number(value)]
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<number>)
  return Object.values(value as object).flatMap(numbersIn)
}

const schema = z.object({ case: z.string(), input: z.unknown(), expected: z.unknown() })

/**
 * Compares what an algorithm of steering gives with the fixture's numbers, relative to the largest of each.
 *
 * @throws UnknownRowError when there is no such case
 */
export async function checkCase(json: unknown): Promise<Agreement> {
  const { case: name, input, expected } = schema.parse(json)
  if (!Object.hasOwn(cases, name)) {
    throw new UnknownRowError(`case: expected one of ${Object.keys(cases).join(', ')}; found ${name}`)
  }
  const found = await cases[name](input)
  const wanted = Array.isArray(expected) ? { points: expected } : (expected as object)
  const errors = Object.fromEntries(
    Object.entries(wanted).map(([key, value]) => {
      const [ours, theirs] = [numbersIn(found[key]), numbersIn(value)]
      if (ours.length !== theirs.length)
        throw new Error(`${key}: ${ours.length} numbers for ${theirs.length}`)
      return [key, relativeError(Float64Array.from(ours), Float64Array.from(theirs))]
    }),
  )
  const limit = (key: string) => (key === 'jumpGradient' ? JUMP_TOLERANCE : TOLERANCE)
  return { term: name, errors, passed: Object.entries(errors).every(([key, error]) => error <= limit(key)) }
}
