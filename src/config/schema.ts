import { z } from 'zod'
import type { DatasetSpec } from '../data/catalogue.ts'
import {
  conditionKinds,
  type InterpolantName,
  interpolants,
  type NetworkConfig,
  networks,
  type ParameterizationName,
  type PredictionName,
  parameterizations,
  predictions,
  WIDEST_AVERAGE,
} from '../model/index.ts'
import {
  annealed,
  diagonalIds,
  type GuidanceRuleName,
  guidanceRules,
  type ScaleLawName,
  scaleLaws,
  type TimeLawName,
  timeLaws,
} from '../objective/index.ts'
import { adversarialSchema, matchingSchema } from './added.ts'
import { isPlain } from './plain.ts'
import { type RecipeName, recipes } from './recipes.ts'

const positive = z.number().positive()
const count = z.int().positive()
const fraction = z.number().min(0).max(1)

/** Checked in full when the data is opened. */
const dataSchema = z.custom<DatasetSpec>(
  value => (typeof value === 'string' && value !== '') || isPlain(value),
  'expected a dataset name, the path of a file or folder, or a block such as {csv: {path}}',
)

/** What no average can be called, because `target` and `--weights` mean something else by it. */
const TAKEN = ['ema', 'raw', 'student', 'both']

const areNames = (record: object): boolean =>
  Object.keys(record).every(name => /^[a-z][A-Za-z0-9]*$/.test(name) && !TAKEN.includes(name))

/** In place of the path of a network for features: the one that comes with the package. */
export const AUTO_FEATURES = 'auto'

const conditionings = z.enum(['s,t', 's,s-t', 's-t', 's', 'decoupled'])

/** Keys of the block `network`: those of every kind, and those of its own. */
export const networkSchema = (kind: string) =>
  z.strictObject({
    kind: z.enum([...networks.keys()]),
    conditioning: conditionings,
    parameterization: z.enum(Object.keys(parameterizations) as [ParameterizationName]),
    predicts: z.enum(Object.keys(predictions) as [PredictionName]),
    /** Of a policy. */
    components: count.max(256).optional(),
    substeps: count.max(1024).optional(),
    ...(networks.get(kind)?.keys as Record<string, z.ZodType> | undefined),
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
  /** Mean of the logit of a gap, of `gap-first` and `gap-uniform`. */
  gapMean: z.number(),
  /** Means of the logits of the two times of `sorted-pair`. */
  means: z.tuple([z.number(), z.number()]),
  levels: z.int().min(0).max(20),
  /** Of the law `argmax`: the part that goes by where symbols are decided; the rest is uniform. */
  argmaxShare: fraction,
  /** Of the law `argmax`: whether `m` is put between the two by the time, or by its own clock. */
  clock: z.enum(['time', 'law']),
  /** `k` of `t -> k t/(1 + (k-1) t)`, by which the law's times move towards noise; on the linear path the ratio of noise to data is multiplied by it. */
  shift: positive,
  /** Samples after one another that have the same times, where an objective compares samples with each other. */
  group: count.max(4096),
  /** Longest jump, as a part of the law's; a schedule lets jumps grow. */
  gap: annealed(z.number().gt(0).max(1)),
})

/** Every key of a configuration: the one place to add one. */
export const schema = z.strictObject({
  data: dataSchema,
  /** What the path leads to at time 1 in the place of noise; null for noise. */
  source: dataSchema.nullable(),
  /** `g` of the noise `g sqrt(2 t (1-t)) z` that is added on the way from data to a source. */
  sourceNoise: z.number().min(0).max(100),
  /** Part of the samples of text whose beginning is given: a prefix of a random length, to which no noise is added. */
  prefix: fraction,
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
  /** Trains few parameters beside those of `initFrom`, which stay; see `AdapterKeys`. */
  adapter: z
    .strictObject({
      rank: count.max(4096),
      alpha: positive,
      targets: z.array(z.string()),
      train: z.array(z.string()),
    })
    .nullable(),
  interpolant: z.enum(Object.keys(interpolants) as [InterpolantName]),
  /** Checked by its kind; see `networkSchema`. */
  network: z.custom<NetworkConfig>(),
  /** What the map is told beside a point and its times. */
  condition: z.strictObject({
    kind: z.enum(['none', ...conditionKinds]),
    /** Part of the samples that are shown the null in its place, so that the map also knows the data as a whole. */
    drop: fraction.lt(1),
  }),
  /** How samples that are told something are guided in training; see `guidanceRules`. */
  guidance: z.strictObject({
    rule: z.enum(['none', ...(Object.keys(guidanceRules) as GuidanceRuleName[])]),
    /** `w`: 1 is no guidance, 0 is without condition. */
    scale: positive,
    /** What is led towards what samples are told: the velocity, or the logits of text. */
    form: z.enum(['velocity', 'logit']),
    /** How scales are drawn, of which the map is then told; `fixed` draws none. */
    law: z.enum(['fixed', ...(Object.keys(scaleLaws) as ScaleLawName[])]),
    /** Of drawn scales. */
    range: z
      .tuple([positive, positive])
      .refine(([low, high]) => low < high, 'expected two scales in rising order'),
    omega: z.number().min(0),
    kappa: z.number().min(0),
    /** Source times in which guidance acts; `drawn` from a half of them to the other for each jump, which is told them. */
    interval: z.union([
      z.literal('drawn'),
      z.tuple([fraction, fraction]).refine(([low, high]) => low < high, 'expected two times in rising order'),
    ]),
    /** A run whose velocity `auto` leads away from. */
    weak: z.string().min(1).nullable(),
    /** The scale of whatever this run learns from or stays, where that is guided already; null for none. */
    baked: positive.nullable(),
    /** Whether the loss of a sample is divided by the square of its scale. */
    divide: z.boolean(),
  }),
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
    /** Compares denoised samples with their data in the features of a network that stands still. */
    perceptual: z
      .strictObject({
        weight: positive.default(0.1),
        /** Only samples whose source time is below it. */
        below: z.number().gt(0).max(1).default(0.8),
        /** A file of `oxbow features`, or `auto` for the network that comes with the package for the data. */
        features: z.string().min(1).default(AUTO_FEATURES),
      })
      .nullable(),
  }),
  adversarial: adversarialSchema,
  matching: matchingSchema,
  times: timesSchema,
  /** What samples are compared by: `random:COUNT` for random Fourier features, a file of `oxbow features` or `auto` as of `loss.perceptual`, or null for coordinates. */
  features: z.string().min(1).nullable(),
  /** A law of its own for the times of an objective's anchor. */
  anchor: z.strictObject({
    law: lawSchema.nullable(),
    mean: z.number().nullable(),
    deviation: positive.nullable(),
  }),
  /** How data is drawn given a noisy point, where an objective asks for it. */
  posterior: z.strictObject({
    /** A run with condition state; null for the inner flow of the teacher. */
    map: z.string().min(1).nullable(),
    /** Heun steps of that flow. */
    steps: count.max(1000),
  }),
  coupling: z.strictObject({
    kind: z.enum(['independent', 'ot', 'reflow', 'samples', 'trajectory']),
    /** Whose trajectories; null for the run's own teacher. */
    teacher: z.string().min(1).nullable(),
    /** Trajectories that are solved before training. */
    pairs: count.max(10_000_000),
    /** Heun steps of each. */
    steps: count.max(1000),
    /** Samples that `ot` matches with each other; null for all of a draw. */
    group: count.min(2).max(16_384).nullable(),
    /** Of an entropic plan of `ot`, as a part of the mean cost; null for an exact one up to 1,024 samples. */
    regularization: positive.nullable(),
  }),
  optimizer: z.strictObject({
    name: z.enum(['adam', 'adamw', 'radam', 'muon']),
    learningRate: positive,
    beta1: fraction.lt(1),
    beta2: fraction.lt(1),
    /** Of `muon`, for the matrices of hidden layers. */
    momentum: fraction.lt(1),
    epsilon: positive,
    weightDecay: z.number().min(0),
    /** Largest global norm of the gradient; null for none. */
    clip: positive.nullable(),
    /** Batches of an update. */
    accumulate: count.max(10_000),
  }),
  schedule: z.strictObject({
    kind: z.enum(['constant', 'cosine', 'inverse-sqrt']),
    /** Steps of linear warm-up. */
    warmup: z.int().min(0),
    /** The cosine ends at this part of the learning rate. */
    final: fraction,
  }),
  /** Keys in which a network beside the map, or the map itself, trains otherwise; by its name. */
  players: z.record(
    z.string(),
    z.strictObject({
      learningRate: positive.optional(),
      clip: positive.nullable().optional(),
      /** Updates in a round, of a player that has a turn of its own. */
      times: count.max(100).optional(),
      /** Rounds at the beginning in which all who have none stand still. */
      alone: z.int().min(0).optional(),
      /** What it begins with, beside the map: drawn parameters, those of the teacher's run, or of `initFrom`. */
      start: z.enum(['random', 'teacher', 'map']).optional(),
    }),
  ),
  /** Decay of the averaged parameters; 0 for none. */
  ema: fraction.lt(1),
  /** Decays of further averages of the map's parameters, by their names. */
  averages: z
    .record(z.string(), fraction.lt(1))
    .refine(areNames, `expected names of letters and digits, other than ${TAKEN.join(', ')}`),
  /** Relative widths of power-law averages, from snapshots of which any width can be had afterwards. */
  powerAverages: z
    .array(z.number().positive().max(WIDEST_AVERAGE))
    .max(8)
    .refine(widths => new Set(widths).size === widths.length, 'expected widths that differ'),
  /** What `theta-` is: the averaged parameters, those of another of the `averages`, or the student's own. */
  target: z.string(),
  /** Whether values inside of the network's blocks are computed again for the gradient rather than kept. */
  recompute: z.boolean(),
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
export type UserConfig = DeepPartial<Omit<Config, 'data' | 'source'>> & {
  data?: Config['data']
  source?: Config['source']
  /** Name of the space that the rows of a file are points of; the same as `space` in the block of the data. */
  space?: string
  seed?: number
}
