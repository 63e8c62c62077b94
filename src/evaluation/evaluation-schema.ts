import { z } from 'zod'
import { isWeights, type Weights } from '../config/weights-name.ts'
import { DIRECTIONS } from '../metric/catalogue.ts'
import { metricName } from '../metric/map-catalogue.ts'
import { METHODS, SOLVERS } from '../sampler/names.ts'
import { dataRecordSchema } from '../serialization/record.ts'

const maybe = z.number().nullable()

const metricSchema = z.object({
  value: maybe,
  interval: z.tuple([z.number(), z.number()]).nullable(),
  floor: maybe,
  low: maybe,
  high: maybe,
  count: z.number(),
  unit: z.string(),
  range: z.tuple([maybe, maybe]),
  direction: z.enum(DIRECTIONS),
  pValue: z
    .number()
    .nullish()
    .transform(value => value ?? undefined),
  note: z.string().optional(),
})

const metrics = z
  .record(z.string(), metricSchema)
  .transform(found =>
    Object.fromEntries(Object.entries(found).map(([name, each]) => [metricName(name), each])),
  )
const weights = z.custom<Weights>(isWeights, 'expected the name of weights')
// Of as many jumps as can be asked for: a report takes them again.
const steps = z.int().min(1).max(10_000)
const grid = z.array(z.number()).min(2).max(10_001)

const solvers = z.object({
  weights,
  count: z.int().positive(),
  spread: z.number(),
  reference: z.object({ tolerance: z.number(), error: z.number() }),
  curves: z.array(
    z.object({
      method: z.enum(SOLVERS),
      declared: maybe,
      errors: z.array(z.object({ evaluations: z.int().positive(), error: maybe })),
      fit: z.object({ order: z.number(), points: z.int().positive() }).nullable(),
    }),
  ),
  notes: z.array(z.string()),
})

/** Schema of `evaluation.json`, which may come from anywhere with a run. */
export const evaluationSchema = z.object({
  trainedSteps: z.int().min(0),
  request: z.object({
    steps: z.array(steps),
    grids: z.array(grid).optional(),
    method: z.enum(METHODS),
    count: z.int().positive(),
    seed: z.int().min(0),
    weights: z.array(weights),
    metrics: z.union([z.literal('all'), z.array(z.string())]).optional(),
    features: z.string().optional(),
    guidance: z
      .object({
        scale: z.number().min(0),
        interval: z.tuple([z.number(), z.number()]).optional(),
        onJumps: z.boolean().optional(),
        form: z.enum(['velocity', 'logit']).optional(),
      })
      .optional(),
    without: z.boolean().optional(),
    solvers: z.union([z.literal('all'), z.array(z.enum(SOLVERS))]).optional(),
    data: z.string(),
    fingerprint: z.string(),
  }),
  data: dataRecordSchema,
  count: z.int().positive().optional(),
  rows: z
    .array(
      z.object({
        steps,
        grid: grid.optional(),
        method: z.enum(SOLVERS),
        weights,
        notFinite: z.int().positive().optional(),
        metrics,
        classes: z
          .array(
            z.object({
              name: z.string(),
              count: z.int().min(0),
              agreement: z.number(),
              strays: z.number(),
              coverage: z.number().optional(),
            }),
          )
          .optional(),
      }),
    )
    .min(1),
  maps: z.array(z.object({ weights, metrics })),
  solvers: solvers.optional(),
  notes: z.array(z.string()),
})
