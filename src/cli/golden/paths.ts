import { z } from 'zod'
import {
  coefficientsAt,
  interpolants,
  type PredictionName,
  pairAt,
  predictions,
  processAt,
} from '../../model/index.ts'
import { type Agreement, relativeError } from '../../objective/golden-agreement.ts'
import { shifted } from '../../objective/index.ts'
import { karrasSigmas } from '../../sampler/schedulers.ts'
import { namedRow } from './named-row.ts'

export const TOLERANCE = 1e-9

const agreement = (term: string, errors: Record<string, number>): Agreement => ({
  term,
  errors,
  passed: Object.values(errors).every(error => error <= TOLERANCE),
})

const pathSchema = z.object({
  path: z.string(),
  expected: z.array(z.record(z.string(), z.number().nullable())),
})

/** Compares a path's coefficients and what is derived from them. */
export function checkPath(json: unknown): Agreement {
  const { path, expected } = pathSchema.parse(json)
  const row = namedRow('path', interpolants, path)
  const found = expected.map(({ t }) => {
    const { alpha, sigma, alphaRate, sigmaRate } = coefficientsAt(row, t!)
    return {
      t: t!,
      alpha,
      sigma,
      alphaPrime: alphaRate,
      sigmaPrime: sigmaRate,
      logRatio: Math.log(sigma / alpha),
      ...processAt(row, t!),
    }
  })
  const errors = Object.fromEntries(
    Object.keys(found[0])
      .filter(name => name in expected[0])
      .map(name => {
        // What is not finite is left open.
        const open = expected.map(each => each[name] === null)
        const [mine, theirs] = [found, expected].map(rows =>
          rows.flatMap((each, i) => (open[i] ? [] : [(each as Record<string, number>)[name]])),
        )
        return [name, relativeError(Float64Array.from(mine), Float64Array.from(theirs))]
      }),
  )
  return agreement(path, errors)
}

const points = z.array(z.array(z.number()))
const names = [...(Object.keys(predictions) as PredictionName[])]
const conversionsSchema = z.object({
  cases: z.array(
    z.object({
      path: z.string(),
      t: z.number(),
      x: points,
      ...(Object.fromEntries(names.map(name => [name, points])) as Record<PredictionName, typeof points>),
    }),
  ),
})

/** Compares each prediction, as it follows from any other, with those of a fixture. */
export function checkConversions(json: unknown): Agreement {
  const { cases } = conversionsSchema.parse(json)
  const errors: Record<string, number> = {}
  for (const given of cases) {
    const path = namedRow('path', interpolants, given.path)
    const x = given.x.flat()
    for (const from of names) {
      const out = given[from].flat()
      const at = pairAt(path, predictions[from], given.t)
      const said = (what: keyof typeof at) => x.map((value, i) => at[what].x * value + at[what].out * out[i])
      const { alpha, sigma } = coefficientsAt(path, given.t)
      const [x0, eps] = [said('x0'), said('eps')]
      const found = {
        ...{ x0, eps, score: said('score'), velocity: said('velocity') },
        v: x0.map((value, i) => alpha * eps[i] - sigma * value),
      }
      // A round trip is as good as the ratio of data and noise lets it be.
      const slack = Math.max(sigma / alpha, alpha / sigma, 1)
      for (const to of names) {
        const error = relativeError(Float64Array.from(found[to]), Float64Array.from(given[to].flat())) / slack
        errors[`${from} to ${to}`] = Math.max(errors[`${from} to ${to}`] ?? 0, error)
      }
    }
  }
  return agreement('conversions', errors)
}

const schedulesSchema = z.object({
  ddpmLinear: z.object({ k: z.array(z.number()), alphaBar: z.array(z.number()) }).optional(),
  karras: z
    .object({
      n: z.int(),
      least: z.number(),
      largest: z.number(),
      rho: z.number(),
      sigma: z.array(z.number()),
    })
    .optional(),
  shifted: z.object({ shift: z.number(), t: z.array(z.number()), to: z.array(z.number()) }).optional(),
})

/** Compares discrete noise levels and spacings. */
export function checkSchedules(json: unknown): Agreement {
  const { ddpmLinear, karras, shifted: moved } = schedulesSchema.parse(json)
  const errors: Record<string, number> = {}
  if (ddpmLinear) {
    const found = ddpmLinear.k.map(k => coefficientsAt(interpolants['ddpm-linear'], k / 1000).alpha ** 2)
    errors.ddpmLinear = relativeError(Float64Array.from(found), Float64Array.from(ddpmLinear.alphaBar))
  }
  if (karras) {
    const found = karrasSigmas(karras.n, karras.least, karras.largest, karras.rho)
    errors.karras = relativeError(Float64Array.from(found), Float64Array.from(karras.sigma))
  }
  if (moved) {
    const found = moved.t.map(t => shifted(t, moved.shift))
    errors.shifted = relativeError(Float64Array.from(found), Float64Array.from(moved.to))
  }
  return agreement('schedules', errors)
}
