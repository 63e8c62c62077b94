import { constant } from '../../autodiff/index.ts'
import { pointOf } from '../../config/index.ts'
import type { WeightsName } from '../../config/weights-name.ts'
import { binLosses } from '../../evaluation/loss-bins.ts'
import { type Measures, prepareMetrics } from '../../metric/prepare.ts'
import { measureResiduals } from '../../metric/residuals.ts'
import { strayEstimate } from '../../metric/strays.ts'
import { interpolants, mapOf, predictions } from '../../model/index.ts'
import { random } from '../../random/random.ts'
import type { Runtime } from '../../runtime/runtime.ts'
import { drawNoise, uniformGrid } from '../../sampler/sampler.ts'
import { solverOf } from '../../sampler/solvers/table.ts'
import { through as solve } from '../../sampler/through.ts'
import { networksOf } from '../../training/networks.ts'
import { mapParameters, parametersOf } from '../../training/players.ts'
import type { PageMethod } from '../solvers.ts'
import { answerEdit, answerInvert } from './editing.ts'
import { exactVelocity, learntVelocity, solveThrough } from './exact.ts'
import { fileOf } from './files.ts'
import { answerDrift, answerJudged } from './players.ts'
import type { PlanePoints, QuestionName, Questions } from './protocol.ts'
import type { Session } from './session.ts'
import { answerSteer, answerTilted } from './steering.ts'
import { marksOf, scoresOf, valuesOf } from './strays.ts'

/** Points that the floor of strays is of, where nothing else is measured of them. */
const MARKED = 2000
/** Points of the path that residuals are measured on: fewer leave the largest cell to chance. */
const MEASURED = 2048

type Answers = {
  [Name in QuestionName]: (
    ask: Questions[Name]['ask'],
    session: Session,
    engine: Runtime,
  ) => Promise<Questions[Name]['answer']>
}

/** Counts whose references are kept. */
const COUNTS = 2

/** Metrics of a training's target, made ready once for a count: against the points that its reports are measured by. */
function measuresOf(session: Session, count: number): Measures {
  const kept = session.once(`metrics ${session.told}`, () => new Map<number, Measures>())
  const measures = kept.get(count) ?? prepareMetrics(session.seen, { count })
  // The last used comes last.
  kept.delete(count)
  kept.set(count, measures)
  if (kept.size > COUNTS) kept.delete(kept.keys().next().value!)
  return measures
}

/** One interval of a grid: a jump of the map, or a step of a solver on its velocity. */
/** Points at every time of a grid, taken through it by a method. */
async function through(
  session: Session,
  method: PageMethod,
  weights: WeightsName,
  points: PlanePoints,
  grid: readonly number[],
): Promise<PlanePoints[]> {
  const all = [points]
  const { jump, velocity } = session.map(weights)
  const solver = solverOf(method)
  await solve(({ x, s, t }) => (t === undefined ? velocity(x, s) : jump(x, s, t)), points, grid, {
    path: interpolants[session.config.interpolant],
    prediction: predictions.velocity,
    solver,
    options: solver.options.parse({}),
    noise: (_, like) => like,
    onStep: x => all.push(x),
  })
  return all
}

/** One class for many points. */
const classIndices = (count: number, index: number) =>
  constant(new Array<number>(count).fill(index), [count], 'int64')

/** What a training is asked while it goes on: each gives the numbers that a picture of the page shows. */
export const answers: Answers = {
  jump: ({ points, s, t, weights }, session) => session.map(weights).jump(points, s, t),

  through: ({ points, grid, method, weights }, session) => through(session, method, weights, points, grid),

  path: async ({ points, times, weights = 'ema' }, session, engine) => {
    const exact = await exactVelocity(engine, session)
    const velocity = exact ?? learntVelocity(session, weights)
    const known = exact !== undefined
    return { points: await solveThrough(velocity, points, times, known), exact: known }
  },

  field: async ({ points, t, weights }, session, engine) => {
    const exact = await exactVelocity(engine, session)
    return {
      own: await session.map(weights).velocity(points, t),
      exact: exact ? Float32Array.from(await exact(Float64Array.from(points), t)) : null,
    }
  },

  strays: async ({ points }, session) => {
    const marks = marksOf(session, points)
    if (!marks) return null
    const { floors } = session.once(`strays ${session.told}`, () =>
      prepareMetrics(session.seen, { count: MARKED, names: ['strays'] }),
    )
    const { value: floor, low, high } = floors.strays
    return { marks, value: strayEstimate(marks.subarray(0, MARKED)).value, floor, low, high }
  },

  residuals: ({ levels, weights }, session, engine) => {
    const { config, dataset, seen, classes, told } = session
    const parameters = session.parameters(weights)
    const data = new Float32Array(2 * MEASURED)
    const one = classes && { class: classIndices(MEASURED, told ?? classes.names.length) }
    seen.sample(random(0, 'studio residuals'), data)
    return measureResiduals(
      mapOf(config, pointOf(config, dataset), constant(parameters, [parameters.length]), one ?? undefined),
      {
        dimension: 2,
        interpolant: interpolants[config.interpolant],
        data,
        noise: drawNoise(MEASURED, 2, 0),
        compile: engine.compile as never,
        levels,
        // A third of the time of float64 by WebAssembly.
        dtype: 'float32',
      },
    )
  },

  metrics: async ({ steps, method, weights, count, seed }, session) => {
    const measures = measuresOf(session, count)
    const noise = drawNoise(count, 2, seed)
    const found = []
    for (const n of steps)
      found.push(
        valuesOf(measures.estimate((await through(session, method, weights, noise, uniformGrid(n))).at(-1)!)),
      )
    return {
      values: found.map(({ values }) => values),
      intervals: found.map(({ intervals }) => intervals),
      floors: measures.floors,
    }
  },

  steer: answerSteer,

  tilted: answerTilted,

  invert: answerInvert,

  edit: answerEdit,

  samples: async ({ steps, method, weights, count, seed }, session) => {
    const measures = measuresOf(session, count)
    const path = await through(session, method, weights, drawNoise(count, 2, seed), uniformGrid(steps))
    const ends = path.at(-1)!
    return { path, marks: marksOf(session, ends)!, ...scoresOf(measures, ends), floors: measures.floors }
  },

  losses: ({ bins, draws, weights }, { config, dataset, state, plan, teachers }, engine) => {
    const networks = networksOf(config, pointOf(config, dataset))
    return binLosses({
      config,
      dataset,
      teachers,
      parameters: parametersOf(state, networks, weights),
      ...(config.target === 'ema' && { target: mapParameters(state, 'ema') }),
      step: plan.stages.at(-1)!.steps,
      compile: engine.compile,
      bins,
      draws,
    })
  },

  judged: answerJudged,

  drift: answerDrift,

  target: async ({ count, seed }, { seen }) => {
    const points = new Float32Array(2 * count)
    seen.sample(random(seed, 'studio target'), points)
    return points
  },

  file: async (asked, session) => fileOf(session, asked),
}
