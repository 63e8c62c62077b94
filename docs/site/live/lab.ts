import type { CorePrimitive, Graph } from '../../../src/autodiff/index.ts'
import { pointOf, resolveConfig } from '../../../src/config/index.ts'
import type { Dataset } from '../../../src/data/dataset.ts'
import { strayRule } from '../../../src/metric/strays.ts'
import { interpolants } from '../../../src/model/index.ts'
import { objectives } from '../../../src/objective/index.ts'
import { random } from '../../../src/random/random.ts'
import { compilePortable, compileScanPortable } from '../../../src/runtime/cpu/portable.ts'
import type { Runtime } from '../../../src/runtime/runtime.ts'
import { drawNoise, jumpThrough, uniformGrid } from '../../../src/sampler/sampler.ts'
import { steer as steerBy } from '../../../src/steering/steer.ts'
import type { PointReward, SteerableMap } from '../../../src/steering/steerable.ts'
import { exactVelocityGraph, solveThrough } from '../../../src/studio/engine/exact.ts'
import { mapGraph, pullbackGraph } from '../../../src/studio/engine/map-graph.ts'
import { targetDataset } from '../../../src/studio/engine/target.ts'
import { guidanceOf, learnsFromTeacher } from '../../../src/studio/engine/teachers.ts'
import { buildStep } from '../../../src/training/step.ts'
import { Trainer } from '../../../src/training/trainer.ts'

/** What the cells of the tutorial call: the package's own parts, for points in the plane and in the page that shows them. */

/** Points `[n, 2]`, row after row. */
export type Points = Float32Array

const engine: Runtime = {
  compile: async graph => compilePortable(graph),
  compileScan: async (graph, carried) => compileScanPortable(graph, carried),
  openModel: async () => {
    throw new Error('an ONNX file needs ONNX Runtime')
  },
}

let breathed = 0

/** Lets the page answer its reader, a few times a second. */
async function breathe(): Promise<void> {
  if (performance.now() - breathed < 50) return
  await new Promise(resolve => setTimeout(resolve))
  breathed = performance.now()
}

export const dataset = (name: string): Dataset => targetDataset({ kind: 'built-in', name } as never)

export function draw(of: Dataset, count: number, seed = 0): Points {
  const points = new Float32Array(2 * count)
  of.sample(random(seed, 'tutorial'), points)
  return points
}

export const noise = (count: number, seed = 1): Points => drawNoise(count, 2, seed)

/** The exact velocity of data that are a mixture of Gaussians: what a velocity network learns in the end. */
export function exactVelocity({ mixture }: Dataset) {
  if (!mixture) throw new Error('only a mixture of Gaussians has an exact velocity: ring, eight-gaussians')
  const program = compilePortable(exactVelocityGraph(mixture, 'linear'))
  return async (x: ArrayLike<number>, t: number): Promise<Points> => {
    await breathe()
    const times = new Float64Array(x.length / 2).fill(t)
    const [found] = await program.run([Float64Array.from(x), times])
    return Float32Array.from(found as Float64Array)
  }
}

/** Where that velocity carries points from time `s` to time `t`, by a solver of many small steps. */
export async function exactJump(of: Dataset, x: Points, s: number, t: number): Promise<Points> {
  const velocity = exactVelocity(of)
  const precise = async (at: Float64Array, time: number) => Float64Array.from(await velocity(at, time))
  return (await solveThrough(precise, x, [s, t], true)).at(-1)!
}

/** Percent of points that lie off the data. */
export function off(of: Dataset, points: Points): number {
  const marks = strayRule(of)(points)
  return Math.round((1000 * marks.reduce((sum, mark) => sum + mark, 0)) / marks.length) / 10
}

interface TrainingOptions {
  readonly objective: string
  readonly steps: number
  readonly batch?: number
  readonly seed?: number
  readonly progress?: (step: number) => void
}

/** Trains a flow map in this page; an objective that needs a teacher is told the exact velocity. */
export async function train(of: Dataset, options: TrainingOptions): Promise<SteerableMap> {
  const { objective, steps, batch = 256, seed = 0, progress } = options
  const row = objectives.get(objective)
  if (!row) throw new Error(`unknown objective "${objective}"; npx oxbow objectives lists them`)
  const config = resolveConfig({
    data: of.name,
    objective,
    network: { hidden: 64, layers: 3 },
    batch,
    steps,
    chunk: 10,
    seed,
    optimizer: { learningRate: 4e-3 },
    ...(learnsFromTeacher(row) && { teacher: 'exact' as const }),
  })
  const point = pointOf(config, of)
  const step = buildStep(config, point, guidanceOf(config, of, []).teachers)
  const trainer = new Trainer(config, of, step, await engine.compileScan(step.graph, step.state.length))
  while (trainer.step < steps) {
    if (await trainer.advance())
      throw new Error('the loss is no longer a finite number; train again with another seed')
    progress?.(trainer.step)
  }
  const program = async (graph: Graph<CorePrimitive>) => engine.compile(graph)
  const [jump, velocity, pullback] = await Promise.all([
    program(mapGraph(config, point, 'jump')),
    program(mapGraph(config, point, 'velocity')),
    program(pullbackGraph(config, point, 'jump')),
  ])
  const parameters = trainer.parameters()
  const at = (x: Points, s: number, t: number) => [
    parameters,
    x,
    ...[s, t].map(time => new Float32Array(x.length / 2).fill(time)),
  ]
  return {
    dimension: 2,
    interpolant: interpolants.linear,
    jump: async (x, s, t) => (await jump.run(at(x, s, t)))[0] as Points,
    velocity: async (x, t) => (await velocity.run(at(x, t, t)))[0] as Points,
    jumpPullback: async (x, s, t, g) => (await pullback.run([...at(x, s, t), g]))[0] as Points,
  }
}

/** Samples: noise carried to data in so many equal jumps. */
export const sample = ({ jump }: SteerableMap, from: Points, steps: number): Promise<Points> =>
  jumpThrough(jump, from, uniformGrid(steps))

/** Samples of `p(x) e^{beta r(x)}`. */
export async function steer(
  map: SteerableMap,
  reward: (x: number, y: number) => number,
  from: Points,
  { beta = 1, steps = 8 }: { readonly beta?: number; readonly steps?: number } = {},
): Promise<Points> {
  const value: PointReward['value'] = async points =>
    Float64Array.from({ length: points.length / 2 }, (_, i) => reward(points[2 * i], points[2 * i + 1]))
  return (await steerBy(map, { value }, from, { beta, grid: uniformGrid(steps), seed: 0 })).points
}
