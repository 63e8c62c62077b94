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

/** Not compared, and why. */
const LEFT_OUT = [
  // The teacher is a velocity itself; these are others of its kind.
  ...['flow-matching', 'denoise', 'gft'],
  // Sample another distribution on purpose, or learn from weights or an energy in the place of data.
  ...['itm', 'mfm-ft', 'reward-backprop', 'weighted-flow-matching', 'reverse-kl'],
  // Hold in flat spaces as other rows here do, and were written for curved ones: docs/spaces.md.
  ...['rmf-self', 'lmf-inverse'],
  // Learn sequences of symbols, of which no board has any.
  ...[...objectives.values()].filter(row => row.parameterization === 'simplex').map(({ id }) => id),
  // Learn densities beside the map: docs/likelihood.md.
  ...['falcon', 'f2d2:diagonal', 'f2d2:shortcut', 'f2d2:meanflow', 'f2d2:lsd'],
  // Post-training alone; from a random start it has a row with features below.
  'frechet',
]

/** Settings of our own where a method's default fails, found on one seed of the 8 Gaussians. */
export const OWN_SETTINGS = [
  {
    id: 'gan',
    label: 'gan, beta1 0',
    training: { optimizer: { beta1: 0 } },
    why: 'Generator and critic chase each other: without momentum they oscillate less.',
  },
  {
    id: 'drifting',
    label: 'drifting, joint',
    training: { options: { normalisation: 'joint' } },
    why: 'One softmax over data and samples, as in the algorithm of the paper.',
  },
  {
    id: 'frechet',
    label: 'frechet, 96 features',
    training: { features: 'random:96', options: { beta: 0.9 } },
    why: 'On coordinates, a Gaussian is already optimal. Intended for post-training; here from random weights.',
  },
  {
    id: 'psd',
    label: 'psd and a critic',
    training: { adversarial: { weight: 0.1 } },
    why: 'A relativistic critic in the last fifth of the steps, on the jump from noise.',
  },
  {
    id: 'ct',
    label: 'ct, own target',
    training: { target: 'student' },
    why: 'The averaged target lags behind: with small steps Δ, the student mostly chases its own past.',
  },
  { id: 'ctm', label: 'ctm, own target', training: { target: 'student' }, why: 'Same as ct.' },
  {
    id: 'scm',
    label: 'scm, with a teacher',
    training: { options: { velocity: 'teacher' } },
    why: "The teacher's velocity instead of the conditional one: no noise in the tangent.",
  },
  {
    id: 'facm',
    label: 'facm, 2 frequencies',
    training: { network: { frequencies: 2 } },
    why: 'Slower time features keep the tangent small, and separate times above 1 from those below.',
  },
  {
    id: 'meanflow',
    label: 'meanflow, plain loss',
    training: { loss: { adaptive: null } },
    why: 'The adaptive weight moves the optimum away from the conditional mean.',
  },
  {
    id: 'esd',
    label: 'esd, spatial gradient',
    training: { options: { spatialGradient: true } },
    why: 'It diverged on the ring, even with clipping: its spatial term is not differentiated, so nothing in the loss limits it.',
  },
  {
    id: 'soflow',
    label: 'soflow, plain loss',
    training: { loss: { adaptive: null } },
    why: 'Same as meanflow, for its diagonal term.',
  },
  {
    id: 'lmd-discrete',
    label: 'lmd-discrete, m near t',
    training: { times: { between: [0.02, 0.1] } },
    why: "The Euler step from m to t causes the method's bias, which is of second order, so steps are shorter.",
  },
  {
    id: 'emd-discrete',
    label: 'emd-discrete, m near s',
    training: { times: { between: [0.9, 0.98] } },
    why: 'Same as lmd-discrete, for the step from s to m.',
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

/** The labels of all rows. */
export const LABELS = [
  ...[...objectives.keys()].filter(id => !LEFT_OUT.includes(id)),
  ...OWN_SETTINGS.map(({ label }) => label),
]

/** The comparison of some rows on one dataset, as `oxbow compare --config` reads it. */
export function comparisonOf({ data }, seeds, labels = LABELS) {
  if (!datasets[data]) throw new Error(`no dataset ${data}`)
  const own = OWN_SETTINGS.filter(({ label }) => labels.includes(label)).map(({ id, label, training }) => ({
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
        .filter(id => labels.includes(id))
        .map(id => ({ id, training: trainingOf(id) })),
      ...own,
    ],
    teacherTraining: { steps: trainingOf('flow-matching').steps },
  }
}
