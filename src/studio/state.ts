import { strFromU8, strToU8 } from 'fflate'
import { z } from 'zod'
import { objectives } from '../objective/index.ts'
import { INVERSIONS, KERNELS, LOOK_AHEADS, STEERING_METHODS } from '../steering/names.ts'
import { pack, unpack } from './engine/bytes.ts'
import { targetDataset } from './engine/target.ts'
import { betaSchema, bumpShape, examplePlan, knownShape, paintedShape, planSchema } from './plan.ts'
import { NOTHING_PAINTED, readReward } from './reward.ts'

/** What is done in the page, a room each, and the views of each room, of which the first is where it opens. */
export const rooms = {
  play: ['play', 'jump', 'steps', 'digits', 'sphere', 'torus', 'words'],
  train: ['train'],
  steer: ['steer', 'fill', 'edit'],
  compare: ['compare', 'why'],
} as const

export type Room = keyof typeof rooms

export const views = Object.values(rooms).flat()

export const roomOf = (view: ViewName): Room =>
  (Object.keys(rooms) as Room[]).find(room => (rooms[room] as readonly ViewName[]).includes(view))!

/** A view by its name, or by the one that it had in links of older versions. */
const viewSchema = z.preprocess(name => (name === 'reward' ? 'steer' : name), z.enum(views))

const firstPlay = { way: 0, point: [0.8, 1.1] as [number, number] }
const firstCompare = { steps: 1 }
const firstDigits = { class: null, scale: null, seed: 0, to: 1, at: 0 }
const firstFill = {
  goal: 'mask' as const,
  from: 'data' as const,
  seed: 0,
  hidden: null,
  class: 4,
  beta: 1,
  steps: 12,
  particles: 32,
}
const firstEdit = {
  point: [2.8, 2.8] as [number, number],
  tau: 0.5,
  method: null,
  seed: 0,
}
const firstReward = {
  kind: 'bump' as const,
  painted: NOTHING_PAINTED,
  center: [2, 2] as [number, number],
  scale: 1.5,
  class: 1,
  known: { axis: 'x' as const, value: 2.8, sd: 0.2 },
  beta: 3,
  steps: 4,
  moves: null,
  resample: true,
  method: 'particles' as const,
  kernel: null,
  lookAhead: null,
}

/** Longest text of the pixels of a picture that are hidden. */
const LONGEST_MASK = 4000

/** What the page shows; it is in the page's address, so that a link shows the same. */
const stateSchema = z.strictObject({
  view: viewSchema,
  /** Trainings, of which one is selected. */
  runs: z.array(planSchema).min(1).max(4),
  selected: z.int().min(0).max(3),
  weights: z.enum(['ema', 'raw']),
  /** The class that maps are told, by its place among those that they know; none where absent. */
  class: z.int().min(0).optional(),
  /** How points fly in Play, by the place of the way, and the point of noise that is held there. */
  play: z
    .strictObject({
      way: z.int().min(0).max(3),
      point: z.tuple([z.number().min(-3).max(3), z.number().min(-3).max(3)]),
    })
    .prefault(firstPlay),
  /** The jump that is looked at: its times, and the point that is followed. */
  jump: z.strictObject({
    s: z.number().min(0).max(1),
    t: z.number().min(0).max(1),
    point: z.int().min(0).nullable(),
    /** How the cloud at `s` is made; noise carried along its path where absent. */
    source: z.enum(['carried', 'mixed', 'pairs']).optional(),
  }),
  /** Jumps of the samples that are compared. */
  compare: z.strictObject({ steps: z.int().min(1).max(16) }).prefault(firstCompare),
  /**
   * What samples are steered to, of the bump, the painting, the class and the coordinate that is known; and how samples are steered to it: jumps, moves at each time,
   * whether they are drawn anew by weight on the way, the method, the kernel and the look-ahead. Null is what the library chooses.
   */
  reward: z
    .strictObject({
      kind: z.enum(['bump', 'painted', 'class', 'mask']).default('bump'),
      ...bumpShape,
      painted: paintedShape.painted.default(NOTHING_PAINTED),
      class: z.int().min(0).max(99).default(firstReward.class),
      known: z.strictObject(knownShape).default(firstReward.known),
      beta: betaSchema,
      steps: z.int().min(1).max(16),
      moves: z.int().min(0).max(20).nullable(),
      resample: z.boolean(),
      method: z.enum(STEERING_METHODS).default('particles'),
      // Links of before steered by jumps.
      kernel: z.enum(KERNELS).nullable().default('jump'),
      lookAhead: z.enum(LOOK_AHEADS).nullable().default(null),
    })
    .prefault(firstReward),
  /**
   * Digits: their class by its place, all where null; the guidance scale; the seed of their noise and of that which it is
   * turned into, and how far it is.
   */
  digits: z
    .strictObject({
      class: z.int().min(0).nullable(),
      scale: z.number().min(0).max(100).nullable(),
      seed: z.int().min(0),
      to: z.int().min(0),
      at: z.number().min(0).max(1),
    })
    .prefault(firstDigits),
  /**
   * Digits that are steered: to what is seen of a digit (fresh data, or a sample; by its seed) where some of it is hidden, or to a
   * class. What is hidden is a packed byte for each pixel, the lower half where null.
   */
  fill: z
    .strictObject({
      goal: z.enum(['mask', 'class']),
      from: z.enum(['data', 'sample']),
      seed: z.int().min(0).max(1e9),
      hidden: z.string().max(LONGEST_MASK).nullable(),
      class: z.int().min(0).max(99),
      beta: z.number().min(0).max(10),
      steps: z.int().min(1).max(32),
      particles: z.int().min(2).max(128),
    })
    .prefault(firstFill),
  /** A data point that is inverted and edited: how its noise is found, null for what the library takes, and the noise up to which it is edited. */
  edit: z
    .strictObject({
      point: z.tuple([z.number().min(-5).max(5), z.number().min(-5).max(5)]),
      tau: z.number().gt(0).max(1),
      method: z.enum(INVERSIONS).nullable(),
      seed: z.int().min(0),
    })
    .prefault(firstEdit),
})

export type StudioState = z.infer<typeof stateSchema>
export type ViewName = StudioState['view']

/** The view that a word is the name of. */
export const readView = (name: string): ViewName | undefined => viewSchema.safeParse(name).data

export const initialState: StudioState = {
  view: 'play',
  runs: [examplePlan],
  selected: 0,
  weights: 'ema',
  play: firstPlay,
  jump: { s: 1, t: 0, point: null },
  compare: firstCompare,
  reward: firstReward,
  digits: firstDigits,
  fill: firstFill,
  edit: firstEdit,
}

/** Longest state that is read, in bytes of its text. */
const LONGEST = 1 << 20

/** A state as the part of an address behind the `#`. */
export const encodeState = (state: StudioState): string => pack(strToU8(JSON.stringify(state)))

/** What its form alone does not say: that all which a state names is there. */
function checkNames({ runs, selected, reward }: StudioState): void {
  readReward(reward.painted)
  if (selected >= runs.length) throw new Error(`run ${selected} of ${runs.length} is selected`)
  for (const { target, stages } of runs) {
    targetDataset(target)
    for (const { tilt } of stages) if (tilt && 'painted' in tilt) readReward(tilt.painted)
    const unknown = stages.find(({ objective }) => !objectives.has(objective))
    if (unknown) throw new Error(`unknown objective "${unknown.objective}"`)
  }
}

/** @throws Error when the text is damaged, or of another version */
export function decodeState(text: string): StudioState {
  try {
    // Older versions had a tour, and links its step.
    const { tour: _, ...written } = JSON.parse(strFromU8(unpack(text, LONGEST)))
    const state = stateSchema.parse(written)
    checkNames(state)
    return state
  } catch (cause) {
    throw new Error('This link is damaged, or was made by another version of the page.', { cause })
  }
}
