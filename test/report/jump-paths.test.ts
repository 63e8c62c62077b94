import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseHTML } from 'linkedom'
import { describe, expect, it, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import { generatedDataset, openDataset } from '../../src/data/catalogue.ts'
import { standardizedBy } from '../../src/data/standardized.ts'
import { exactVelocity } from '../../src/evaluation/evaluate.ts'
import { planSamples } from '../../src/evaluation/planned-samples.ts'
import { measureResiduals } from '../../src/metric/residuals.ts'
import { interpolants, standardized } from '../../src/model/index.ts'
import { random } from '../../src/random/random.ts'
import { diagnose } from '../../src/report/diagnostics.ts'
import { gatherPaths, solvePath } from '../../src/report/jump-paths.ts'
import { pathFrame, pathPanel } from '../../src/report/path-plot.ts'
import type { PathData } from '../../src/report/types.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { solve } from '../../src/sampler/adaptive.ts'
import { drawNoise, heun as heunStep, jumpThrough } from '../../src/sampler/sampler.ts'
import { takeThrough } from '../../src/sampler/sampling.ts'
import { seededNoise } from '../../src/sampler/through.ts'
import { load } from '../../src/serialization/load.ts'
import { asRowMap } from '../../src/serialization/model.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { mixture, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('paths')
const dataset = generatedDataset(mixture)
const grid = (steps: number) => ({
  steps,
  grid: Array.from({ length: steps + 1 }, (_, i) => 1 - i / steps),
  named: false,
  method: 'jump' as const,
})

async function pathsOf(objective: string, steps: number[], config: UserConfig = {}): Promise<PathData> {
  const directory = join(folder, `${objective}-${steps.join('-')}`)
  await train({ ...tiny, data: mixture, steps: 20, objective, ...config }, { directory })
  const map = await load(directory)
  const { samples } = planSamples({ objective, interpolant: 'linear' }, { steps, method: 'auto' })
  return gatherPaths(map, dataset, samples, 3, nodeRuntime()).finally(() => map.close())
}

const farthest = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Math.max(...Array.from(a, (value, i) => Math.abs(value - b[i])))

describe('solvePath', () => {
  it('ends, and is on the way, where the solver says', async () => {
    const { velocity, close } = await exactVelocity(nodeRuntime(), dataset.mixture!, 'linear')
    const start = Float64Array.from(drawNoise(8, 2, 1))
    const path = await solvePath(velocity, start, [1, 0.6, 0.3, 0])
    const [middle, end] = [await solve(velocity, start, 1, 0.3), await solve(velocity, start, 1, 0)]
    await close()
    expect(path).toHaveLength(4)
    expect(farthest(path[2], middle)).toBeLessThan(1e-4)
    expect(farthest(path[3], end)).toBeLessThan(1e-4)
  })
})

test('solvePath asks a smooth velocity no more than once for each stage of each stretch', async () => {
  let calls = 0
  const velocity = async (x: Float64Array) => {
    calls++
    return x
  }
  const times = Array.from({ length: 33 }, (_, i) => 1 - i / 32)
  const path = await solvePath(velocity, Float64Array.of(1), times)
  expect(path.at(-1)![0]).toBeCloseTo(Math.exp(-1), 4)
  expect(calls).toBe(32 * 7)
})

test('diagnose looks at fewer pictures than points, and sees the same', async () => {
  const directory = join(folder, 'pictures')
  await train({ ...tiny, data: 'glyphs', steps: 20, objective: 'psd' }, { directory })
  const map = await load(directory)
  const seen = standardizedBy(map.standardization, generatedDataset('glyphs'))
  const { residuals, losses } = await diagnose({ directory, map, seen, samples: [], seed: 5 })
  const drawn = losses.flatMap(({ count }) => count.flat()).reduce((sum, count) => sum + count, 0)
  expect(drawn).toBeGreaterThan(1500)
  expect(drawn).toBeLessThanOrEqual(2048)
  const data = new Float64Array(64 * 256)
  seen.sample(random(5, 'report', 'residuals'), data)
  const source = random(5, 'report', 'residual noise')
  const precise = await measureResiduals(asRowMap(map.model!), {
    dimension: 256,
    interpolant: interpolants.linear,
    data,
    noise: Float64Array.from(data, () => source.normal()),
    compile: nodeRuntime().compile,
  })
  await map.close()
  const grids = [precise.semigroup, precise.lagrangian, precise.eulerian]
  residuals.forEach(({ values }, k) => {
    values.forEach((row, i) => {
      row.forEach((value, j) => {
        const expected = grids[k].values[i][j]
        if (expected === null) expect(value).toBeNull()
        else expect(Math.abs(value! / expected - 1)).toBeLessThan(1e-3)
      })
    })
  })
})

describe('gatherPaths', () => {
  it('follows the jumps of the map, and its own velocity', async () => {
    const paths = await pathsOf('psd', [1, 4])
    expect([paths.field, paths.jumps.map(({ steps }) => steps)]).toEqual(['own', [1, 4]])
    const map = await load(join(folder, 'psd-1-4'))
    const noise = drawNoise(32, 2, 3)
    for (const { points, times, gap } of paths.jumps) {
      expect(points).toHaveLength(times.length)
      expect(farthest(points[0], noise)).toBe(0)
      const ends = await takeThrough(map, { method: 'jump' }, noise, times, seededNoise('', 0))
      expect(farthest(points.at(-1)!, ends)).toBeLessThan(1e-6)
      const ode = paths.curve.at(-1)!
      const distances = Array.from({ length: 32 }, (_, i) =>
        Math.hypot(ends[2 * i] - ode[2 * i], ends[2 * i + 1] - ode[2 * i + 1]),
      )
      expect(gap).toBeCloseTo(distances.reduce((a, b) => a + b, 0) / 32, 5)
    }
    const heun = await takeThrough(map, { method: 'heun' }, noise, grid(64).grid, seededNoise('', 0))
    await map.close()
    expect(farthest(paths.curve.at(-1)!, heun)).toBeLessThan(5e-3)
  })

  it('takes the exact velocity where the map learns none, and shows single jumps alone', async () => {
    const paths = await pathsOf('ct', [1, 2])
    expect([paths.field, paths.jumps.map(({ steps }) => steps)]).toEqual(['exact', [1]])
    const { velocity, close } = await exactVelocity(nodeRuntime(), dataset.mixture!, 'linear')
    const ends = await solve(velocity, Float64Array.from(drawNoise(32, 2, 3)), 1, 0)
    await close()
    expect(farthest(paths.curve.at(-1)!, ends)).toBeLessThan(1e-4)
  })

  it('is in standard deviations where the data is standardised', async () => {
    const directory = join(folder, 'standardized')
    const [shift, scale] = [
      [5e6, 2e-4],
      [1e6, 1e-4],
    ]
    const points = Array.from({ length: 200 }, (_, i) =>
      [Math.cos(i), Math.sin(i)].map((value, axis) => shift[axis] + scale[axis] * Math.SQRT2 * value),
    )
    const file = join(folder, 'unlike.csv')
    writeFileSync(file, points.map(point => point.join()).join('\n'))
    await train({ ...tiny, data: file, steps: 20, objective: 'psd' }, { directory })
    const map = await load(directory)
    const seen = standardizedBy(map.standardization, await openDataset(file))
    const paths = await gatherPaths(map, seen, [grid(1)], 3, nodeRuntime())
    const noise = drawNoise(32, 2, 3)
    const ends = standardized(
      map.standardization!,
      await takeThrough(map, { method: 'jump' }, noise, [1, 0], seededNoise('', 0)),
    )
    const heun = await jumpThrough(heunStep(map.inner.velocity), noise, grid(64).grid)
    await map.close()
    expect(farthest(paths.jumps[0].points[0], noise)).toBe(0)
    expect(farthest(paths.jumps[0].points[1], ends)).toBeLessThan(1e-3)
    expect(farthest(paths.curve.at(-1)!, heun)).toBeLessThan(5e-3)
    expect(paths.jumps[0].gap).toBeLessThan(10)
    const frame = pathFrame([paths], { dimension: 2 }, Float64Array.from(points.flat()))
    expect(
      farthest(
        frame.reference,
        points.flatMap((_, i) => [Math.cos(i), Math.sin(i)].map(v => v * Math.SQRT2)),
      ),
    ).toBeLessThan(0.3)
    for (const end of [...frame.range.x, ...frame.range.y]) expect(Math.abs(end)).toBeLessThan(10)
  })

  it('goes without an ODE where no velocity is known', async () => {
    const data = { ...dataset, mixture: undefined }
    const map = await load(join(folder, 'ct-1-2'))
    const { field, curve, jumps } = await gatherPaths(map, data, [grid(1)], 3, nodeRuntime()).finally(() =>
      map.close(),
    )
    expect([field, curve, jumps[0].gap]).toEqual([null, [], null])
  })
})

describe('pathPanel', () => {
  const still = (points: number[][]): PathData => ({
    field: 'own',
    times: [1, 0],
    curve: points.map(at => Float64Array.from(at)),
    jumps: [{ steps: 1, times: [1, 0], points: points.map(at => Float64Array.from(at)), gap: 0.25 }],
  })
  const svgOf = (data: PathData, dimension: number, reference: number[]) =>
    pathPanel(pathFrame([data], { dimension }, Float64Array.from(reference)), data, data.jumps[0])
  const coordinates = (svg: string) =>
    [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll('path[stroke="#0072b2"]')][0]
      .getAttribute('d')!
      .match(/-?[\d.]+/g)!
      .map(Number)

  it('draws each jump as a line from its beginning to its end', () => {
    const data = still([
      [0, 0],
      [1, 1],
    ])
    const svg = svgOf(data, 2, [-1, -1, 2, 2])
    const [x0, y0, x1, y1] = coordinates(svg)
    expect(x1 - x0).toBeGreaterThan(50)
    expect(y0 - y1).toBeCloseTo(x1 - x0, 0)
    expect(svg).toContain('1 step, ends 0.250 apart')
    expect(svg).not.toMatch(/NaN|Infinity|undefined/)
  })

  it('runs time across for points on a line, from noise to data', () => {
    const svg = svgOf(still([[0.5], [2]]), 1, [2, 1])
    const [x0, y0, x1, y1] = coordinates(svg)
    expect(x1).toBeGreaterThan(x0 + 200)
    expect(y1).toBeLessThan(y0)
    expect(svg).toContain('>time<')
  })

  it('shows the two coordinates that vary most, and keeps what runs away inside the frame', () => {
    const frame = pathFrame(
      [
        still([
          [0, 0, 0],
          [1, 1, 1],
        ]),
      ],
      { dimension: 3 },
      Float64Array.of(5, -9, 1, 5, 9, -2, 5, 0, 3),
    )
    expect(frame.axes).toEqual([1, 2])
    const wild = still([
      [0, 0],
      [1e9, -1e9],
    ])
    const svg = pathPanel({ ...frame, dimension: 2, axes: [0, 1] }, wild, wild.jumps[0])
    expect(Math.max(...coordinates(svg))).toBeLessThanOrEqual(328)
  })
})

test('a map that has run away has no paths in a report, and the rest of it', async () => {
  const directory = join(folder, 'away')
  await train({ ...tiny, data: mixture, steps: 20, objective: 'psd' }, { directory })
  const map = await load(directory)
  const nowhere = async (x: Float32Array) => x.map(() => Number.NaN)
  const lost = { ...map, velocity: nowhere, inner: { ...map.inner, velocity: nowhere } }
  const { paths, residuals, notes } = await diagnose({
    directory,
    map: lost,
    seen: dataset,
    samples: [grid(1)],
    seed: 3,
  })
  await map.close()
  expect([paths, residuals.length]).toEqual([null, 3])
  expect(notes.join()).toMatch(/^The paths are left out: the velocity is not finite near time/)
})
