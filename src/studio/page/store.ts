import { batch, computed, effect, signal } from '@preact/signals'
import type { QuestionName, Questions, Report } from '../engine/protocol.ts'
import { fileOfPlan, type Plan, type Stage, stepsOf } from '../plan.ts'
import { decodeState, encodeState, initialState, type StudioState, type ViewName, views } from '../state.ts'
import type { Client } from './client.ts'
import { type Place, place, startClient } from './engines.ts'
import { fileOf } from './files.ts'
import { firstLook } from './first-look.ts'
import { changed, type Known, type Live, opened, played, refused, reported } from './known.ts'

export type { Live } from './known.ts'

/** Trainings that are open at once. */
export const MOST_RUNS = 4

function readAddress(): { state: StudioState; problem: string | null } {
  const text = location.hash.slice(1)
  if (text === '') return { state: initialState, problem: null }
  if ((views as readonly string[]).includes(text))
    return { state: { ...initialState, view: text as ViewName }, problem: null }
  try {
    return { state: decodeState(text), problem: null }
  } catch (error) {
    return { state: initialState, problem: (error as Error).message }
  }
}

const address = readAddress()

/** What is known of each run before it is opened. */
const looksOf = ({ runs, weights }: StudioState): (Live | null)[] =>
  runs.map(plan => firstLook(plan, weights))

export const state = signal<StudioState>(address.state)
/** One line for the user; null when all is well. */
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

/** The plans that links asked for and that are not yet taken to their ends, by place. */
const goals = signal<readonly (Plan | null)[]>(address.state.runs.map(() => null))

/** The state as a link gives it: with whole plans, though they are still being replayed. */
export const shared = computed<StudioState>(() => ({
  ...state.value,
  runs: state.value.runs.map((plan, at) => goals.value[at] ?? plan),
}))

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
    problem.value = report.message
    names.forEach((name, at) => {
      if (name === report.run || (report.run === '' && report.ended)) keep(at, refused(knownAt(at), report))
    })
  }
  if (report.type !== 'progress') return
  const at = names.indexOf(report.run)
  if (at >= 0) keep(at, reported(knownAt(at), report))
}

/** Begins a run by its plan: from the start, and as far as the plan goes; or on from there. */
export function open(plan: Plan, at = state.value.selected, on = false): void {
  problem.value = null
  const revision = keep(at, opened(knownAt(at), plan))
  const run = names[at]
  const send = (file?: Uint8Array): void => {
    theClient().send({ type: 'open', run, plan, revision, ...(file && { file }) })
    if (on) play(names.indexOf(run))
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
  names = [...names, freshName()]
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
  const revision = keep(at, played(knownAt(at), playing))
  theClient().send({ type: playing ? 'play' : 'pause', run: names[at], revision })
}

/** Trains; a run that has ended is opened again by its plan. */
export function play(at = state.value.selected): void {
  if (isEnded(at)) open(state.value.runs[at], at, stepsOf(state.value.runs[at]) === 0)
  else command(at, true)
}

export function pause(at = state.value.selected): void {
  if (!isEnded(at)) command(at, false)
}

export function takeSteps(steps: number, at = state.value.selected): void {
  if (isEnded(at)) open(state.value.runs[at], at)
  else theClient().send({ type: 'step', run: names[at], steps })
}

export function change(stage: Omit<Stage, 'steps'>, at = state.value.selected): void {
  const next = changed(knownAt(at), stage)
  if (isEnded(at)) {
    open(next.plan, at)
    return
  }
  const revision = keep(at, next)
  theClient().send({ type: 'change', run: names[at], stage, revision })
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

/** Opens every run of the state. */
export function begin(): void {
  const said = problem.value
  state.value.runs.forEach((plan, at) => {
    open(plan, at)
  })
  problem.value = said
}

/** Trains in another place from now on: every run is taken there again. */
export function moveTo(next: Place): void {
  if (place.value === next) return
  const runs = shared.value.runs
  client?.end()
  client = undefined
  place.value = next
  engine.value = null
  live.value = runs.map(() => null)
  update({ runs })
  begin()
}

/** Shows another state: its runs begin, and those that were there end. */
function replace(next: ReturnType<typeof readAddress>): void {
  names.forEach((run, at) => {
    if (!isEnded(at)) theClient().send({ type: 'close', run })
  })
  names = next.state.runs.map(freshName)
  revisions = names.map(() => NO_REVISION)
  live.value = looksOf(next.state)
  goals.value = next.state.runs.map(() => null)
  state.value = next.state
  problem.value = next.problem
  begin()
}

/** Shows what the page shows without a link. */
export const beginAnew = (): void => replace({ state: initialState, problem: null })

/** Shows what another link says. */
function follow(): void {
  if (location.hash.slice(1) !== written) replace(readAddress())
}
addEventListener('hashchange', follow)

/** The address follows the state a few times a second: browsers refuse more. */
let later: ReturnType<typeof setTimeout> | undefined
let written = ''
effect(() => {
  void shared.value
  later ??= setTimeout(() => {
    later = undefined
    written = encodeState(shared.value)
    history.replaceState(null, '', `#${written}`)
  }, 300)
})
