import { describe, expect, test } from 'vitest'
import { constant, evaluate, spec, type Tensor, trace } from '../../src/autodiff/index.ts'
import {
  coefficientsAt,
  flat,
  flowMap,
  type InterpolantName,
  interpolants,
  type ParameterizationName,
  type PredictionName,
  pairAt,
  pathOf,
  predictions,
} from '../../src/model/index.ts'
import { denoise } from '../../src/objective/denoise.ts'
import type { DenoiseWeighting } from '../../src/objective/denoise-weights.ts'
import { comparing, type Draw, squaredError } from '../../src/objective/loss.ts'
import { random } from '../../src/random/random.ts'

const NAMES = Object.keys(predictions) as PredictionName[]
const column = (values: readonly number[]) => constant(values, [values.length, 1], 'float64')

/** The loss of a network for each sample. */
function losses(
  reading: { path: InterpolantName; predicts?: PredictionName; parameterization?: ParameterizationName },
  network: (x: Tensor, s: Tensor) => Tensor,
  { x0, eps, s }: Readonly<Record<'x0' | 'eps' | 's', readonly number[]>>,
  weighting: DenoiseWeighting = 'none',
): number[] {
  const path = interpolants[reading.path]
  const graph = trace(() => {
    const draw = {
      map: flowMap((x, s) => network(x, s), { ...reading, path }),
      path: pathOf(path, column(x0), column(eps)),
      s: column(s),
      ...comparing(flat, squaredError),
    } as unknown as Draw
    return denoise(weighting, 5)(draw)
  }, spec([]))
  return [...evaluate(graph, [{ shape: [], data: Float64Array.of(0) }])[0].data]
}

const BATCH = { x0: [0.3, -1.2, 0.8], eps: [1.1, 0.4, -0.6], s: [0.2, 0.5, 0.9] }

describe('a prediction is what it says of data and noise', () => {
  test.each(['linear', 'trig', 'vp', 'cosine', 've'] as const)('on the %s path', path => {
    for (const predicts of NAMES) {
      for (const t of [0.15, 0.5, 0.85]) {
        const at = coefficientsAt(interpolants[path], t)
        const [x0, eps] = [0.7, -0.4]
        const x = at.alpha * x0 + at.sigma * eps
        const out = {
          x0,
          eps,
          score: -eps / at.sigma,
          velocity: at.alphaRate * x0 + at.sigmaRate * eps,
          v: at.alpha * eps - at.sigma * x0,
        }[predicts]
        const said = pairAt(interpolants[path], predictions[predicts], t)
        const value = (what: keyof typeof said) => said[what].x * x + said[what].out * out
        const slack = 1e-12 * Math.max(at.sigma / at.alpha, at.alpha / at.sigma, 1)
        expect(Math.abs(value('x0') - x0)).toBeLessThan(slack)
        expect(Math.abs(value('eps') - eps)).toBeLessThan(slack)
        const rate = at.alphaRate * x0 + at.sigmaRate * eps
        expect(Math.abs(value('velocity') - rate)).toBeLessThan(slack * Math.max(1, Math.abs(rate)))
      }
    }
  })
})

describe('denoise', () => {
  test.each(NAMES)('%s: nothing is left of a network that knows the pair', predicts => {
    // Of one sample it may know data and noise.
    const one = { x0: [0.3], eps: [1.1], s: [0.4] }
    const at = coefficientsAt(interpolants.vp, 0.4)
    const out = {
      x0: 0.3,
      eps: 1.1,
      score: -1.1 / at.sigma,
      velocity: at.alphaRate * 0.3 + at.sigmaRate * 1.1,
      v: at.alpha * 1.1 - at.sigma * 0.3,
    }[predicts]
    const exact = losses({ path: 'vp', predicts }, x => x.mul(0).add(out), one)
    expect(exact[0]).toBeLessThan(1e-28)
    const off = losses({ path: 'vp', predicts }, x => x.mul(0).add(out + 0.1), one)
    expect(off[0]).toBeCloseTo(0.01, 12)
  })

  test('inside of edm nothing is left either', () => {
    const { alpha, sigma } = coefficientsAt(interpolants.ve, 0.4)
    const out = (sigma * 0.3 - alpha * 1.1) / Math.hypot(alpha, sigma)
    const one = { x0: [0.3], eps: [1.1], s: [0.4] }
    const exact = losses({ path: 've', parameterization: 'edm' }, x => x.mul(0).add(out), one)
    expect(exact[0]).toBeLessThan(1e-26)
  })

  test('weighted, every prediction of the same pair has the same loss', () => {
    // Networks that say the same of data and noise: x0 = 0.2 x.
    const asked = (predicts: PredictionName, weighting: DenoiseWeighting) =>
      losses(
        { path: 'vp', predicts },
        (x, s) => {
          const { alpha, sigma } = { alpha: interpolants.vp.alpha(s), sigma: interpolants.vp.sigma(s) }
          const x0 = x.mul(0.2)
          const eps = x.sub(alpha.mul(x0)).div(sigma)
          const rate = pathOf(interpolants.vp, x0, eps).velocity(s)
          return {
            x0,
            eps,
            score: eps.neg().div(sigma),
            velocity: rate,
            v: alpha.mul(eps).sub(sigma.mul(x0)),
          }[predicts]
        },
        BATCH,
        weighting,
      )
    for (const weighting of ['min-snr', 'likelihood'] as const) {
      const [first, ...others] = NAMES.map(predicts => asked(predicts, weighting))
      for (const other of others) {
        other.forEach((value, i) => {
          expect(value).toBeCloseTo(first[i], 10)
        })
      }
    }
    // Without, it has not.
    expect(asked('x0', 'none')[2]).not.toBeCloseTo(asked('eps', 'none')[2], 3)
  })

  test('with the likelihood weights, the loss over the path bounds the likelihood of Gaussian data', () => {
    // Exact denoiser of N(0, d^2): the integral of W/(alpha sigma) |eps - E eps|^2 is half of what the bound has.
    const d = 0.5
    const source = random(3, 'bound')
    const count = 40_000
    const [low, high] = [1e-3, 1 - 1e-3]
    const draws = Array.from({ length: count }, () => ({
      x0: d * source.normal(),
      eps: source.normal(),
      s: low + (high - low) * source.uniform(),
    }))
    const batch = {
      x0: draws.map(each => each.x0),
      eps: draws.map(each => each.eps),
      s: draws.map(each => each.s),
    }
    const exact = losses(
      { path: 'linear', predicts: 'eps' },
      (x, s) => {
        const alpha = s.neg().add(1)
        const power = alpha
          .square()
          .mul(d * d)
          .add(s.square())
        return s.mul(x).div(power)
      },
      batch,
      'likelihood',
    )
    const diffusion = (high - low) * (exact.reduce((sum, value) => sum + value, 0) / count)
    // The integral over lambda of d^2 alpha^2/(alpha^2 d^2 + sigma^2), in closed form.
    const inner = (t: number) => Math.log(d * d + (t / (1 - t)) ** 2) / 2 - Math.log(t / (1 - t))
    const closed = inner(low) - inner(high)
    expect(Math.abs(diffusion - closed) / closed).toBeLessThan(0.05)
  })
})
