import { z } from 'zod'
import { type RecipeName, recipes } from '../config/recipes.ts'

/** Longest name of a target. */
export const LONGEST_NAME = 80

/** Where most trainings diverge, for whoever wants to see that. */
export const HIGHEST_RATE = 10

/** Paths whose noise is standard normal, which is what the page draws. */
export const shownPaths = ['linear', 'trig', 'vp'] as const

const targetName = z.string().max(LONGEST_NAME)

/** Longest name of an objective. */
const LONGEST_ID = 80

/** Longest text of 128 by 128 cells, which no deflating makes smaller, and of twice the points that a file gives. */
const LONGEST_DRAWING = 24_000
const LONGEST_POINTS = 54_000

/** What is trained on in the studio. */
const targetSchema = z.union([
  /** A built-in dataset. */
  z.strictObject({ kind: z.literal('built-in'), name: targetName }),
  /** A picture of density: `side * side` bytes, row by row from the top, over [-4, 4]^2; deflated, in base64url. */
  z.strictObject({
    kind: z.literal('density'),
    side: z.int().min(4).max(128),
    bytes: z.string().max(LONGEST_DRAWING),
  }),
  /** Data that only its name is known of: that of a model's file. */
  z.strictObject({ kind: z.literal('unknown'), name: targetName }),
  /** Points of a file: 16 bits a coordinate over [-4, 4]^2, in base64url. */
  z.strictObject({ kind: z.literal('points'), name: targetName, bytes: z.string().max(LONGEST_POINTS) }),
])

const coordinate = z.number().min(-10).max(10)

/** Longest text of a painted reward: that of cells which no deflating makes smaller. */
const LONGEST_PAINTING = 1000

/** A bump of height 1. */
export const bumpShape = {
  center: z.tuple([coordinate, coordinate]),
  scale: z.number().min(0.05).max(10),
}

/** A painting, as `packReward` writes its cells. */
export const paintedShape = { painted: z.string().max(LONGEST_PAINTING) }

/** One coordinate of a point that is known: which, what it is, and to within what. */
export const knownShape = {
  axis: z.enum(['x', 'y']),
  value: coordinate,
  sd: z.number().min(0.05).max(2),
}

export const betaSchema = z.number().min(-20).max(20)

/** The distribution `p(x) exp(beta r(x))`, where `r` is a bump or was painted; see `rewardOfTilt`. */
export const tiltSchema = z.union([
  z.strictObject({ ...bumpShape, beta: betaSchema }),
  z.strictObject({ ...paintedShape, beta: betaSchema }),
])

/** Bayes' rule tilts by a log-probability, once. */
const once = z.literal(1)

/** What samples are steered to: a tilt that can be learnt too, a class of the data, or one coordinate, known to within a deviation. */
export const wishSchema = z.union([
  tiltSchema,
  z.strictObject({ class: z.int().min(0).max(99), beta: once }),
  z.strictObject({ ...knownShape, beta: once }),
])

/** A part of a training: one objective at one learning rate. */
export const stageSchema = z.strictObject({
  objective: z.string().max(LONGEST_ID),
  learningRate: z.number().positive().max(HIGHEST_RATE),
  /** Steps taken in it; the last stage's grow while it trains. */
  steps: z.int().min(0).max(1_000_000),
  /** Whether it begins with the weights of the stage before. */
  keep: z.boolean(),
  /** What it is tilted towards, where it is. */
  tilt: tiltSchema.optional(),
  /** The recipe that it is a stage of, and how long it is there: its times, loss and falling rate are the recipe's. */
  recipe: z
    .strictObject({
      name: z.enum(Object.keys(recipes) as [RecipeName]),
      steps: z.int().min(1).max(1_000_000),
    })
    .optional(),
})

/** The file of a model; a link names it and does not hold it. */
const modelSourceSchema = z.strictObject({
  name: z.string().max(200),
  format: z.enum(['safetensors', 'onnx']),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** What it was trained with, where it says so. */
  objective: z.string().max(LONGEST_ID).nullable(),
  /** Of its run below the runs folder of the machine that serves the page. */
  path: z.string().max(500).optional(),
})

/** Bytes of a model that is looked at. */
export const LARGEST_MODEL = 48 << 20

/** Stages that a training may have. */
export const MOST_STAGES = 50

/** All that decides a training in the studio: the same plan gives the same points. */
export const planSchema = z.strictObject({
  target: targetSchema,
  hidden: z.int().min(8).max(512),
  layers: z.int().min(1).max(6),
  batch: z.int().min(16).max(8192),
  interpolant: z.enum(shownPaths),
  seed: z.int().min(0),
  /** What the map is told beside a point and its times; nothing where absent. */
  condition: z.literal('class').optional(),
  /** What the first stage begins with in place of drawn weights: the example that comes with the page, or a file. */
  start: z.union([z.literal('example'), modelSourceSchema]).optional(),
  stages: z.array(stageSchema).min(1).max(MOST_STAGES),
})

export type Target = z.infer<typeof targetSchema>
export type ModelSource = z.infer<typeof modelSourceSchema>
export type Tilt = z.infer<typeof tiltSchema>
export type Wish = z.infer<typeof wishSchema>
export type Stage = z.infer<typeof stageSchema>
export type Plan = z.infer<typeof planSchema>
