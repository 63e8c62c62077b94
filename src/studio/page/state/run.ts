import type { KnownClasses } from '../../../serialization/conditions.ts'
import type { MetricsLine } from '../../../serialization/metrics-log.ts'
import type { PlanePoints, Replay, Report, Strays } from '../../engine/protocol.ts'
import { type Plan, type Stage, stepsOf, withStage } from '../../plan.ts'
import { type CurvePoint, grown } from './learning-curve.ts'

type Progress = Extract<Report, { type: 'progress' }>

/** What is known of a training beside its plan. */
export interface Live {
  readonly playing: boolean
  /** What was refused last; nothing once the run is told something else. */
  readonly problem: string | null
  /** Whether its samples have left the picture, as those of a training that diverges do. */
  readonly strayed: boolean
  /** Nothing trains it any more, or does yet: it is to be opened by its plan before it can be played. */
  readonly ended: boolean
  /** Steps of the plan that is being taken again; null once it is done. */
  readonly goal: number | null
  readonly samples: PlanePoints
  /** Sliced Wasserstein of the samples, and what data itself scores. */
  readonly distance: Exclude<Progress['distance'], undefined>
  /** Which samples are off the data, where it is known. */
  readonly strays: Strays | null
  /** Whether the samples are within the range of real data by all that is shown. */
  readonly within: boolean
  readonly curve: readonly CurvePoint[]
  readonly stepsPerSecond: number
  /** That its map is told; null where it is told none. */
  readonly classes: KnownClasses | null
  /** Players that stand still. */
  readonly paused: readonly string[]
  /** Steps that were taken while some did. */
  readonly pausedSteps: number
  /** Names the last pause: two trainings of one plan differ by it. */
  readonly pause: string
  /** What was last told of the present stage: losses of terms and measures, by their names. */
  readonly latest: Readonly<Record<string, number>>
}

/** A run of the page: what is wanted of it, and what is known of it. */
export interface Run {
  /** Towards the engine: a place in the page may come to another run, a name does not. */
  readonly name: string
  /** What is wanted: reports replace it only where they have heard all that was asked for. */
  readonly plan: Plan
  /** The plan that a link asked for and that is not yet taken to its end. */
  readonly whole: Plan | null
  /** Null before anything is known. */
  readonly live: Live | null
  /** Whether its steps wait until it is played: a link may ask for more than a person would begin. */
  readonly held: boolean
  /** The place that was selected before it was added, until it has begun. */
  readonly addedFrom: number | null
  /** Steps of its plan that were taken before: those of a link, or of a training that is brought back. */
  readonly again: number
  /** Of the newest command that decides its plan or whether it plays. */
  readonly revision: number
  /** Revision that a report has to be of to be believed. */
  readonly awaited: number
}

export const newRun = (name: string, plan: Plan, begun: Partial<Run> = {}): Run => ({
  name,
  plan,
  whole: null,
  live: null,
  held: false,
  addedFrom: null,
  again: 0,
  revision: 0,
  awaited: 0,
  ...begun,
})

/** The plan of a run as a link gives it: whole, though it is still being replayed. */
export const wholePlan = ({ plan, whole }: Run): Plan => whole ?? plan

/** Whether a run is to be opened before it takes a command. */
export const isEnded = ({ live }: Run): boolean => live?.ended ?? false

/** How many steps a run has taken since it was begun: none of a plan that nothing has told of yet. */
export const stepsSince = ({ plan, whole }: Run): number => (plan === whole ? 0 : stepsOf(plan))

/** How many steps of a run's whole plan have been taken, since it was begun or before. */
export const takenOf = (run: Run): number => (isEnded(run) ? run.again : Math.max(run.again, stepsSince(run)))

/** Whether a run takes steps again that were taken before. */
export const isReplaying = (run: Run): boolean => {
  const { live, held, again } = run
  return (live ? live.goal !== null && live.playing : !held) && stepsSince(run) < again
}

const newer = (run: Run, change: Partial<Run>): Run => ({
  ...run,
  ...change,
  revision: run.revision + 1,
  awaited: run.revision + 1,
})

const acted = (live: Live | null): Live | null => live && { ...live, problem: null }

/** What a stage begins with. */
const BEGUN: Pick<Live, 'paused' | 'latest'> = { paused: [], latest: {} }

/** Distances from which on samples have left the square of targets, which is 8 wide, and below which they are back. */
const STRAYED = 8
const BACK = 4

const hasLeft = (before: boolean, distance: Live['distance']): boolean =>
  distance === null ? before : distance.value > (before ? BACK : STRAYED)

/**
 * A run that is begun by a plan.
 *
 * @param again  steps of the plan that were taken before
 */
export function opened(run: Run, plan: Plan, replay: Replay = 'now', again = 0): Run {
  const live = acted(run.live)
  const replays = stepsOf(plan) > 0
  const playing = replay === 'on' || (replay === 'now' && replays)
  // Its points stand there until the new ones come; their distance only where it is theirs.
  const distance = live && run.plan === plan && !replays ? live.distance : null
  const strays = distance && live ? live.strays : null
  const seen =
    live && live.samples.length > 0
      ? { ...live, ...BEGUN, pausedSteps: 0, distance, strays, ended: false, playing }
      : null
  const held = replay === 'held' && replays
  return newer(run, { plan, whole: replays ? plan : null, live: seen, held, again })
}

/** A run with a new stage. */
export const changed = (run: Run, stage: Omit<Stage, 'steps'>): Run =>
  newer(run, {
    plan: withStage(run.plan, stage),
    whole: null,
    live: run.live && { ...run.live, ...BEGUN, problem: null },
    held: false,
    again: 0,
  })

/** A run that is played or stopped. */
export const played = (run: Run, playing: boolean): Run =>
  newer(run, { live: run.live && { ...run.live, playing, problem: null }, held: false })

/** A run of which some players stand still. */
export const pausing = (run: Run, paused: readonly string[]): Run =>
  newer(run, {
    live: run.live && { ...run.live, paused, pause: `${run.name} ${run.revision + 1}`, problem: null },
  })

/** What tells a training from others of its plan; nothing where the plan says all. */
export const beyondPlan = ({ live }: Pick<Run, 'live'>): readonly [string, number] | undefined =>
  live && live.pausedSteps > 0 ? [live.pause, live.pausedSteps] : undefined

/** A run that takes some steps. */
export const stepped = (run: Run): Run => ({ ...run, live: acted(run.live), held: false })

/** The losses and measures of a line, by their names. */
const valuesOf = ({ terms, measures }: MetricsLine): Live['latest'] => ({
  ...Object.fromEntries(Object.entries(terms).map(([name, { loss }]) => [name, loss])),
  ...measures,
})

/** A run after a report of its progress. */
export function reported(run: Run, report: Progress): Run {
  const { plan, goal, samples, line } = report
  const before = run.live
  const step = stepsOf(plan)
  // Of the report before, where this one has none; a run that begins has none of its own yet.
  const distance =
    report.distance ?? (report.distance === null || step === 0 ? null : (before?.distance ?? null))
  const fresh = step === 0 ? [] : (before?.curve ?? [])
  const { value = null, interval } = report.distance ?? {}
  const curve = line ? grown(fresh, step, line, value, interval) : fresh
  const stepsPerSecond = line?.stepsPerSecond ?? before?.stepsPerSecond ?? 0
  const isNew = report.revision >= run.awaited
  const playing = isNew || !before ? report.playing : before.playing
  const problem = before?.problem ?? null
  const strayed = step > 0 && hasLeft(before?.strayed ?? false, distance)
  const strays = report.strays ?? null
  const within = report.within ?? (distance !== null && (before?.within ?? false))
  const latest = step === 0 ? {} : { ...before?.latest, ...(line && valuesOf(line)) }
  const live = {
    playing,
    problem,
    strayed,
    ended: false,
    goal,
    samples,
    distance,
    strays,
    within,
    curve,
    stepsPerSecond,
    classes: report.classes ?? null,
    paused: isNew || !before ? (report.paused ?? []) : before.paused,
    pausedSteps: report.pausedSteps ?? 0,
    pause: before?.pause ?? '',
    latest,
  }
  const begun = { ...run, live, addedFrom: null }
  return isNew ? { ...begun, plan, whole: goal === null ? null : run.whole } : begun
}

/** Before anything is known of a run. */
export const NOTHING: Live = {
  playing: false,
  problem: null,
  strayed: false,
  ended: true,
  goal: null,
  samples: new Float32Array(0),
  distance: null,
  strays: null,
  within: false,
  curve: [],
  stepsPerSecond: 0,
  classes: null,
  ...BEGUN,
  pausedSteps: 0,
  pause: '',
}

/**
 * A run after something that was not asked for by a question was refused.
 *
 * @param message  null where it is not about this run alone
 */
export function refused(run: Run, { ended, message }: { ended?: boolean; message: string | null }): Run {
  const live = { ...(run.live ?? NOTHING), problem: message }
  // What was refused on its way is never heard: the next report is as things are.
  if (!ended) return { ...run, awaited: 0, whole: null, live: run.live && { ...live, goal: null } }
  const still = { ...live, playing: false, ended: true, goal: null, stepsPerSecond: 0 }
  return { ...run, plan: wholePlan(run), whole: null, live: still, again: takenOf(run) }
}
