import { constant, DYNAMIC, simplify, spec, trace } from '../../autodiff/index.ts'
import { prepareMetrics } from '../../metric/prepare.ts'
import { measureResiduals } from '../../metric/residuals.ts'
import { interpolants, mixtureVelocity } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import type { Program } from '../../runtime/program.ts'
import { solve } from '../../sampler/adaptive.ts'
import { drawNoise, euler, heun, jumpThrough, uniformGrid, type Velocity } from '../../sampler/sampler.ts'
import { mapOf } from '../../training/networks.ts'
import { fileOf } from './files.ts'
import type { Points, QuestionName, Questions } from './protocol.ts'
import type { Engine, Session } from './session.ts'

/** Points of the path that residuals are measured on. */
const MEASURED = 128
/** Local error of a path that is drawn. */
const TOLERANCE = 1e-5

type Answers = {
  [Name in QuestionName]: (
    ask: Questions[Name]['ask'],
    session: Session,
    engine: Engine,
  ) => Promise<Questions[Name]['answer']>
}

/** The exact velocity of a target with a closed form, in float64. */
async function exactVelocity(
  engine: Engine,
  { dataset, config }: Session,
): Promise<{ velocity: Velocity<Float64Array>; program: Program } | undefined> {
  if (!dataset.mixture) return undefined
  const field = mixtureVelocity(dataset.mixture, interpolants[config.interpolant])
  const graph = trace(({ x, t }) => field.velocity(x, t), {
    x: spec([DYNAMIC, 2], 'float64'),
    t: spec([DYNAMIC, 1], 'float64'),
  })
  const program = await engine.compile(simplify(graph))
  const velocity: Velocity<Float64Array> = async (x, t) =>
    (await program.run([x, new Float64Array(x.length / 2).fill(t)]))[0] as Float64Array
  return { velocity, program }
}

/** The velocity that a map has learnt, with numbers of 64 bits around one of 32. */
const learntVelocity =
  (session: Session): Velocity<Float64Array> =>
  async (x, t) =>
    Float64Array.from(await session.map().velocity(Float32Array.from(x), t))

async function withExact<T>(
  engine: Engine,
  session: Session,
  use: (exact: Velocity<Float64Array> | undefined) => Promise<T>,
): Promise<T> {
  const exact = await exactVelocity(engine, session)
  try {
    return await use(exact?.velocity)
  } finally {
    await exact?.program.close()
  }
}

/** What a training is asked while it goes on: each gives the numbers that a picture of the page shows. */
export const answers: Answers = {
  jump: ({ points, s, t, weights }, session) => session.map(weights).jump(points, s, t),

  through: async ({ points, grid, method, weights }, session) => {
    const { jump, velocity } = session.map(weights)
    const step = { jump, euler: euler(velocity), heun: heun(velocity) }[method]
    const all = [points]
    for (let i = 1; i < grid.length; i++) all.push(await step(all[i - 1], grid[i - 1], grid[i]))
    return all
  },

  path: ({ points, times }, session, engine) =>
    withExact(engine, session, async exact => {
      const velocity = exact ?? learntVelocity(session)
      const all: Points[] = []
      let x: Float64Array = Float64Array.from(points)
      for (let i = 0; i < times.length; i++) {
        if (i > 0) x = await solve(velocity, x, times[i - 1], times[i], { tolerance: TOLERANCE })
        all.push(Float32Array.from(x))
      }
      return { points: all, exact: exact !== undefined }
    }),

  field: ({ points, t, weights }, session, engine) =>
    withExact(engine, session, async exact => ({
      own: await session.map(weights).velocity(points, t),
      exact: exact ? Float32Array.from(await exact(Float64Array.from(points), t)) : null,
    })),

  residuals: ({ levels, weights }, session, engine) => {
    const { config, dataset } = session
    const parameters = session.parameters(weights)
    const data = new Float32Array(2 * MEASURED)
    dataset.sample(random(0, 'studio residuals'), data)
    return measureResiduals(mapOf(config, 2, constant(parameters, [parameters.length], 'float64')), {
      dimension: 2,
      interpolant: interpolants[config.interpolant],
      data,
      noise: drawNoise(MEASURED, 2, 0),
      compile: engine.compile as never,
      levels,
    })
  },

  metrics: async ({ steps, method, weights, count, seed }, session) => {
    const measures = prepareMetrics(session.dataset, { count, seed })
    const { jump, velocity } = session.map(weights)
    const noise = drawNoise(count, 2, seed)
    const values = []
    for (const n of steps) {
      const step = method === 'jump' ? jump : euler(velocity)
      values.push(measures.evaluate(await jumpThrough(step, noise, uniformGrid(n))))
    }
    return { values, floors: measures.floors }
  },

  target: async ({ count, seed }, { dataset }) => {
    const points = new Float32Array(2 * count)
    dataset.sample(random(seed, 'studio target'), points)
    return points
  },

  file: async (asked, session) => fileOf(session, asked),
}
