import { z } from 'zod'
import { expectation } from '../../data/validate.ts'
import { INVERSIONS, KERNELS, LOOK_AHEADS, STEERING_METHODS } from '../../steering/names.ts'
import { planSchema, stageSchema, tiltSchema, wishSchema } from '../plan.ts'
import { PAGE_METHODS } from '../solvers.ts'
import type { Command, QuestionName, Questions } from './protocol.ts'

/** Most of what one question may ask: several times what the page asks, and little enough for any machine. */
export const MOST = {
  /** Points that are sent, drawn or shown: an export has 100,000, a report 50,000. */
  points: 100_000,
  shown: 50_000,
  /** Points of a distance, which compares all pairs. */
  measured: 10_000,
  /** Points of paths and of steering, which run the network hundreds of times. */
  carried: 10_000,
  /** Points whose noise is searched for, which runs it hundreds of times too, in double precision. */
  inverted: 1000,
  /** Points of an answer, all its times together. */
  answered: 6_500_000,
  followed: 500_000,
  /** Jumps of a sample, of a steered one and times of a path. */
  jumps: 64,
  steered: 16,
  times: 256,
  moves: 20,
  /** Times on either axis of a picture over pairs of times, and draws behind it. */
  levels: 16,
  draws: 65_536,
  players: 8,
  /** Numbers of steps in one question. */
  budgets: 8,
  /** Steps of one command. */
  steps: 10_000,
} as const

const time = z.number().min(0).max(1)
const seed = z.int().min(0)
const weights = z.enum(['ema', 'raw'])
const player = z.string().min(1).max(40)
const method = z.enum(PAGE_METHODS)
const countTo = (most: number, least = 1) => z.int().min(least).max(most)
const timesTo = (most: number) => z.array(time).min(1).max(most)

const pointsTo = (most: number) =>
  z.custom<Float32Array>(
    value =>
      value instanceof Float32Array && value.length > 0 && value.length % 2 === 0 && value.length <= 2 * most,
    { error: `expected 1 to ${most} points of the plane as 32-bit floats` },
  )

/** Refuses a question whose points at all its times are too many. */
const inAll = (most: number) => ({
  error: `expected at most ${most} points, counted at each of the times`,
  path: ['points'],
})

/** What may be asked, each in the bounds of `MOST`. */
const questions = {
  jump: z.strictObject({ points: pointsTo(MOST.points), s: time, t: time, weights }),
  through: z
    .strictObject({
      points: pointsTo(MOST.points),
      grid: timesTo(MOST.jumps + 1),
      method,
      weights,
    })
    .refine(({ points, grid }) => (points.length / 2) * grid.length <= MOST.answered, inAll(MOST.answered)),
  path: z
    .strictObject({ points: pointsTo(MOST.carried), times: timesTo(MOST.times), weights: weights.optional() })
    .refine(({ points, times }) => (points.length / 2) * times.length <= MOST.followed, inAll(MOST.followed)),
  field: z.strictObject({ points: pointsTo(MOST.points), t: time, weights }),
  strays: z.strictObject({ points: pointsTo(MOST.points) }),
  residuals: z.strictObject({ levels: countTo(MOST.levels), weights }),
  metrics: z.strictObject({
    steps: z.array(countTo(MOST.jumps)).min(1).max(MOST.budgets),
    method,
    weights,
    count: countTo(MOST.measured, 2),
    seed,
  }),
  steer: z.strictObject({
    points: pointsTo(MOST.carried),
    tilt: wishSchema,
    steps: countTo(MOST.steered),
    method: z.enum(STEERING_METHODS),
    kernel: z.enum(KERNELS),
    lookAhead: z.enum(LOOK_AHEADS),
    moves: countTo(MOST.moves, 0),
    resample: z.boolean(),
    seed,
    weights,
  }),
  tilted: z.strictObject({
    points: pointsTo(MOST.carried),
    tilt: tiltSchema,
    steps: countTo(MOST.steered),
    method: z.enum(['jump', 'heun']),
    weights,
  }),
  invert: z.strictObject({
    points: pointsTo(MOST.inverted),
    method: z.enum(INVERSIONS).nullable(),
    weights,
  }),
  edit: z
    .strictObject({
      points: pointsTo(MOST.carried),
      tau: z.number().gt(0).max(1),
      count: countTo(MOST.carried),
      seed,
      weights,
    })
    .refine(({ points, count }) => (points.length / 2) * count <= MOST.carried, {
      error: `expected at most ${MOST.carried} edits in all`,
      path: ['count'],
    }),
  samples: z.strictObject({
    steps: countTo(MOST.jumps),
    method,
    weights,
    count: countTo(MOST.measured, 2),
    seed,
  }),
  losses: z.strictObject({ bins: countTo(MOST.levels), draws: countTo(MOST.draws), weights }),
  judged: z.strictObject({ player, points: pointsTo(MOST.carried), r: time }),
  drift: z.strictObject({ weights }),
  target: z.strictObject({ count: countTo(MOST.shown), seed }),
  file: z.strictObject({ format: z.enum(['safetensors', 'onnx']), weights }),
} satisfies { [Name in QuestionName]: z.ZodType<Questions[Name]['ask']> }

const run = z.string().regex(/^[\w-]{1,64}$/)
const revision = z.int().min(0).optional()
const id = z.int().min(0)
/** Place of a class among those that a map is told. */
const told = z.int().min(0).optional()

const asking = Object.entries(questions).map(([name, ask]) =>
  z.strictObject({ type: z.literal('ask'), run, id, name: z.literal(name), ask, class: told }),
)

const named = z.discriminatedUnion('name', asking as never)

const commandSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('open'),
    run,
    plan: planSchema,
    replay: z.enum(['now', 'held', 'on']).optional(),
    file: z.instanceof(Uint8Array).optional(),
    revision,
  }),
  z.strictObject({ type: z.literal('play'), run, revision }),
  z.strictObject({ type: z.literal('pause'), run, revision }),
  z.strictObject({ type: z.literal('step'), run, steps: countTo(MOST.steps) }),
  z.strictObject({ type: z.literal('change'), run, stage: stageSchema.omit({ steps: true }), revision }),
  z.strictObject({
    type: z.literal('pause-players'),
    run,
    players: z.array(player).max(MOST.players),
    revision,
  }),
  z.strictObject({ type: z.literal('show'), run, count: countTo(MOST.shown), weights, class: told }),
  z.strictObject({ type: z.literal('close'), run }),
  z.strictObject({ type: z.literal('open-pictures'), run }),
  named,
])

/** A command that is none, or asks for too much. */
export class CommandError extends Error {}

/** A command from outside. @throws CommandError that says what is wrong with it, and where */
export function readCommand(content: unknown): Command {
  const { data, error } = commandSchema.safeParse(content)
  if (data) return data as Command
  throw new CommandError(problemOf(error.issues))
}

/** The first problem in one line; of alternatives, the one that comes nearest. */
function problemOf(issues: readonly z.core.$ZodIssue[], path: readonly PropertyKey[] = []): string {
  const [issue] = issues
  const where = [...path, ...issue.path]
  if (issue.code === 'invalid_union' && issue.errors.length > 0) {
    const nearest = issue.errors.reduce((a, b) => (depthOf(b) > depthOf(a) ? b : a))
    return problemOf(nearest, where)
  }
  if (issue.code === 'invalid_union' && issue.discriminator) {
    return `${where.join('.')}: expected ${known(issue.discriminator)}`
  }
  return `${where.join('.') || 'command'}: ${plain(issue)}`
}

const depthOf = (issues: readonly z.core.$ZodIssue[]): number =>
  Math.max(...issues.map(({ path }) => path.length))

const known = (discriminator: string): string =>
  discriminator === 'name'
    ? `one of ${Object.keys(questions).join(', ')}`
    : 'one of open, play, pause, step, change, pause-players, show, close, open-pictures, ask'

function plain(issue: z.core.$ZodIssue): string {
  if (issue.code === 'too_big') return `expected at most ${issue.maximum}${unit(issue.origin)}`
  if (issue.code === 'too_small') return `expected at least ${issue.minimum}${unit(issue.origin)}`
  if (issue.code === 'unrecognized_keys') return `unknown key ${issue.keys.join(', ').slice(0, 80)}`
  return expectation(issue)
}

const unit = (origin: string): string =>
  origin === 'string' ? ' characters' : origin === 'array' ? ' entries' : ''
