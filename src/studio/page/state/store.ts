import { batch, computed, type ReadonlySignal, signal } from '@preact/signals'
import { type Plan, stepsOf } from '../../plan.ts'
import type { StudioState } from '../../state.ts'
import { isLong } from '../../training-cost.ts'
import { type Read, readAddress } from './address.ts'
import { firstLook } from './first-look.ts'
import { newRun, type Run, wholePlan } from './run.ts'

/** Trainings that are open at once. */
export const MOST_RUNS = 4

let lastName = 0
export const freshName = (): string => `run-${++lastName}`

/** The runs of a state before any is opened: what a link would train for long waits until it is played. */
function runsOf({ runs, weights }: StudioState): Run[] {
  const long = isLong(runs)
  return runs.map(plan =>
    newRun(freshName(), plan, {
      live: firstLook(plan, weights),
      held: long && stepsOf(plan) > 0,
      again: stepsOf(plan),
    }),
  )
}

type Settings = Omit<StudioState, 'runs'>
const settingsOf = ({ runs: _, ...settings }: StudioState): Settings => settings

const address = readAddress()

/** The trainings that are open, by place. */
export const runs = signal<readonly Run[]>(runsOf(address.state))
const settings = signal<Settings>(settingsOf(address.state))

/** A training of one's own that is no longer among the runs: it stands still with its weights until it comes back or is given up. */
export interface Undo {
  readonly run: Run
  /** Its place. */
  readonly at: number
  /** The name of the run that replaced it; null where it was removed. */
  readonly by: string | null
}

/** The last one; null where there is none, or another state is shown. */
export const undoable = signal<Undo | null>(null)

/** One line for the user that is about no single run; null when all is well. */
export const problem = signal<string | null>(address.problem)
/** What trains, once it is there. */
export const engine = signal<string | null>(null)
/** Bytes of the runtime that have arrived, of all; 0 where their number is not known. */
export const loading = signal<{ readonly received: number; readonly total: number } | null>(null)

/** A plan of each run; the same list until one of them is another, whatever else is known of the runs. */
function plansBy(of: (run: Run) => Plan): ReadonlySignal<Plan[]> {
  let last: Plan[] = []
  return computed(() => {
    const next = runs.value.map(of)
    const same = next.length === last.length && next.every((plan, at) => plan === last[at])
    return (last = same ? last : next)
  })
}

const plans = plansBy(({ plan }) => plan)
const wholePlans = plansBy(wholePlan)

/** What the page shows. */
export const state = computed<StudioState>(() => ({ ...settings.value, runs: plans.value }))

/** The same as a link gives it: with whole plans, though they are still being replayed. */
export const shared = computed<StudioState>(() => ({ ...settings.value, runs: wholePlans.value }))

export const selectedRun = computed(() => runs.value[settings.value.selected])
/** The plan of the selected run. */
export const selected = computed(() => selectedRun.value.plan)
export const selectedLive = computed(() => selectedRun.value.live)

/** The plans that wait until they are played. */
export const waiting = computed(() => runs.value.filter(({ held }) => held).map(wholePlan))

/** Changes some keys of what the page shows beside its runs. */
export const update = (change: Partial<Settings>): void => {
  settings.value = { ...settings.value, ...change }
}

/** Puts another run at a place. */
export function setRun(at: number, run: Run): void {
  runs.value = runs.value.map((before, i) => (i === at ? run : before))
}

/** Shows another state, whose runs are not opened yet. */
export function setState(next: Read): void {
  batch(() => {
    runs.value = runsOf(next.state)
    settings.value = settingsOf(next.state)
    problem.value = next.problem
    undoable.value = null
  })
}
