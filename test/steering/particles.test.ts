import { describe, expect, test } from 'vitest'
import { random } from '../../src/random/random.ts'
import { uniformGrid } from '../../src/sampler/sampler.ts'
import { jumpKernel, type Kernel, posteriorKernel, renoiseKernel } from '../../src/steering/kernels.ts'
import { type LookAhead, lookAhead } from '../../src/steering/look-ahead.ts'
import type { LookAheadName } from '../../src/steering/names.ts'
import { noiseSpace } from '../../src/steering/noise-space.ts'
import { particles } from '../../src/steering/particles.ts'
import { resamplings } from '../../src/steering/resampling.ts'
import { effectiveCount, logMeanExp, normalized } from '../../src/steering/weights.ts'
import {
  deviation,
  gaussianMap,
  gaussianPosterior,
  mean,
  normals,
  observed,
  quadraticReward,
} from './worlds.ts'

const [SIGMA, Y, SD] = [1, 1.5, 0.5]
/** Of `y = x + sd n`: `log Z = log N(y; 0, 1 + sd^2) - log N(0; 0, sd^2)`. */
const LOG_Z = -(Y ** 2) / (2 * (SIGMA ** 2 + SD ** 2)) - Math.log((SIGMA ** 2 + SD ** 2) / SD ** 2) / 2
const [MEAN, SPREAD] = [
  (Y * SIGMA ** 2) / (SIGMA ** 2 + SD ** 2),
  (SIGMA * SD) / Math.sqrt(SIGMA ** 2 + SD ** 2),
]
const map = gaussianMap(SIGMA)
const reward = quadraticReward(observed(Y, SD))
const GRID = uniformGrid(4)
const N = 8

const kernels: Readonly<Record<string, (seed: number) => Kernel<Float64Array>>> = {
  jump: () => jumpKernel(map),
  renoise: seed => renoiseKernel(map, random(seed, 'kernel')),
  posterior: seed => posteriorKernel(map, gaussianPosterior(SIGMA, seed), random(seed, 'kernel')),
}
const ahead = (kind: LookAheadName, seed: number): LookAhead<Float64Array> =>
  lookAhead(kind, {
    map,
    reward,
    beta: 1,
    samples: 3,
    posterior: gaussianPosterior(SIGMA, seed + 1000),
    random: random(seed, 'ahead'),
  })

/** How many standard errors the mean of `Z^/Z` is from 1. */
const errors = (ratios: readonly number[]): number =>
  (mean(ratios) - 1) / (deviation(ratios) / Math.sqrt(ratios.length))

const RUNS = 1500
async function ratiosOf(run: (seed: number) => Promise<number>): Promise<number[]> {
  const ratios: number[] = []
  for (let seed = 0; seed < RUNS; seed++) ratios.push(Math.exp((await run(seed)) - LOG_Z))
  return ratios
}

describe('Z is unbiased with every kernel and every look-ahead', () => {
  const aheads: LookAheadName[] = ['none', 'here', 'denoiser', 'jump', 'posterior', 'weighted']
  test.each(Object.keys(kernels).flatMap(kernel => aheads.map(kind => [kernel, kind] as const)))(
    '%s, %s',
    async (kernel, kind) => {
      const ratios = await ratiosOf(async seed => {
        const options = { grid: GRID, seed, resampling: 'multinomial', equal: false } as const
        return (await particles(kernels[kernel](seed), ahead(kind, seed), normals(N, seed), 1, options)).logZ
      })
      expect(Math.abs(errors(ratios))).toBeLessThan(4)
    },
  )

  /** The same algorithm in a few lines, whole or broken in one place. */
  async function plain(seed: number, broken?: 'no telescoping' | 'weights kept'): Promise<number> {
    const [kernel, g, source] = [kernels.renoise(seed), ahead('denoiser', seed), random(seed, 'plain')]
    let x: Float64Array = normals(N, seed)
    let at = await g.value(x, 1)
    let w: Float64Array = at.slice()
    let logZ = 0
    for (let k = 1; k < GRID.length; k++) {
      x = await kernel(x, GRID[k - 1], GRID[k])
      const next = await g.value(x, GRID[k])
      w = w.map((value, i) => value + next[i] - (broken === 'no telescoping' ? 0 : at[i]))
      at = next
      if (k === GRID.length - 1 || effectiveCount(normalized(w)) >= 1.1 * N) continue
      logZ += logMeanExp(w)
      const chosen = resamplings.multinomial(normalized(w), () => source.uniform())
      x = Float64Array.from(chosen, i => x[i])
      at = Float64Array.from(chosen, i => at[i])
      w = broken === 'weights kept' ? Float64Array.from(chosen, i => w[i]) : new Float64Array(N)
    }
    return logZ + logMeanExp(w)
  }

  test('which sees what breaks it', async () => {
    expect(Math.abs(errors(await ratiosOf(seed => plain(seed))))).toBeLessThan(4)
    expect(Math.abs(errors(await ratiosOf(seed => plain(seed, 'no telescoping'))))).toBeGreaterThan(4)
    expect(Math.abs(errors(await ratiosOf(seed => plain(seed, 'weights kept'))))).toBeGreaterThan(4)
  })

  test('in noise space too, whether moves are fixed or adapted', async () => {
    for (const rho of [0.5, 'adapt'] as const) {
      const ratios = await ratiosOf(async seed => {
        const value = async (x: Float64Array) => Float64Array.from(await reward.value(x))
        const options = { temperatures: 4, moves: 1, rho, seed, resampling: 'multinomial' } as const
        return (await noiseSpace(z => map.jump(z, 1, 0), value, normals(N, seed), 1, options)).logZ
      })
      expect(Math.abs(errors(ratios))).toBeLessThan(4)
    }
  })
})

describe('the law of many particles', () => {
  const count = 20_000
  const grid = uniformGrid(8)
  const check = (points: Float64Array, many = count) => {
    // Resampled points are alike, so that fewer count than there are: 6 standard errors of independent ones.
    expect(Math.abs(mean(points) - MEAN)).toBeLessThan((6 * SPREAD) / Math.sqrt(many))
    expect(Math.abs(deviation(points) / SPREAD - 1)).toBeLessThan(6 / Math.sqrt(2 * many))
  }

  test.each(Object.keys(kernels))('is the tilted one with the kernel %s', async kernel => {
    const result = await particles(kernels[kernel](1), ahead('jump', 1), normals(count, 1), 1, {
      grid,
      seed: 1,
    })
    check(result.points)
    expect(result.ess).toHaveLength(8)
    expect(Math.abs(result.logZ - LOG_Z)).toBeLessThan(5 * result.logZError)
    expect([...result.logWeights].every(weight => weight === 0)).toBe(true)
  })

  test('is the tilted one with moves, which spread copies', async () => {
    const few = { grid, seed: 1, threshold: 0.9 }
    const still = await particles(jumpKernel(map), ahead('jump', 1), normals(count, 1), 1, few)
    const moved = await particles(jumpKernel(map), ahead('jump', 1), normals(count, 1), 1, {
      ...few,
      moves: 1,
    })
    check(moved.points)
    expect(moved.acceptance).toBeGreaterThan(0.3)
    expect(new Set(moved.points).size).toBeGreaterThan(1.2 * new Set(still.points).size)
  })

  test('is the tilted one in noise space', async () => {
    const value = async (x: Float64Array) => Float64Array.from(await reward.value(x))
    const result = await noiseSpace(z => map.jump(z, 1, 0), value, normals(count, 1), 1, {
      temperatures: 16,
      seed: 1,
      rho: 'adapt',
    })
    check(result.points)
    expect(result.acceptance).toBeGreaterThan(0.2)
    expect(result.acceptance).toBeLessThan(0.55)
  })

  test('weighted means are those of resampled points', async () => {
    const options = { grid, seed: 1, equal: false } as const
    const { points, logWeights } = await particles(
      jumpKernel(map),
      ahead('none', 1),
      normals(count, 1),
      1,
      options,
    )
    const weights = normalized(logWeights)
    const weighted = points.reduce((sum, value, i) => sum + weights[i] * value, 0)
    expect(Math.abs(weighted - MEAN)).toBeLessThan(0.05)
  })
})

test('the standard error of log Z is that of many runs', async () => {
  const runs = 400
  for (const kind of ['none', 'jump'] as const) {
    const [found, said]: [number[], number[]] = [[], []]
    for (let seed = 0; seed < runs; seed++) {
      const { logZ, logZError } = await particles(
        kernels.renoise(seed),
        ahead(kind, seed),
        normals(256, seed),
        1,
        {
          grid: GRID,
          seed,
          resampling: 'multinomial',
          threshold: 1.1,
        },
      )
      found.push(logZ)
      said.push(logZError ** 2)
    }
    const ratio = Math.sqrt(mean(said)) / deviation(found)
    expect(ratio, kind).toBeGreaterThan(0.8)
    expect(ratio, kind).toBeLessThan(1.25)
  }
})

test('a reward that is minus infinity everywhere, or not a number, is said', async () => {
  const run = (value: number) =>
    particles(
      jumpKernel(map),
      lookAhead('none', { map, reward: { value: async x => x.map(() => value) }, beta: 1 }),
      normals(N, 1),
      1,
      { grid: GRID, seed: 1 },
    )
  await expect(run(-Infinity)).rejects.toThrow(/minus infinity for every particle/)
  await expect(run(Number.NaN)).rejects.toThrow(/not a finite number/)
})
