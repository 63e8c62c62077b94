import { z } from 'zod'
import type { DatasetSpec } from '../data/catalogue.ts'
import { nearest } from '../data/suggest.ts'
import { show } from '../data/validate.ts'
import {
  type InterpolantName,
  interpolants,
  type ParameterizationName,
  parameterizations,
} from '../model/index.ts'
import {
  annealed,
  diagonalIds,
  type Objective,
  objectives,
  type TimeLawName,
  timeLaws,
} from '../objective/index.ts'
import { DEFAULT_RECIPE, type RecipeName, recipes } from './recipes.ts'
import { whyNot } from './validate.ts'

/** A configuration that is refused. `code` is for machines, the message one line for people. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError'
}

type Plain = Record<string, unknown>
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const positive = z.number().positive()
const count = z.int().positive()
const fraction = z.number().min(0).max(1)

/** Checked in full when the data is opened. */
const dataSchema = z.custom<DatasetSpec>(
  value => (typeof value === 'string' && value !== '') || isPlain(value),
  'expected a dataset name, the path of a file or folder, or a block such as {csv: {path}}',
)

const networkSchema = z.strictObject({
  hidden: count.max(8192),
  layers: count.max(64),
  activation: z.enum(['silu', 'gelu', 'tanh']),
  embedding: z.enum(['fourier', 'raw']),
  frequencies: count.max(24),
  conditioning: z.enum(['s,t', 's,s-t', 's-t', 's', 'decoupled']),
  injection: z.enum(['input', 'layers']),
  sourceLayers: count.nullable(),
  parameterization: z.enum(Object.keys(parameterizations) as [ParameterizationName]),
})

const lawSchema = z.enum(Object.keys(timeLaws) as [TimeLawName])

const timesSchema = z.strictObject({
  law: lawSchema,
  minimum: z.number().min(0).max(0.99),
  between: z
    .tuple([fraction, fraction])
    .refine(([low, high]) => low <= high, 'expected two fractions in rising order'),
  /** Of a normal law; null for the law's own. */
  mean: z.number().nullable(),
  deviation: positive.nullable(),
  equal: fraction,
  /** Fraction of pairs that jump all the way, from noise to data. */
  full: fraction,
  levels: count.max(20),
  /** Longest jump, as a part of the law's; a schedule lets jumps grow. */
  gap: annealed(z.number().gt(0).max(1)),
})

const schema = z.strictObject({
  data: dataSchema,
  /** What the network sees in place of the data's own units. */
  standardize: z.enum(['auto', 'none', 'column', 'whole']),
  /** Part of the rows of finite data that is set aside to measure with. */
  holdOut: fraction.max(0.5),
  /** Whose defaults these are; null for those of the objective alone. */
  recipe: z.enum(Object.keys(recipes) as [RecipeName]).nullable(),
  objective: z.string(),
  options: z.record(z.string(), z.unknown()),
  /** `exact`, `train` (in the run directory, before the run itself) or a run. */
  teacher: z.string().min(1).nullable(),
  /** Keys in which the training of that teacher differs from the run's own; see `teacherConfig`. */
  teacherTraining: z.record(z.string(), z.unknown()),
  /** A run, or `teacher` for the one that is trained first. */
  initFrom: z.string().min(1).nullable(),
  interpolant: z.enum(Object.keys(interpolants) as [InterpolantName]),
  network: networkSchema,
  diagonal: z.strictObject({
    objective: z.enum(diagonalIds as [string]).nullable(),
    /** Of that term, where it is not the objective itself. */
    options: z.record(z.string(), z.unknown()),
    fraction,
    weight: z.number().min(0),
  }),
  consistency: z.strictObject({
    weight: z.number().min(0),
    fraction: z.number().gt(0).max(1),
  }),
  /** `fraction`: each term's weight is multiplied by its part of the batch. `plain`: it is not. */
  termWeights: z.enum(['fraction', 'plain']),
  loss: z.strictObject({
    kind: z.enum(['mse', 'pseudo-huber', 'cauchy']),
    c: positive,
    adaptive: z.strictObject({ p: z.number().min(0), c: positive }).nullable(),
    /** Largest signal-to-noise ratio that counts, for the Min-SNR weight. */
    minSnr: positive.nullable(),
    /** `lambda` of the progressive gap weight. */
    gapWeight: z.number().min(0).nullable(),
    /** Whether a weight over `(s, t)` is learned. */
    learned: z.boolean(),
  }),
  times: timesSchema,
  /** A law of its own for the times of an objective's anchor. */
  anchor: z.strictObject({
    law: lawSchema.nullable(),
    mean: z.number().nullable(),
    deviation: positive.nullable(),
  }),
  coupling: z.strictObject({
    kind: z.enum(['independent', 'reflow', 'samples', 'trajectory']),
    /** Whose trajectories; null for the run's own teacher. */
    teacher: z.string().min(1).nullable(),
    /** Trajectories that are solved before training. */
    pairs: count.max(10_000_000),
    /** Heun steps of each. */
    steps: count.max(1000),
  }),
  optimizer: z.strictObject({
    name: z.enum(['adam', 'adamw']),
    learningRate: positive,
    beta1: fraction.lt(1),
    beta2: fraction.lt(1),
    epsilon: positive,
    weightDecay: z.number().min(0),
    /** Largest global norm of the gradient; null for none. */
    clip: positive.nullable(),
  }),
  schedule: z.strictObject({
    kind: z.enum(['constant', 'cosine', 'inverse-sqrt']),
    /** Steps of linear warm-up. */
    warmup: z.int().min(0),
    /** The cosine ends at this part of the learning rate. */
    final: fraction,
  }),
  /** Decay of the averaged parameters; 0 for none. */
  ema: fraction.lt(1),
  /** What `theta-` is: the averaged parameters or the student's own. */
  target: z.enum(['ema', 'student']),
  batch: count.max(1_000_000),
  steps: z.int().min(0),
  seeds: z.strictObject({ data: z.int(), noise: z.int(), initialization: z.int() }),
  logEvery: count,
  /** Where the log goes beside `metrics.jsonl`. */
  log: z.strictObject({ tensorboard: z.boolean() }),
  checkpointEvery: count,
  /** Most steps in one run of the compiled graph; the numbers do not depend on it. */
  chunk: count.max(10_000),
})

/** A fully resolved training configuration. */
export type Config = z.infer<typeof schema>

type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T

/** What a user writes: any part of a configuration, and `seed` for all seeds at once. */
export type UserConfig = DeepPartial<Omit<Config, 'data'>> & { data?: Config['data']; seed?: number }

const base: Omit<Config, 'objective' | 'seeds' | 'diagonal'> = {
  data: 'ring',
  standardize: 'auto',
  holdOut: 0.1,
  recipe: null,
  options: {},
  teacher: null,
  teacherTraining: {},
  initFrom: null,
  interpolant: 'linear',
  network: {
    hidden: 192,
    layers: 2,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: 4,
    conditioning: 's,t',
    injection: 'input',
    sourceLayers: null,
    parameterization: 'average-velocity',
  },
  consistency: { weight: 1, fraction: 1 },
  termWeights: 'fraction',
  loss: { kind: 'mse', c: 0.1, adaptive: null, minSnr: null, gapWeight: null, learned: false },
  times: {
    law: 'triangle',
    minimum: 0.05,
    between: [0.2, 0.8],
    mean: null,
    deviation: null,
    equal: 0,
    full: 0,
    levels: 7,
    gap: 1,
  },
  anchor: { law: null, mean: null, deviation: null },
  coupling: { kind: 'independent', teacher: null, pairs: 32_768, steps: 32 },
  optimizer: {
    name: 'adam',
    learningRate: 1e-3,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clip: null,
  },
  schedule: { kind: 'constant', warmup: 0, final: 0 },
  ema: 0.995,
  target: 'ema',
  batch: 512,
  steps: 6000,
  logEvery: 50,
  log: { tensorboard: false },
  checkpointEvery: 1000,
  chunk: 25,
}

/** Blocks that stand for one value, so that a user's block replaces the default whole. */
const WHOLE = new Set(['data', 'options', 'gap'])

/** `over` on top of `under`, block by block. */
export function merge(under: Plain, over: Plain): Plain {
  const result = { ...under }
  for (const [key, value] of Object.entries(over)) {
    if (key === '__proto__') throw new ConfigError('unknown key __proto__')
    const below = result[key]
    result[key] = isPlain(below) && isPlain(value) && !WHOLE.has(key) ? merge(below, value) : value
  }
  return result
}

/** Defaults of the objective, in the configuration's own keys. */
function objectiveConfig({ diagonal, parts, defaults, coupling = defaults.coupling }: Objective): Plain {
  const { weight = 1, times, loss, clip, target } = defaults
  const diagonalFraction = defaults.diagonalFraction ?? (diagonal === null ? 0 : parts ? 0.3 : 1)
  return {
    diagonal: { objective: diagonal, options: {}, fraction: diagonalFraction, weight: 1 },
    consistency: { weight },
    ...(times && { times }),
    ...(loss && { loss }),
    ...(clip && { optimizer: { clip } }),
    ...(target && { target }),
    ...(coupling && { coupling: { kind: coupling } }),
  }
}

function describe(issue: z.core.$ZodIssue, input: unknown): string {
  const key = issue.path.join('.')
  if (issue.code === 'unrecognized_keys') {
    const name = [...issue.path, issue.keys[0]].join('.')
    return `unknown key ${name}${suggest(name)}`
  }
  const found = issue.path.reduce<unknown>((value, step) => (value as Plain)?.[step as string], input)
  return `${key || 'config'}: ${expectation(issue)}, found ${show(found)}`
}

/** What a schema expected, without zod's own judgement of what it found. */
export const expectation = ({ message }: z.core.$ZodIssue): string =>
  message.replace(/^(Invalid \w+|Too (small|big)): /, '').replace(/, received .*$/, '')

const KEYS = [...keysOf(schema), 'seed']

/** Every key of a resolved configuration, nested ones joined by dots. */
export const configKeys = (): readonly string[] => keysOf(schema)

function keysOf(type: z.ZodType, path = ''): string[] {
  if (!(type instanceof z.ZodObject)) return [path]
  return Object.entries(type.shape).flatMap(([key, child]) =>
    keysOf(child as z.ZodType, path ? `${path}.${key}` : key),
  )
}

function suggest(name: string): string {
  const near = nearest(name, KEYS) ?? KEYS.find(key => key.endsWith(`.${name}`))
  return near ? ` (did you mean ${near}?)` : ''
}

export function findObjective(id: string): Objective {
  const objective = objectives.get(id)
  if (objective) return objective
  const near = nearest(id, [...objectives.keys()])
  throw new ConfigError(
    `objective: unknown objective "${id}"${near ? ` (did you mean ${near}?)` : ''}; known: ${[...objectives.keys()].join(', ')}`,
  )
}

/** What a run that begins with another's weights trains where nothing is named. */
const CONTINUED = 'lsd'

/**
 * The recipe that a user names, or the default one where neither it nor an objective is named: it begins with weights of
 * its own.
 */
function recipeOf({ recipe, objective, initFrom }: Plain) {
  if (recipe === null) return undefined
  if (recipe === undefined && (objective !== undefined || typeof initFrom === 'string')) return undefined
  const name = recipe ?? DEFAULT_RECIPE
  if (typeof name !== 'string' || !Object.hasOwn(recipes, name)) {
    throw new ConfigError(`recipe: expected one of ${Object.keys(recipes).join(', ')}; found ${show(name)}`)
  }
  const found = recipes[name as RecipeName]
  if (objective !== undefined && objective !== found.objective) {
    throw new ConfigError(
      `recipe: ${name} trains ${found.objective}, found the objective ${show(objective)}; name one of the two`,
    )
  }
  return found
}

/**
 * Completes and checks a configuration: the defaults of the recipe and of the objective fill in what the user leaves
 * out. With neither named, the recipe is `one-step`.
 *
 * @throws ConfigError with one line: the key, what was found and what was expected
 */
export function resolveConfig(user: UserConfig | Plain): Config {
  if (!isPlain(user)) throw new ConfigError(`config: expected keys and values, found ${show(user)}`)
  const { seed = 0, ...rest } = user as Plain
  if (!Number.isInteger(seed)) throw new ConfigError(`seed: expected an integer, found ${show(seed)}`)
  const recipe = recipeOf(rest)
  const id = rest.objective ?? recipe?.objective ?? CONTINUED
  if (typeof id !== 'string') throw new ConfigError(`objective: expected a name, found ${show(id)}`)
  const objective = findObjective(id)
  const seeds = { data: seed, noise: seed, initialization: seed }
  const own = recipe ? { recipe: recipe.id, ...recipe.keys(rest) } : {}
  const filled = [{ objective: id, seeds }, objectiveConfig(objective), own, rest].reduce<Plain>(merge, base)
  const parsed = schema.safeParse(filled)
  if (!parsed.success) throw new ConfigError(describe(parsed.error.issues[0], filled))
  const config = { ...parsed.data, options: objectiveOptions(objective, parsed.data.options, 'options') }
  const grounding = config.diagonal.objective
  if (grounding !== null && objective.parts) {
    const options = objectiveOptions(findObjective(grounding), config.diagonal.options, 'diagonal.options')
    config.diagonal = { ...config.diagonal, options }
  } else if (Object.keys(config.diagonal.options).length > 0) {
    throw new ConfigError(
      `diagonal.options: ${id} ${objective.parts ? 'has no diagonal term here' : 'is itself the diagonal term; use options'}`,
    )
  }
  const nonsense = whyNot(config, objective)
  if (nonsense) throw new ConfigError(nonsense)
  return config
}

/**
 * What a configuration is where the user names the objective, or the recipe, and nothing else; it may lack what the
 * objective needs.
 *
 * @param given  what a recipe decides by: the number of steps, the batch and the teacher
 */
export function defaultsOf(id: string, recipe: RecipeName | null = null, given: Plain = {}): Plain {
  const objective = findObjective(id)
  const options = objective.options.safeParse({}).data ?? {}
  const own = recipe ? { recipe, ...recipes[recipe].keys(given) } : {}
  return [{ objective: id, options }, objectiveConfig(objective), own].reduce<Plain>(merge, base)
}

function objectiveOptions(objective: Objective, given: Plain, key: string): Plain {
  const parsed = objective.options.safeParse(given)
  if (parsed.success) return parsed.data as Plain
  const [issue] = parsed.error.issues
  if (issue.code === 'unrecognized_keys') {
    const name = [key, ...issue.path, issue.keys[0]].join('.')
    throw new ConfigError(`${name}: ${objective.id} has no such option`)
  }
  throw new ConfigError(`${key}.${describe(issue, given)}`)
}
