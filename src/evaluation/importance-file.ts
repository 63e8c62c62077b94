import { existsSync } from 'node:fs'
import { z } from 'zod'
import { isWeights, type Weights } from '../config/weights-name.ts'
import { LARGEST_TEXT, readBytes } from '../serialization/read-file.ts'
import { paths, RunError } from '../serialization/run.ts'
import type { WeighRecord } from './weigh.ts'

const maybe = z.number().nullable()
const share = z.number().min(0).max(1)
/** Most cells of a histogram: it is drawn. */
const CELLS = 1000

const schema = z.object({
  energy: z.string(),
  trainedSteps: z.int().min(0).optional(),
  grid: z.array(z.number()).min(2),
  method: z.string(),
  density: z.enum(['jump', 'flow']),
  count: z.int().positive(),
  seed: z.int().min(0),
  weights: z.custom<Weights>(isWeights, 'expected the name of weights'),
  logNormalizer: maybe,
  error: maybe,
  known: maybe,
  effectiveShare: maybe,
  effectiveShareFromTarget: maybe,
  divergence: maybe,
  paretoK: maybe,
  clipped: z.object({ part: share, logNormalizer: maybe, effectiveShare: maybe }),
  folded: share,
  lost: share,
  means: z.record(z.string(), z.object({ value: z.number(), error: z.number(), known: maybe })),
  target: z.object({ count: z.int().min(0), missed: share, folded: share, residual: maybe }).nullable(),
  evaluations: z.number(),
  histogram: z
    .object({ low: z.number(), high: z.number(), counts: z.array(z.int().min(0)).min(1).max(CELLS) })
    .refine(({ low, high }) => low < high, 'its ends are no range'),
  warnings: z.array(z.string()),
})

/**
 * What `oxbow weigh` wrote beside a run; `undefined` where it wrote nothing there.
 *
 * @throws RunError when the file is something else, naming the key
 */
export function readImportance(directory: string): WeighRecord | undefined {
  const { importance } = paths(directory)
  if (!existsSync(importance)) return undefined
  const refuse = (what: string): never => {
    throw new RunError(
      `${importance}: not the weights of a run's samples (${what}); "oxbow weigh" makes it anew`,
    )
  }
  let content: unknown
  try {
    content = JSON.parse(new TextDecoder().decode(readBytes(importance, LARGEST_TEXT)))
  } catch (error) {
    if (error instanceof SyntaxError) refuse('not valid JSON')
    throw error
  }
  const { data, error } = schema.safeParse(content)
  return data ?? refuse(`${error!.issues[0].path.join('.') || 'all of it'} is missing or wrong`)
}
