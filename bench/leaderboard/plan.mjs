// What the leaderboard compares: every objective at the same number of floating-point operations.
import { datasets, objectives } from '../../dist/index.js'
import { resolveConfig } from '../../dist/training/config.js'
import { stepOperations } from '../../dist/training/cost.js'

/** Floating-point operations of one training: about 40 s on one of two cores. */
export const BUDGET = 2.4e12

/** Data, and how many seeds each objective is trained with. */
export const BOARDS = [
  { data: 'ring', seeds: 3 },
  { data: 'eight-gaussians', seeds: 3 },
  { data: 'checkerboard', seeds: 1 },
  { data: 'two-moons', seeds: 1 },
]

export const NFE = [1, 2, 4, 8]
export const COUNT = 100_000

/** Settings of our own where a method's default fails, found on one seed of the ring. */
export const OWN_SETTINGS = []

const velocity = { network: { conditioning: 's' } }

/** Training keys of one objective: as many steps as the budget buys. */
export function trainingOf(id, own = {}) {
  const { parts, needs } = objectives.get(id)
  const keys = { ...(parts ? {} : velocity), ...own }
  const teacher = needs.some(need => need.includes('teacher')) ? { teacher: 'any' } : {}
  const config = resolveConfig({ objective: id, ...teacher, ...keys })
  return { ...keys, steps: Math.round(BUDGET / stepOperations(config)) }
}

/** The comparison of one dataset, as `oxbow compare --config` reads it. */
export function comparisonOf({ data, seeds }) {
  if (!datasets[data]) throw new Error(`no dataset ${data}`)
  const own = OWN_SETTINGS.map(({ id, label, training }) => ({
    id,
    label,
    training: trainingOf(id, training),
  }))
  return {
    title: `Leaderboard: ${data}`,
    data,
    seeds,
    steps: NFE,
    count: COUNT,
    objectives: [...[...objectives.keys()].map(id => ({ id, training: trainingOf(id) })), ...own],
    teacherTraining: { steps: trainingOf('flow-matching').steps },
  }
}
