// What the leaderboard compares: every objective at the same number of floating-point operations.

import { resolveConfig } from '../../dist/config/index.js'
import { datasets, objectives } from '../../dist/index.js'
import { stepOperations } from '../../dist/training/cost.js'

/** Floating-point operations of one training: about 25 s on one of two cores. */
export const BUDGET = 1.6e12

/** Data that each objective is trained on. */
export const BOARDS = [
  { data: 'two-moons' },
  { data: 'checkerboard' },
  { data: 'eight-gaussians' },
  { data: 'ring' },
]

export const NFE = [1, 2, 4, 8]
export const COUNT = 100_000

/** Not compared: the teacher is `flow-matching` itself, and `itm` samples another distribution on purpose. */
const LEFT_OUT = ['flow-matching', 'itm']

/** Settings of our own where a method's default fails, found on one seed of the 8 Gaussians. */
export const OWN_SETTINGS = [
  {
    id: 'ct',
    label: 'ct, own target',
    training: { target: 'student' },
    why: 'The averaged target lags behind: at small steps Δ the student mostly chases its own past.',
  },
  { id: 'ctm', label: 'ctm, own target', training: { target: 'student' }, why: 'As ct.' },
  {
    id: 'scm',
    label: 'scm, with a teacher',
    training: { options: { velocity: 'teacher' } },
    why: "The teacher's velocity in place of the conditional one: no noise in the tangent.",
  },
  {
    id: 'facm',
    label: 'facm, 2 frequencies',
    training: { network: { frequencies: 2 } },
    why: 'Slower time features keep the tangent small, and times above 1 apart from those below.',
  },
  {
    id: 'meanflow',
    label: 'meanflow, plain loss',
    training: { loss: { adaptive: null } },
    why: 'The adaptive weight moves the optimum off the conditional mean.',
  },
  {
    id: 'esd',
    label: 'esd, spatial gradient',
    training: { options: { spatialGradient: true } },
    why: 'It ran away on the ring, with clipping too: its spatial term is not differentiated, so nothing in the loss holds it back.',
  },
  {
    id: 'soflow',
    label: 'soflow, plain loss',
    training: { loss: { adaptive: null } },
    why: 'As meanflow, for its diagonal term.',
  },
  {
    id: 'lmd-discrete',
    label: 'lmd-discrete, m near t',
    training: { times: { between: [0.02, 0.1] } },
    why: "The Euler step from m to t is the method's bias, of second order: shorter steps.",
  },
  {
    id: 'emd-discrete',
    label: 'emd-discrete, m near s',
    training: { times: { between: [0.9, 0.98] } },
    why: 'As lmd-discrete, for the step from s to m.',
  },
  {
    id: 'meanflow',
    label: 'meanflow on reflow',
    training: { coupling: { kind: 'reflow' } },
    why: "Rectified MeanFlow: pairs of the teacher's trajectories, whose conditional velocity is nearly the marginal one.",
  },
]

const velocity = { network: { conditioning: 's' } }

/** Training keys of one objective: as many steps as the budget buys. */
export function trainingOf(id, own = {}) {
  const { parts, needs } = objectives.get(id)
  const keys = { ...(parts ? {} : velocity), ...own }
  const asks =
    needs.some(need => need.includes('teacher')) || own.options?.velocity === 'teacher' || own.coupling
  const teacher = asks ? { teacher: 'any' } : {}
  const config = resolveConfig({ objective: id, ...teacher, ...keys })
  return { ...keys, steps: Math.round(BUDGET / stepOperations(config)) }
}

/** The comparison of one dataset, as `oxbow compare --config` reads it. */
export function comparisonOf({ data }, seeds) {
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
    objectives: [
      ...[...objectives.keys()]
        .filter(id => !LEFT_OUT.includes(id))
        .map(id => ({ id, training: trainingOf(id) })),
      ...own,
    ],
    teacherTraining: { steps: trainingOf('flow-matching').steps },
  }
}
