import { computed, effect, signal } from '@preact/signals'
import type { Points, QuestionName, Questions, Report } from '../engine/protocol.ts'
import { fileOfPlan, type Plan, type Stage, stepsOf } from '../plan.ts'
import { decodeState, encodeState, initialState, type StudioState, type ViewName, views } from '../state.ts'
import type { Client } from './client.ts'
import { type CurvePoint, grown } from './curve.ts'
import { type Place, place, startClient } from './engines.ts'
import { fileOf } from './files.ts'

/** What is known of a training beside its plan. */
export interface Live {
  readonly playing: boolean
  /** Steps of the plan that is being taken again; null once it is done. */
  readonly goal: number | null
  readonly samples: Points
  /** Sliced Wasserstein of the samples, and what data itself scores. */
  readonly distance: Extract<Report, { type: 'progress' }>['distance']
  readonly curve: readonly CurvePoint[]
  readonly stepsPerSecond: number
}

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

export const state = signal<StudioState>(address.state)
/** One line for the user; null when all is well. */
export const problem = signal<string | null>(address.problem)
/** Of each run by its place. */
export const live = signal<readonly (Live | null)[]>(address.state.runs.map(() => null))
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

let client: Client | undefined
const theClient = (): Client => (client ??= startClient(receive))

const replaced = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((item, i) => (i === at ? value : item))
const without = <T>(list: readonly T[], at: number): T[] => list.filter((_, i) => i !== at)

function receive(report: Report): void {
  if (report.type === 'ready') engine.value = report.engine
  if (report.type === 'loading') loading.value = report
  if (report.type === 'refused') problem.value = report.message
  if (report.type !== 'progress') return
  const at = names.indexOf(report.run)
  const { plan, playing, goal, samples, distance, line } = report
  if (at < 0) return
  const before = live.value[at]
  const step = stepsOf(plan)
  const fresh = step === 0 ? [] : (before?.curve ?? [])
  const curve = line ? grown(fresh, step, line, distance?.value ?? null) : fresh
  const stepsPerSecond = line?.stepsPerSecond ?? before?.stepsPerSecond ?? 0
  live.value = replaced(live.value, at, { playing, goal, samples, distance, curve, stepsPerSecond })
  if (goal === null) goals.value = replaced(goals.value, at, null)
  update({ runs: replaced(state.value.runs, at, plan) })
}

/** Begins a run by its plan: from the start, and as far as the plan goes. */
export function open(plan: Plan, at = state.value.selected): void {
  problem.value = null
  goals.value = replaced(goals.value, at, stepsOf(plan) > 0 ? plan : null)
  update({ runs: replaced(state.value.runs, at, plan) })
  const run = names[at]
  const send = (file?: Uint8Array): void =>
    theClient().send({ type: 'open', run, plan, ...(file && { file }) })
  // At once where there is nothing to wait for, so that what is told next comes next.
  if (!fileOfPlan(plan)) {
    send()
    return
  }
  fileOf(plan).then(send, (error: Error) => {
    problem.value = error.message
  })
}

/** Adds a run beside the others and selects it. */
export function add(plan: Plan): void {
  const at = state.value.runs.length
  if (at >= MOST_RUNS) return
  names = [...names, freshName()]
  live.value = [...live.value, null]
  goals.value = [...goals.value, null]
  update({ runs: [...state.value.runs, plan], selected: at })
  open(plan, at)
}

/** Ends a run; those behind it move up. The last one stays. */
export function remove(at: number): void {
  const { runs, selected } = state.value
  if (runs.length === 1) return
  theClient().send({ type: 'close', run: names[at] })
  names = without(names, at)
  live.value = without(live.value, at)
  goals.value = without(goals.value, at)
  const next = selected > at || selected === runs.length - 1 ? selected - 1 : selected
  update({ runs: without(runs, at), selected: Math.max(0, next) })
}

export const play = (at = state.value.selected): void => theClient().send({ type: 'play', run: names[at] })
export const pause = (at = state.value.selected): void => theClient().send({ type: 'pause', run: names[at] })
export const takeSteps = (steps: number, at = state.value.selected): void =>
  theClient().send({ type: 'step', run: names[at], steps })
export const change = (stage: Omit<Stage, 'steps'>, at = state.value.selected): void =>
  theClient().send({ type: 'change', run: names[at], stage })

/** How many samples the reports hold, and of which weights. */
export const show = (count: number, weights: StudioState['weights'], at = state.value.selected): void =>
  theClient().send({ type: 'show', run: names[at], count, weights })

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
  for (const run of names) theClient().send({ type: 'close', run })
  names = next.state.runs.map(freshName)
  live.value = next.state.runs.map(() => null)
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
