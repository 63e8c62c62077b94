import { z } from 'zod'
import { type GameName, games, type MatchingWeight, matchingWeights } from '../objective/index.ts'

const weight = z.number().positive()
const from = z.number().min(0).lt(1)

/** A critic beside any objective: its loss on the map's samples from noise. */
export const adversarialSchema = z
  .strictObject({
    /** Of the loss in the sum. Sabour et al. 2025 (AYF), arXiv:2506.14603, finetune so; the numbers are ours. */
    weight: weight.default(0.1),
    loss: z.enum(Object.keys(games) as [GameName]).default('relativistic'),
    /** Weight of the critic's squared gradient at the data. */
    r1: z.number().min(0).default(0.1),
    /** Part of the training from which it counts. The critic trains from the start. */
    from: from.default(0.8),
  })
  .nullable()

/** The direction of DMD beside any objective that has a teacher. */
export const matchingSchema = z
  .strictObject({
    weight: weight.default(0.1),
    scale: z.enum(Object.keys(matchingWeights) as [MatchingWeight]).default('published'),
    from: from.default(0),
  })
  .nullable()

export type Adversarial = NonNullable<z.infer<typeof adversarialSchema>>
export type Matching = NonNullable<z.infer<typeof matchingSchema>>
