import { DEFAULT_KIND, networks } from '../model/index.ts'
import { isTwoLevel, type Objective } from '../objective/index.ts'
import { adapterConfig } from './adapter.ts'
import { findObjective } from './objective.ts'
import { isPlain, merge, type Plain } from './plain.ts'
import { type RecipeName, recipes } from './recipes.ts'
import type { Config } from './schema.ts'

/** What a run takes where neither the user nor a recipe nor the objective says anything. */
export const base: Omit<Config, 'objective' | 'seeds' | 'diagonal'> = {
  data: 'ring',
  source: null,
  sourceNoise: 0,
  prefix: 0,
  standardize: 'auto',
  holdOut: 0.1,
  recipe: null,
  options: {},
  teacher: null,
  teacherTraining: {},
  initFrom: null,
  adapter: null,
  interpolant: 'linear',
  network: {
    kind: DEFAULT_KIND,
    conditioning: 's,t',
    parameterization: 'average-velocity',
    predicts: 'velocity',
  },
  condition: { kind: 'none', drop: 0.1 },
  guidance: {
    rule: 'none',
    scale: 2,
    form: 'velocity',
    law: 'fixed',
    range: [1, 8],
    omega: 1,
    kappa: 0.5,
    interval: [0, 1],
    weak: null,
    baked: null,
    divide: false,
  },
  consistency: { weight: 1, fraction: 1 },
  termWeights: 'fraction',
  loss: {
    kind: 'mse',
    c: 0.1,
    adaptive: null,
    minSnr: null,
    gapWeight: null,
    learned: false,
    perceptual: null,
  },
  times: {
    law: 'triangle',
    minimum: 0.05,
    between: [0.2, 0.8],
    mean: null,
    deviation: null,
    equal: 0,
    full: 0,
    gapMean: -0.8,
    means: [0.4, -1.2],
    levels: 7,
    argmaxShare: 0.9,
    clock: 'time',
    shift: 1,
    gap: 1,
    group: 1,
  },
  features: null,
  anchor: { law: null, mean: null, deviation: null },
  posterior: { map: null, steps: 8 },
  coupling: {
    kind: 'independent',
    teacher: null,
    pairs: 32_768,
    steps: 32,
    group: null,
    regularization: null,
  },
  optimizer: {
    name: 'adam',
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    momentum: 0.95,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: null,
    accumulate: 1,
  },
  adversarial: null,
  matching: null,
  players: {},
  schedule: { kind: 'constant', warmup: 0, final: 0 },
  ema: 0.995,
  averages: {},
  powerAverages: [],
  target: 'ema',
  recompute: false,
  batch: 512,
  steps: 6000,
  logEvery: 50,
  log: { tensorboard: false },
  checkpointEvery: 1000,
  chunk: 25,
}

/** The kind of network that a configuration names, or the default one. */
export const kindIn = ({ network }: Plain): string =>
  isPlain(network) && typeof network.kind === 'string' ? network.kind : DEFAULT_KIND

/** What a kind of network brings where the user says nothing: its own block, and the batch that suits it. */
export const networkDefaults = (kind: string): Plain => {
  const { defaults, batch } = networks.get(kind) ?? {}
  return { network: { kind, ...defaults }, ...(batch !== undefined && { batch }) }
}

/** The keys of a recipe, without a network of another kind than the user's and the learning rate that was measured with it. */
export function recipeConfig(recipe: RecipeName, given: Plain, kind: string): Plain {
  const { network: _, ...usual } = networkDefaults(kind)
  const { network, optimizer, ...keys } = recipes[recipe].keys({ ...usual, ...given })
  const same = isPlain(network) && network.kind === kind
  return { recipe, ...keys, ...(same && { network, optimizer }) }
}

/** The network of an objective that trains a policy. */
const POLICY = { parameterization: 'policy', conditioning: 's', components: 8, substeps: 64 }

/** The map of an objective of two levels, which knows no point without another. */
const LEVELS = { condition: { kind: 'state', drop: 0 }, network: { backbone: 1 } }

/** The perceptron of sequences, which one layer more serves well. */
const SYMBOLS = { layers: 3 }

/** Defaults of the objective, in the configuration's own keys. */
export function objectiveConfig(
  {
    rule,
    diagonal,
    parts,
    defaults,
    head,
    parameterization,
    sampler,
    coupling = defaults.coupling,
  }: Objective,
  kind: string = DEFAULT_KIND,
): Plain {
  const { weight = 1, times, loss, clip, guidance } = defaults
  // What matches distributions asks for no averaged parameters.
  const target = rule === 'distributional' ? 'student' : defaults.target
  const diagonalFraction = defaults.diagonalFraction ?? (diagonal === null ? 0 : parts ? 0.3 : 1)
  return {
    diagonal: { objective: diagonal, options: {}, fraction: diagonalFraction, weight: 1 },
    consistency: { weight },
    ...(head && { network: { divergenceHead: 'auto' } }),
    ...(parameterization === 'policy' && { network: POLICY }),
    ...(parameterization === 'simplex' && {
      network: { parameterization, ...(kind === DEFAULT_KIND && SYMBOLS) },
    }),
    ...(isTwoLevel({ sampler }) && LEVELS),
    ...(times && { times }),
    ...(loss && { loss }),
    ...(clip && { optimizer: { clip } }),
    ...(target && { target }),
    ...(guidance && { guidance: { rule: guidance } }),
    ...(coupling && { coupling: { kind: coupling } }),
  }
}

/**
 * What a configuration is where the user names the objective, or the recipe, and nothing else; it may lack what the
 * objective needs.
 *
 * @param given  what a recipe decides by: the number of steps, the batch and the teacher; and whether there is an adapter
 */
export function defaultsOf(id: string, recipe: RecipeName | null = null, given: Plain = {}): Plain {
  const objective = findObjective(id)
  const options = objective.options.safeParse({}).data ?? {}
  const kind = kindIn(given)
  const own = recipe ? recipeConfig(recipe, given, kind) : {}
  const before = [networkDefaults(kind), { objective: id, options }, objectiveConfig(objective, kind), own]
  const usual = before.reduce<Plain>(merge, base)
  const { optimizer = {} } = adapterConfig(given, usual, kind)
  return merge(usual, { optimizer })
}
