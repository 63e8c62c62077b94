import { strFromU8, strToU8 } from 'fflate'
import { z } from 'zod'
import { pack, unpack } from './engine/bytes.ts'
import { examplePlan, planSchema, tiltSchema } from './plan.ts'

export const views = ['train', 'jump', 'steps', 'why', 'compare', 'reward'] as const

const firstCompare = { steps: 1 }
const firstReward = {
  center: [2, 2] as [number, number],
  scale: 1.5,
  beta: 3,
  steps: 4,
  moves: 8,
  resample: true,
}

/** What the page shows; it is in the page's address, so that a link shows the same. */
const stateSchema = z.strictObject({
  view: z.enum(views),
  /** Step of the guided tour, or none. */
  tour: z.int().min(0).max(6).nullable(),
  /** Trainings, of which one is selected. */
  runs: z.array(planSchema).min(1).max(4),
  selected: z.int().min(0).max(3),
  weights: z.enum(['ema', 'raw']),
  /** The jump that is looked at: its times, and the point that is followed. */
  jump: z.strictObject({
    s: z.number().min(0).max(1),
    t: z.number().min(0).max(1),
    point: z.int().min(0).nullable(),
  }),
  /** Jumps of the samples that are compared. */
  compare: z.strictObject({ steps: z.int().min(1).max(16) }).prefault(firstCompare),
  /** The reward, and how samples are steered to it: jumps, moves at each time, and whether they are drawn anew by weight. */
  reward: z
    .strictObject({
      ...tiltSchema.shape,
      steps: z.int().min(1).max(16),
      moves: z.int().min(0).max(20),
      resample: z.boolean(),
    })
    .prefault(firstReward),
})

export type StudioState = z.infer<typeof stateSchema>
export type ViewName = StudioState['view']

export const initialState: StudioState = {
  view: 'train',
  tour: null,
  runs: [examplePlan],
  selected: 0,
  weights: 'ema',
  jump: { s: 1, t: 0, point: null },
  compare: firstCompare,
  reward: firstReward,
}

/** Longest state that is read, in bytes of its text. */
const LONGEST = 1 << 20

/** A state as the part of an address behind the `#`. */
export const encodeState = (state: StudioState): string => pack(strToU8(JSON.stringify(state)))

/** @throws Error when the text is damaged, or of another version */
export function decodeState(text: string): StudioState {
  const parsed = stateSchema.safeParse(JSON.parse(strFromU8(unpack(text, LONGEST))))
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    throw new Error(`the link is damaged, or of another version (${issue.path.join('.')}: ${issue.message})`)
  }
  return parsed.data
}
