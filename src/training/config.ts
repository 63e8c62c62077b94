import { z } from 'zod'
import type { DatasetSpec } from '../data/catalogue.ts'
import { nearest } from '../data/suggest.ts'
import { show } from '../data/validate.ts'
import { type Objective, objectives } from '../objective/index.ts'

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
  'expected a dataset name, a path to a CSV file, or a block such as {mixture: {components}}',
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
  parameterization: z.enum(['average-velocity', 'denoised']),
})

const timesSchema = z.strictObject({
  law: z.enum(['triangle', 'target-first', 'sorted-uniform', 'logit-normal']),
  minimum: z.number().min(0).max(0.99),
  between: z
    .tuple([fraction, fraction])
    .refine(([low, high]) => low <= high, 'expected two fractions in rising order'),
  mean: z.number(),
  deviation: positive,
  equal: fraction,
})

const schema = z.strictObject({
  data: dataSchema,
  objective: z.string(),
  options: z.record(z.string(), z.unknown()),
  teacher: z.string().min(1).nullable(),
  initFrom: z.string().min(1).nullable(),
  interpolant: z.enum(['linear', 'trig']),
  network: networkSchema,
  diagonal: z.strictObject({
    objective: z.enum(['flow-matching', 'teacher-velocity']).nullable(),
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
  }),
  times: timesSchema,
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
  options: {},
  teacher: null,
  initFrom: null,
  interpolant: 'linear',
  network: {
    hidden: 192,
    layers: 2,
    activation: 'silu',
    embedding: 'fourier',
    frequencies: 8,
    conditioning: 's,t',
    injection: 'input',
    sourceLayers: null,
    parameterization: 'average-velocity',
  },
  consistency: { weight: 1, fraction: 1 },
  termWeights: 'fraction',
  loss: { kind: 'mse', c: 0.1, adaptive: null },
  times: { law: 'triangle', minimum: 0.05, between: [0.2, 0.8], mean: -0.4, deviation: 1, equal: 0 },
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
  checkpointEvery: 1000,
  chunk: 25,
}

/** Blocks that stand for one value, so that a user's block replaces the default whole. */
const WHOLE = new Set(['data', 'options'])

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
function objectiveConfig({ diagonal, loss, defaults }: Objective): Plain {
  const { weight = 1, times, adaptive, clip } = defaults
  const diagonalFraction = defaults.diagonalFraction ?? (diagonal === null ? 0 : loss ? 0.3 : 1)
  return {
    diagonal: { objective: diagonal, fraction: diagonalFraction, weight: 1 },
    consistency: { weight },
    ...(times && { times }),
    ...(adaptive && { loss: { adaptive } }),
    ...(clip && { optimizer: { clip } }),
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

/**
 * Completes and checks a configuration: the objective's defaults fill in what the user leaves out.
 *
 * @throws ConfigError with one line: the key, what was found and what was expected
 */
export function resolveConfig(user: UserConfig | Plain): Config {
  if (!isPlain(user)) throw new ConfigError(`config: expected keys and values, found ${show(user)}`)
  const { seed = 0, ...rest } = user as Plain
  if (!Number.isInteger(seed)) throw new ConfigError(`seed: expected an integer, found ${show(seed)}`)
  const id = rest.objective ?? 'lsd'
  if (typeof id !== 'string') throw new ConfigError(`objective: expected a name, found ${show(id)}`)
  const objective = findObjective(id)
  const seeds = { data: seed, noise: seed, initialization: seed }
  const filled = [{ objective: id, seeds }, objectiveConfig(objective), rest].reduce<Plain>(merge, base)
  const parsed = schema.safeParse(filled)
  if (!parsed.success) throw new ConfigError(describe(parsed.error.issues[0], filled))
  const config = { ...parsed.data, options: objectiveOptions(objective, parsed.data.options) }
  checkSense(config, objective)
  return config
}

function objectiveOptions(objective: Objective, given: Plain): Plain {
  const parsed = objective.options.safeParse(given)
  if (parsed.success) return parsed.data as Plain
  const [issue] = parsed.error.issues
  if (issue.code === 'unrecognized_keys') {
    throw new ConfigError(`options.${issue.keys[0]}: ${objective.id} has no such option`)
  }
  throw new ConfigError(`options.${describe(issue, given)}`)
}

/** Samples of a batch that train the diagonal. A hair more, so that 0.29 of 100 is 29 although 100 * 0.29 is a hair less. */
export const diagonalRows = ({ batch, diagonal }: Config): number =>
  Math.floor(batch * diagonal.fraction + 1e-9)

/** What is wrong with the way in which a network sees its times, if anything. */
function networkProblem({
  conditioning,
  injection,
  sourceLayers,
  layers,
}: Config['network']): string | undefined {
  if (conditioning === 'decoupled' && injection === 'input') {
    return 'network.injection: "decoupled" shows each layer one of the times and needs "layers", found "input"'
  }
  if (sourceLayers === null) return undefined
  if (conditioning !== 'decoupled') {
    return `network.sourceLayers: only the conditioning "decoupled" divides the layers; found ${sourceLayers} with "${conditioning}"`
  }
  if (sourceLayers <= layers) return undefined
  return `network.sourceLayers: expected 1 to ${layers}, so that the last of the ${layers + 1} linear layers sees t; found ${sourceLayers}`
}

/** Combinations that parse but cannot work. */
function checkSense(config: Config, objective: Objective): void {
  const refuse = (message: string): never => {
    throw new ConfigError(message)
  }
  const needsTeacher = objective.needs.includes('teacher') || config.diagonal.objective === 'teacher-velocity'
  if (needsTeacher && config.teacher === null) {
    refuse(
      `teacher: ${objective.id} needs a teacher; train one with "oxbow train --objective flow-matching --out runs/teacher" ` +
        'and pass --teacher runs/teacher, or pass --teacher exact where the data is a Gaussian mixture',
    )
  }
  if (config.times.equal > 0 && config.options.space === 'velocity') {
    refuse(
      `times.equal: ${objective.id} in velocity space divides by t - s and cannot take equal times; use 0, or space: midpoint`,
    )
  }
  if (!needsTeacher && config.teacher !== null) {
    const users = [...objectives.values()]
      .filter(({ needs }) => needs.includes('teacher'))
      .map(({ id }) => id)
    refuse(`teacher: ${objective.id} learns without one; those that use it: ${users.join(', ')}`)
  }
  if (config.diagonal.fraction > 0 && config.diagonal.objective === null) {
    refuse(
      `diagonal.fraction: ${config.diagonal.fraction} of the batch has no diagonal term; set diagonal.objective`,
    )
  }
  if (!objective.loss && config.diagonal.fraction < 1) {
    refuse(
      `diagonal.fraction: ${objective.id} is a diagonal term alone and needs 1, found ${config.diagonal.fraction}`,
    )
  }
  if (objective.loss && config.diagonal.fraction === 1) {
    refuse(
      `diagonal.fraction: 1 leaves no samples for ${objective.id}; use less than 1, or --objective flow-matching`,
    )
  }
  if (objective.loss && config.network.conditioning === 's') {
    refuse(
      `network.conditioning: "s" gives a velocity network, and ${objective.id} trains a two-time map; use "s,t"`,
    )
  }
  const network = networkProblem(config.network)
  if (network) refuse(network)
  if (config.network.parameterization === 'denoised' && config.times.minimum === 0) {
    refuse('times.minimum: the denoised parameterization divides by s and needs a minimum above 0, e.g. 0.05')
  }
  if (config.target === 'ema' && config.ema === 0 && objective.loss) {
    refuse('target: "ema" needs ema above 0; use target: student')
  }
  if (config.steps === 0 && config.initFrom === null) {
    refuse(
      'steps: 0 steps train nothing, and only the parameters of another run are worth keeping; expected at least 1, or --init-from RUN',
    )
  }
  if (config.schedule.warmup > config.steps && config.steps > 0) {
    refuse(`schedule.warmup: ${config.schedule.warmup} is more than the ${config.steps} steps of the run`)
  }
  if (objective.loss && objective.diagonal && diagonalRows(config) === 0 && config.diagonal.fraction > 0) {
    refuse(`batch: ${config.batch} is too small for a diagonal fraction of ${config.diagonal.fraction}`)
  }
}
