import { batch, computed, signal } from '@preact/signals'
import type { QuestionName, Questions, Replay, Report } from '../../engine/protocol.ts'
import { fileOfPlan, type Plan, type Stage, stepsOf, withSteps } from '../../plan.ts'
import type { StudioState } from '../../state.ts'
import { isLong } from '../../training-cost.ts'
import { type Place, place, startClient } from '../connection/backend.ts'
import type { Client } from '../connection/client.ts'
import { fileOf } from '../connection/model-files.ts'
import { firstState, readAddress } from './address.ts'
import { firstLook } from './first-look.ts'
import { changed, type Known, type Live, opened, played, refused, reported, stepped } from './run.ts'

export type { Live } from './run.ts'

/** Trainings that are open at once. */
export const MOST_RUNS = 4

const address = readAddress()

/** What is known of each run before it is opened. */
const looksOf = ({ runs, weights }: StudioState): (Live | null)[] =>
  runs.map(plan => firstLook(plan, weights))

export const state = signal<StudioState>(address.state)
/** One line for the user that is about no single run; null when all is well. */
export const problem = signal<string | null>(address.problem)
/** Of each run by its place. */
export const live = signal<readonly (Live | null)[]>(looksOf(address.state))
/** What trains, once it is there. */
export const engine = signal<string | null>(null)
/** Bytes of the runtime that have arrived, of all; 0 where their number is not known. */
export const loading = signal<{ readonly received: number; readonly total: number } | null>(null)

export const selected = computed(() => state.value.runs[state.value.selected])
export const selectedLive = computed(() => live.value[state.value.selected])

/** Names of the runs towards the engine, by place: a place may come to another run, a name does not. */
let names: readonly string[] = []
let lastName = 0
const freshName = (): string => `run-${++lastName}`
names = address.state.runs.map(freshName)

/** Names of runs whose steps wait until they are played: a link may ask for more than a person would begin. */
const heldOf = (runs: readonly Plan[]): ReadonlySet<string> =>
  new Set(isLong(runs) ? names.filter((_, at) => stepsOf(runs[at]) > 0) : [])
const held = signal(heldOf(address.state.runs))

/** The plans that links asked for and that are not yet taken to their ends, by place. */
const goals = signal<readonly (Plan | null)[]>(address.state.runs.map(() => null))

/** The state as a link gives it: with whole plans, though they are still being replayed. */
export const shared = computed<StudioState>(() => ({
  ...state.value,
  runs: state.value.runs.map((plan, at) => goals.value[at] ?? plan),
}))

/** The plans that wait until they are played. */
export const waiting = computed(() => shared.value.runs.filter((_, at) => held.value.has(names[at])))

function hold(run: string, wait: boolean): void {
  if (held.value.has(run) === wait) return
  const others = [...held.value].filter(name => name !== run)
  held.value = new Set(wait ? [...others, run] : others)
}

/** Changes some keys of the state. */
export const update = (change: Partial<StudioState>): void => {
  state.value = { ...state.value, ...change }
}

/** Newest revision of each run and the one waited for, by place. */
const NO_REVISION = { revision: 0, awaited: 0 }
let revisions: readonly Pick<Known, 'revision' | 'awaited'>[] = names.map(() => NO_REVISION)

let client: Client | undefined
const theClient = (): Client => (client ??= startClient(receive))

const replaced = <T>(list: readonly T[], at: number, value: T): readonly T[] =>
  list[at] === value ? list : list.map((item, i) => (i === at ? value : item))
const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, i) => i !== at)

const knownAt = (at: number): Known => ({
  plan: state.value.runs[at],
  whole: goals.value[at],
  live: live.value[at],
  ...revisions[at],
})

/** Keeps what is known of a run; returns the revision for the command that made it so. */
function keep(at: number, { plan, whole, live: now, revision, awaited }: Known): number {
  revisions = replaced(revisions, at, { revision, awaited })
  batch(() => {
    live.value = replaced(live.value, at, now)
    goals.value = replaced(goals.value, at, whole)
    if (state.value.runs[at] !== plan) update({ runs: [...replaced(state.value.runs, at, plan)] })
  })
  return revision
}

function receive(report: Report): void {
  if (report.type === 'ready') engine.value = report.engine
  if (report.type === 'loading') loading.value = report
  if (report.type === 'refused') {
    names.forEach((name, at) => {
      if (name === report.run) refuse(at, report)
      else if (report.run === '' && report.ended)
        keep(at, refused(knownAt(at), { ended: true, message: null }))
    })
    if (report.run === '') problem.value = report.message
  }
  if (report.type !== 'progress') return
  const at = names.indexOf(report.run)
  if (at < 0) return
  newcomers.delete(report.run)
  keep(at, reported(knownAt(at), report))
}

/** Runs that were added and have not begun yet, each with the place that was selected before. */
const newcomers = new Map<string, number>()

/** What is refused to a run is told of it; one that cannot even begin is not kept. */
function refuse(at: number, { message, ended }: { message: string; ended?: boolean }): void {
  const before = newcomers.get(names[at])
  keep(at, refused(knownAt(at), { message, ended }))
  const gone = ended && before !== undefined
  if (gone) {
    remove(at)
    update({ selected: Math.min(before, state.value.runs.length - 1) })
  }
  if (gone || !live.value[at]) problem.value = message
}

/** Begins a run by its plan: from the start, and as far as the plan goes. */
export function open(plan: Plan, at = state.value.selected, replay: Replay = 'now'): void {
  problem.value = null
  const run = names[at]
  hold(run, replay === 'held' && stepsOf(plan) > 0)
  const revision = keep(at, opened(knownAt(at), plan, replay))
  const send = (file?: Uint8Array): void => {
    theClient().send({ type: 'open', run, plan, revision, replay, ...(file && { file }) })
  }
  // At once where there is nothing to wait for, so that what is told next comes next.
  if (!fileOfPlan(plan)) {
    send()
    return
  }
  fileOf(plan).then(send, (error: Error) => {
    receive({ type: 'refused', run, id: null, message: error.message, ended: true })
  })
}

/** Adds a run beside the others and selects it. */
export function add(plan: Plan): void {
  const at = state.value.runs.length
  if (at >= MOST_RUNS) return
  const name = freshName()
  newcomers.set(name, state.value.selected)
  names = [...names, name]
  revisions = [...revisions, NO_REVISION]
  live.value = [...live.value, null]
  goals.value = [...goals.value, null]
  update({ runs: [...state.value.runs, plan], selected: at })
  open(plan, at)
}

/** Ends a run; those behind it move up. The last one stays. */
export function remove(at: number): void {
  const { runs, selected } = state.value
  if (runs.length === 1) return
  if (!isEnded(at)) theClient().send({ type: 'close', run: names[at] })
  newcomers.delete(names[at])
  names = without(names, at)
  revisions = without(revisions, at)
  live.value = without(live.value, at)
  goals.value = without(goals.value, at)
  const next = selected > at || selected === runs.length - 1 ? selected - 1 : selected
  update({ runs: without(runs, at), selected: Math.max(0, next) })
}

/** Whether a run is to be opened before it takes a command. */
const isEnded = (at: number): boolean => live.value[at]?.ended ?? false

function command(at: number, playing: boolean): void {
  hold(names[at], false)
  const revision = keep(at, played(knownAt(at), playing))
  theClient().send({ type: playing ? 'play' : 'pause', run: names[at], revision })
}

/** Trains; a run that has ended first takes the steps of its plan again. */
export function play(at = state.value.selected): void {
  if (isEnded(at)) open(state.value.runs[at], at, 'on')
  else command(at, true)
}

/** Plays what waits for it. */
export const playWaiting = (): void => {
  for (const name of held.value) play(names.indexOf(name))
}

export function pause(at = state.value.selected): void {
  if (!isEnded(at)) command(at, false)
}

export function takeSteps(steps: number, at = state.value.selected): void {
  if (isEnded(at)) {
    open(withSteps(state.value.runs[at], steps), at)
    return
  }
  hold(names[at], false)
  keep(at, stepped(knownAt(at)))
  theClient().send({ type: 'step', run: names[at], steps })
}

export function change(stage: Omit<Stage, 'steps'>, at = state.value.selected): void {
  const next = changed(knownAt(at), stage)
  if (isEnded(at)) {
    open(next.plan, at)
    return
  }
  hold(names[at], false)
  const revision = keep(at, next)
  // The last stage of the new plan, which has taken no step yet.
  const { steps: _, ...begun } = { steps: 0, ...stage }
  theClient().send({ type: 'change', run: names[at], stage: begun, revision })
}

/** How many samples the reports hold, and of which weights. */
export function show(count: number, weights: StudioState['weights'], at = state.value.selected): void {
  if (!isEnded(at)) theClient().send({ type: 'show', run: names[at], count, weights })
}

/** Asks the run at a place. */
export const ask = <N extends QuestionName>(
  at: number | string,
  name: N,
  question: Questions[N]['ask'],
): Promise<Questions[N]['answer']> => theClient().ask(names[Number(at)], name, question)

/** What trains starts while the page is still being put together. */
setTimeout(theClient)

/** Opens every run of the state; what a link would train for long waits until it is played. */
export function begin(): void {
  beginAll(names.map(name => (held.value.has(name) ? 'held' : 'now')))
}

function beginAll(how: readonly Replay[]): void {
  const said = problem.value
  state.value.runs.forEach((plan, at) => {
    open(plan, at, how[at])
  })
  problem.value = said
}

/** How a run goes on that is taken to another place. */
function carriedOn(run: Live | null): Replay {
  if (!run || run.ended) return 'now'
  if (run.goal === null) return run.playing ? 'on' : 'now'
  return run.playing ? 'now' : 'held'
}

/** Trains in another place from now on: every run is taken there again. */
export function moveTo(next: Place): void {
  if (place.value === next) return
  const runs = shared.value.runs
  const how = live.value.map(carriedOn)
  client?.end()
  client = undefined
  place.value = next
  engine.value = null
  live.value = runs.map(() => null)
  update({ runs })
  beginAll(how)
}

/** Shows another state: its runs begin, and those that were there end. */
export function replace(next: ReturnType<typeof readAddress>): void {
  names.forEach((run, at) => {
    if (!isEnded(at)) theClient().send({ type: 'close', run })
  })
  names = next.state.runs.map(freshName)
  revisions = names.map(() => NO_REVISION)
  live.value = looksOf(next.state)
  goals.value = next.state.runs.map(() => null)
  held.value = heldOf(next.state.runs)
  state.value = next.state
  problem.value = next.problem
  begin()
}

/** Shows what the page shows without a link. */
export const beginAnew = (): void => replace(firstState)
