import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { type Config, resolveConfig, type UserConfig } from '../../src/config/index.ts'
import { generatedDataset } from '../../src/data/catalogue.ts'
import { type EvaluationRequest, evaluateRun, exactVelocity } from '../../src/evaluation/evaluate.ts'
import { random } from '../../src/random/random.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { solve } from '../../src/sampler/adaptive.ts'
import { drawNoise, uniformGrid } from '../../src/sampler/sampler.ts'
import { takeThrough } from '../../src/sampler/sampling.ts'
import { seededNoise } from '../../src/sampler/through.ts'
import { load } from '../../src/serialization/load.ts'
import { RunError } from '../../src/serialization/run.ts'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { train } from '../../src/training/train.ts'
import {
  drawPair,
  drawTrajectory,
  solveTrajectories,
  type TrajectoryCache,
} from '../../src/training/trajectory-cache.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, newestCheckpoint, quick, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('coupling')
const at = (name: string) => join(folder, name)
const fileOf = (run: string) => join(at(run), 'coupling.safetensors')

/** The stored points of a run, by their place on the trajectory. */
function stored(run: string): Float32Array[] {
  const { tensors } = decodeSafetensors(readFileSync(fileOf(run)), run)
  return Object.keys(tensors).map((_, i) => tensors[`points.${i}`].data as Float32Array)
}

const largest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))

/** Points near the border between two modes go either way for the least error, so that the largest says little. */
const typical = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.sqrt(Array.from(a, (value, i) => (value - b[i]) ** 2).reduce((x, y) => x + y) / a.length)

const solved = (
  config: Partial<Config['coupling']>,
  velocity: Parameters<typeof solveTrajectories>[2],
  dimension = 2,
) => {
  const user = { objective: 'cmt', teacher: 'any', coupling: { kind: 'trajectory', ...config } } as UserConfig
  const { coupling, seeds } = resolveConfig(config.kind ? { ...user, objective: 'reflow' } : user)
  return solveTrajectories({ coupling, seeds }, dimension, velocity) as Promise<TrajectoryCache>
}

describe('a pool', () => {
  const decay = async (x: Float32Array) => x.map(value => value)

  test('solves the teacher by a method of second order', async () => {
    const errors: number[] = []
    for (const steps of [8, 16, 32]) {
      const { points } = await solved({ pairs: 50, steps }, decay)
      expect(points).toHaveLength(steps + 1)
      errors.push(
        largest(
          points.at(-1)!,
          points[0].map(value => value * Math.exp(-1)),
        ),
      )
    }
    expect(errors[0] / errors[1]).toBeGreaterThan(3.5)
    expect(errors[1] / errors[2]).toBeGreaterThan(3.5)
  })

  test('asks for the velocity at the times of the grid, from noise to data', async () => {
    const asked: number[] = []
    await solved({ pairs: 10, steps: 2 }, async (x, t) => {
      asked.push(t)
      return x
    })
    expect(asked).toEqual([1, 0.5, 0.5, 0])
  })

  test('begins with normal noise of its own stream and solves any number of points', async () => {
    const { points } = await solved({ kind: 'reflow', pairs: 10_000, steps: 4 }, decay, 3)
    expect(points.map(({ length }) => length)).toEqual([30_000, 30_000])
    const [start, end] = points
    const mean = start.reduce((a, b) => a + b) / start.length
    const square = start.reduce((a, b) => a + b * b) / start.length
    expect(Math.abs(mean)).toBeLessThan(0.03)
    expect(Math.abs(square - 1)).toBeLessThan(0.04)
    // The same factor everywhere, also beyond the first block of points.
    end.forEach((value, i) => {
      expect(Math.abs(value - start[i] * (end[0] / start[0]))).toBeLessThan(1e-5)
    })
  })

  test('is none where the teacher leaves finite numbers', async () => {
    await expect(solved({ pairs: 5, steps: 2 }, async x => x.map(() => Infinity))).rejects.toThrow(
      /^coupling: the teacher's trajectories diverged \(NaN or infinity\)$/,
    )
  })
})

describe('drawing', () => {
  const line = (i: number) =>
    Float32Array.from({ length: 2 * 40 }, (_, k) => 100 * i + (k >> 1) + (k % 2) / 2)
  const pool = (kind: TrajectoryCache['kind']): TrajectoryCache => ({
    kind,
    dimension: 2,
    pairs: 40,
    points: kind === 'trajectory' ? [0, 1, 2, 3, 4].map(line) : [line(0), line(4)],
  })
  const streams = () => [random(1, 'data'), random(1, 'noise')] as const

  test('takes both ends of a trajectory for reflow, every trajectory sometimes', () => {
    const arrays = { x0: new Float32Array(800), eps: new Float32Array(800) }
    drawPair(pool('reflow'), ...streams(), arrays)
    expect(arrays.x0).toEqual(arrays.eps.map(value => value + 400))
    expect(new Set(arrays.eps).size).toBe(80)
  })

  test('takes the end alone for samples, with fresh noise', () => {
    const arrays = { x0: new Float32Array(800), eps: new Float32Array(800) }
    drawPair(pool('samples'), ...streams(), arrays)
    expect(Math.min(...arrays.x0)).toBeGreaterThanOrEqual(400)
    expect(Math.max(...arrays.eps.map(Math.abs))).toBeLessThan(5)
    expect(new Set(arrays.eps).size).toBeGreaterThan(790)
  })

  test('takes two different points of one trajectory, at the times nearest to those drawn', () => {
    const wanted = { s: [1, 0.9, 0.6, 0.3, 0.1, 1e-5], t: [0, 0.85, 0.1, 0.29, 0, 0] }
    const [s, t] = [Float32Array.from(wanted.s), Float32Array.from(wanted.t)]
    const [xs, xt] = [new Float32Array(12), new Float32Array(12)]
    drawTrajectory(pool('trajectory'), random(1, 'data'), { xs, xt, s, t })
    expect([...s]).toEqual([1, 1, 0.5, 0.25, 0.25, 0.25])
    expect([...t]).toEqual([0, 0.75, 0, 0, 0, 0])
    for (let i = 0; i < 6; i++) {
      const trajectory = xs[2 * i] % 100
      expect([xs[2 * i], xs[2 * i + 1]]).toEqual([
        400 * (1 - s[i]) + trajectory,
        400 * (1 - s[i]) + trajectory + 0.5,
      ])
      expect([xt[2 * i], xt[2 * i + 1]]).toEqual([
        400 * (1 - t[i]) + trajectory,
        400 * (1 - t[i]) + trajectory + 0.5,
      ])
    }
  })
})

/** Where the exact velocity of the mixture takes points from one time to another. */
async function exactJump(points: Float32Array, s: number, t: number): Promise<Float64Array> {
  const { velocity, close } = await exactVelocity(nodeRuntime(), generatedDataset(mixture).mixture!, 'linear')
  const ends = await solve(velocity, Float64Array.from(points), s, t, { tolerance: 1e-7 })
  await close()
  return ends
}

describe('reflow', () => {
  const network = { ...quick.network, conditioning: 's' } as const
  const base: UserConfig = { ...quick, network, steps: 800, coupling: { pairs: 8192 } }
  beforeAll(async () => {
    await train({ ...base, objective: 'flow-matching', coupling: {} }, { directory: at('velocity') })
    const first = { ...base, objective: 'reflow', teacher: at('velocity') }
    await train(first, { directory: at('first') })
    await train({ ...first, teacher: at('first') }, { directory: at('second') })
  })

  const error = async (run: string, method: EvaluationRequest['method'], steps: number) => {
    const request = {
      method,
      steps: [steps],
      count: 400,
      seed: 1,
      weights: ['ema'],
      metrics: ['trajectoryError'],
    } as const
    return (await evaluateRun(at(run), request)).rows[0].metrics.trajectoryError.value!
  }
  const ends = async (run: string, method: 'euler' | 'heun', start: Float32Array, steps: number) => {
    const map = await load(at(run))
    const points = await takeThrough(map, { method }, start, uniformGrid(steps), seededNoise('', 0))
    await map.close()
    return points
  }
  /** How far one Euler step leads from the trajectory's end. */
  const bend = async (run: string) => {
    const noise = drawNoise(400, 2, 2)
    const [one, many] = [await ends(run, 'euler', noise, 1), await ends(run, 'heun', noise, 32)]
    return Math.sqrt(one.reduce((sum, value, i) => sum + (value - many[i]) ** 2, 0) / 400)
  }

  test('pairs a noise with the end of its trajectory, exact or learnt', async () => {
    const [noise, end] = stored('first')
    expect(largest(await ends('velocity', 'heun', noise, 32), end)).toBeLessThan(1e-4)

    const exact = { ...tiny, data: mixture, steps: 1, objective: 'reflow', teacher: 'exact' }
    await train({ ...exact, coupling: { pairs: 300 } }, { directory: at('exact') })
    const [start, solution] = stored('exact')
    expect(typical(await exactJump(start, 1, 0), solution)).toBeLessThan(0.02)
    expect(typical(start, solution)).toBeGreaterThan(0.5)
  })

  test("straightens: one Euler step is much nearer the exact map than the teacher's", async () => {
    expect(await error('velocity', 'euler', 1)).toBeGreaterThan(1)
    expect(await error('first', 'euler', 1)).toBeLessThan(0.35)
    expect(await bend('velocity')).toBeGreaterThan(1)
    expect(await bend('first')).toBeLessThan(0.25)
  })

  test('goes on with the straightened velocity as the teacher', async () => {
    const [noise, end] = stored('second')
    expect(largest(await ends('first', 'heun', noise, 32), end)).toBeLessThan(1e-4)
    expect(end).not.toEqual(stored('first')[1])
    expect(await error('second', 'euler', 1)).toBeLessThan(0.4)
    expect(await bend('second')).toBeLessThan(0.25)
  })

  test('under MeanFlow learns a better jump than MeanFlow alone in as many steps', async () => {
    const meanflow = { ...quick, steps: 600, objective: 'meanflow', loss: { adaptive: null } }
    await train(meanflow, { directory: at('meanflow') })
    const coupling = { kind: 'reflow', teacher: at('velocity'), pairs: 8192 } as const
    await train({ ...meanflow, coupling }, { directory: at('rectified') })
    expect(await error('rectified', 'jump', 1)).toBeLessThan(0.8 * (await error('meanflow', 'jump', 1)))
  })
})

describe('a trajectory', () => {
  test('is stored at equal times and lies on the exact flow', async () => {
    const config = { ...tiny, data: mixture, steps: 1, objective: 'cmt', teacher: 'exact' }
    await train({ ...config, coupling: { pairs: 200, steps: 32 } }, { directory: at('cmt') })
    const points = stored('cmt')
    expect(points).toHaveLength(33)
    for (const [from, to] of [
      [0, 32],
      [0, 16],
      [8, 24],
    ]) {
      const end = await exactJump(points[from], 1 - from / 32, 1 - to / 32)
      expect(typical(end, points[to])).toBeLessThan(0.02)
      if (to < 32) expect(typical(end, points[to + 1])).toBeGreaterThan(0.03)
    }
  })
})

describe('a tilt', () => {
  const beta = 2
  const reward = { kind: 'gaussian', center: [-1, -1], scale: 1 } as const
  const inSecondMode = (x: number, y: number) => (x + 1) ** 2 + (y + 1) ** 2 < (x - 1.5) ** 2 + (y - 0.5) ** 2
  const rewardOf = (x: number, y: number) => Math.exp(-((x + 1) ** 2 + (y + 1) ** 2) / 2)

  /** Part of the weight that lies in the mode near the reward. */
  function part(points: ArrayLike<number>, weight: (x: number, y: number) => number): number {
    let [inside, all] = [0, 0]
    for (let i = 0; i < points.length; i += 2) {
      const w = weight(points[i], points[i + 1])
      all += w
      if (inSecondMode(points[i], points[i + 1])) inside += w
    }
    return inside / all
  }

  const truth = new Float32Array(2 * 50_000)
  generatedDataset(mixture).sample(random(9, 'truth'), truth)
  const tilted = part(truth, (x, y) => Math.exp(beta * rewardOf(x, y)))

  test('is strong enough to be seen', () => {
    expect(part(truth, () => 1)).toBeCloseTo(1 / 3, 1)
    expect(tilted).toBeGreaterThan(0.6)
  })

  test.each(['samples', 'independent'] as const)(
    'gives each mode the weight of its exp(beta r), from %s',
    async kind => {
      const network = { ...quick.network, conditioning: 's' } as const
      const config = { ...quick, network, steps: 800, objective: 'itm', teacher: 'exact' }
      const directory = at(`itm-${kind}`)
      await train({ ...config, coupling: { kind, pairs: 8192 }, options: { beta, reward } }, { directory })
      expect(existsSync(join(directory, 'coupling.safetensors'))).toBe(kind === 'samples')
      const map = await load(directory)
      const points = await takeThrough(
        map,
        { method: 'heun' },
        drawNoise(4000, 2, 3),
        uniformGrid(16),
        seededNoise('', 0),
      )
      await map.close()
      expect(Math.abs(part(points, () => 1) - tilted)).toBeLessThan(0.06)
    },
  )
})

describe('the stored pairs of a run', () => {
  const coupling = { kind: 'reflow', pairs: 64, steps: 4 } as const
  const config: UserConfig = { ...tiny, data: mixture, steps: 60, objective: 'meanflow', checkpointEvery: 20 }
  const half = async (name: string, teacher: string) => {
    await train(
      { ...config, coupling: { ...coupling, teacher } },
      { directory: at(name), shouldStop: stopAfter(2) },
    )
    return at(name)
  }
  const resumed = (directory: string) => train({}, { directory, resume: true })
  beforeAll(async () => {
    await train({ ...config, coupling: { ...coupling, teacher: 'exact' } }, { directory: at('straight') })
    const network = { ...tiny.network, conditioning: 's' } as const
    await train({ ...config, network, objective: 'flow-matching' }, { directory: at('lender') })
  })

  test('are what it goes on with, not solved anew', async () => {
    const directory = await half('kept', 'exact')
    const file = fileOf('kept')
    expect(readFileSync(file).equals(readFileSync(fileOf('straight')))).toBe(true)
    // The pairs of another seed in their place are seen.
    const other = { ...config, seed: 7, steps: 1, coupling: { ...coupling, teacher: 'exact' } }
    await train(other, { directory: at('other') })
    cpSync(fileOf('other'), file)
    await resumed(directory)
    expect(readFileSync(file).equals(readFileSync(fileOf('other')))).toBe(true)
    expect(newestCheckpoint(directory)).not.toEqual(newestCheckpoint(at('straight')))
  })

  test('are solved anew to the same where they are lost', async () => {
    const directory = await half('lost', 'exact')
    rmSync(fileOf('lost'))
    await resumed(directory)
    expect(readFileSync(fileOf('lost')).equals(readFileSync(fileOf('straight')))).toBe(true)
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(at('straight')))
  })

  test('are enough where the teacher is gone', async () => {
    cpSync(at('lender'), at('gone'), { recursive: true })
    const directory = await half('orphan', at('gone'))
    rmSync(at('gone'), { recursive: true })
    expect((await resumed(directory)).finished).toBe(true)
    rmSync(fileOf('orphan'))
    await expect(train({ steps: 80 }, { directory, resume: true })).rejects.toThrow(
      /^coupling\.teacher: .*gone: no such run$/,
    )
  })

  test.each<[string, (bytes: Buffer) => Buffer, RegExp]>([
    ['cut short', bytes => bytes.subarray(0, 200), /cut short.*; remove it, and --resume solves it again$/],
    [
      'of another size',
      () => readFileSync(fileOf('small')),
      /coupling\.safetensors: not the reflow coupling of this run; remove it, and --resume solves it again$/,
    ],
    ['of another kind', () => readFileSync(fileOf('samples')), /not the reflow coupling of this run/],
    [
      'with a number that is none',
      bytes => {
        const copy = Buffer.from(bytes)
        copy.writeFloatLE(Number.NaN, copy.length - 4)
        return copy
      },
      /coupling\.safetensors: is damaged \(its checksum differs\); remove it, and --resume solves it again$/,
    ],
    ['no such file at all', () => Buffer.from('none'), /remove it, and --resume solves it again$/],
  ])('are refused where they are %s', async (what, damage, message) => {
    const others = { small: { ...coupling, pairs: 32 }, samples: { ...coupling, kind: 'samples' } } as const
    for (const [name, coupling] of Object.entries(others)) {
      if (existsSync(at(name))) continue
      await train(
        { ...config, steps: 1, coupling: { ...coupling, teacher: 'exact' } },
        { directory: at(name) },
      )
    }
    const directory = await half(`damaged, ${what}`, 'exact')
    const file = fileOf(`damaged, ${what}`)
    const whole = readFileSync(file)
    writeFileSync(file, damage(whole))
    await expect(resumed(directory)).rejects.toThrow(RunError)
    await expect(resumed(directory)).rejects.toThrow(message)
    writeFileSync(file, whole)
    expect((await resumed(directory)).finished).toBe(true)
    expect(newestCheckpoint(directory)).toEqual(newestCheckpoint(at('straight')))
  })
})
