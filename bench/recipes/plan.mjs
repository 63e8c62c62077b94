// What docs/recipes.md compares: the recipe and single objectives at the same number of floating-point operations, on
// the same network and with the same falling learning rate.
import { countOperations, simplify, spec, trace } from '../../dist/autodiff/index.js'
import { resolveConfig } from '../../dist/config/index.js'
import { teacherConfig, trainsTeacher } from '../../dist/config/teacher-config.js'
import { mapOf, parameterCount } from '../../dist/model/index.js'
import { stepOperations } from '../../dist/training/cost.js'

export const TARGETS = [
  'ring',
  'heart',
  'eight-gaussians',
  'two-moons',
  'spirals',
  'pinwheel',
  'swiss-roll',
  'checkerboard',
]
export const NFE = [1, 2, 4]
export const COUNT = 20_000
export const SEEDS = 3

/** Operations of a short training, about half a minute on one core: an eighth of the recipe's own length. */
export const SHORT = 1.6e12

/** The recipe's network and falling rate; a velocity's times are the recipe's too. */
const shape = {
  network: { hidden: 256, layers: 4 },
  optimizer: { learningRate: 4e-3 },
  schedule: { kind: 'cosine', warmup: 30 },
}
const velocityFirst = {
  ...shape,
  teacher: 'train',
  initFrom: 'teacher',
  teacherTraining: { times: { law: 'logit-normal', mean: -0.8, deviation: 1.4 } },
}

/** Rows of the table at equal compute. */
const ROWS = [
  { id: 'one-step', label: 'one-step', training: {} },
  { id: 'semigroup', label: 'velocity, then semigroup', training: velocityFirst },
  { id: 'lsd', label: 'lsd', training: shape },
  { id: 'psd', label: 'psd', training: shape },
  { id: 'meanflow', label: 'meanflow', training: shape },
]

/** Each takes one idea out of the recipe. */
const WITHOUT = [
  { id: 'one-step', label: 'one-step, whole', training: {} },
  { id: 'one-step', label: 'no jumps from noise to data', training: { times: { full: 0 } } },
  { id: 'one-step', label: 'squared error', training: { loss: { kind: 'mse' } } },
  { id: 'one-step', label: 'learning rate 0.001', training: { optimizer: { learningRate: 1e-3 } } },
  { id: 'one-step', label: 'constant rate', training: { schedule: { kind: 'constant', warmup: 0 } } },
  {
    id: 'one-step',
    label: 'uniform times of the velocity',
    training: { teacherTraining: { times: { law: 'triangle', mean: null, deviation: null } } },
  },
  { id: 'one-step', label: 'fresh weights', training: { initFrom: null } },
  { id: 'one-step', label: '2 layers of 192', training: { network: { hidden: 192, layers: 2 } } },
]

/** Operations of one velocity. */
function forward(network) {
  const [point, samples] = [{ shape: [2] }, 2048]
  const config = { network: { ...network, conditioning: 's' } }
  const time = spec([samples, 1])
  const graph = trace(({ parameters, x, s, t }) => mapOf(config, point, parameters).velocity(x, s, t), {
    parameters: spec([parameterCount(config, point)]),
    x: spec([samples, ...point.shape]),
    s: time,
    t: time,
  })
  return countOperations(simplify(graph)) / samples
}

/**
 * The number of steps with which a whole training takes this many floating-point operations: its own steps, those of the
 * teacher that it trains, and its trajectories.
 */
function stepsFor(user, budget) {
  const config = resolveConfig({ ...user, steps: 6000 })
  const teacher = trainsTeacher(config) ? resolveConfig(teacherConfig(config)) : undefined
  const { kind, pairs, steps } = config.coupling
  const solved = kind === 'independent' ? 0 : (pairs / config.steps) * steps * 2 * forward(config.network)
  const taught = teacher ? (teacher.steps / config.steps) * stepOperations(teacher) : 0
  return Math.floor(budget / (stepOperations(config) + taught + solved))
}

const withBudget = (rows, budget) =>
  rows.map(({ id, label, training }) => {
    const name = id === 'one-step' ? { recipe: id } : { objective: id }
    return { id, label, training: { ...training, steps: stepsFor({ ...training, ...name }, budget) } }
  })

/** The comparisons of one target by name, as `oxbow compare --config` reads them. */
export function comparisonsOf(target, data) {
  const common = { data, steps: NFE, count: COUNT, teacher: 'train' }
  return {
    short: { ...common, title: `Recipes: ${target}`, seeds: SEEDS, objectives: withBudget(ROWS, SHORT) },
    default: {
      ...common,
      title: `The default recipe: ${target}`,
      seeds: SEEDS,
      objectives: [{ id: 'one-step', label: 'one-step', training: {} }],
    },
    ...(target === 'ring' && {
      without: {
        ...common,
        title: `One idea less: ${target}`,
        seeds: 1,
        objectives: withBudget(WITHOUT, SHORT),
      },
    }),
  }
}
