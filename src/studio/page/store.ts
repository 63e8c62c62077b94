import { computed, effect, signal } from '@preact/signals'
import type { Points, Report } from '../engine/protocol.ts'
import type { Plan, Stage } from '../plan.ts'
import { decodeState, encodeState, initialState, type StudioState } from '../state.ts'
import { type Client, startWorker } from './client.ts'
import { type CurvePoint, grown } from './curve.ts'

/** What is known of a training beside its plan. */
export interface Live {
  readonly playing: boolean
  readonly samples: Points
  /** Sliced Wasserstein of the samples, and what data itself scores. */
  readonly distance: Extract<Report, { type: 'progress' }>['distance']
  readonly curve: readonly CurvePoint[]
  readonly stepsPerSecond: number
}

function readAddress(): { state: StudioState; problem: string | null } {
  const text = location.hash.slice(1)
  if (text === '') return { state: initialState, problem: null }
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

/** Changes some keys of the state. */
export const update = (change: Partial<StudioState>): void => {
  state.value = { ...state.value, ...change }
}

let client: Client | undefined
const theClient = (): Client => (client ??= startWorker(receive))

const replaced = <T>(list: readonly T[], at: number, value: T): T[] =>
  list.map((item, i) => (i === at ? value : item))

function receive(report: Report): void {
  if (report.type === 'ready') engine.value = report.engine
  if (report.type === 'loading') loading.value = report
  if (report.type === 'refused') problem.value = report.message
  if (report.type !== 'progress') return
  const at = Number(report.run)
  const { plan, playing, samples, distance, line } = report
  if (!state.value.runs[at]) return
  const before = live.value[at]
  const step = plan.stages.reduce((total, stage) => total + stage.steps, 0)
  const fresh = step === 0 ? [] : (before?.curve ?? [])
  const curve = line ? grown(fresh, step, line, distance?.value ?? null) : fresh
  const stepsPerSecond = line?.stepsPerSecond ?? before?.stepsPerSecond ?? 0
  live.value = replaced(live.value, at, { playing, samples, distance, curve, stepsPerSecond })
  update({ runs: replaced(state.value.runs, at, plan) })
}

/** Begins a run by its plan: from the start, and as far as the plan goes. */
export function open(plan: Plan, at = state.value.selected): void {
  problem.value = null
  update({ runs: replaced(state.value.runs, at, plan) })
  theClient().send({ type: 'open', run: String(at), plan })
}

export const play = (at = state.value.selected): void => theClient().send({ type: 'play', run: String(at) })
export const pause = (at = state.value.selected): void => theClient().send({ type: 'pause', run: String(at) })
export const takeSteps = (steps: number, at = state.value.selected): void =>
  theClient().send({ type: 'step', run: String(at), steps })
export const change = (stage: Omit<Stage, 'steps'>, at = state.value.selected): void =>
  theClient().send({ type: 'change', run: String(at), stage })

/** How many samples the reports hold, and of which weights. */
export const show = (count: number, weights: StudioState['weights'], at = state.value.selected): void =>
  theClient().send({ type: 'show', run: String(at), count, weights })

export const ask: Client['ask'] = (...request) => theClient().ask(...request)

/** Opens every run of the state. */
export function begin(): void {
  state.value.runs.forEach((plan, at) => {
    open(plan, at)
  })
}

/** The address follows the state, a little later, so that moving a slider does not fill it. */
let later: ReturnType<typeof setTimeout> | undefined
effect(() => {
  const text = encodeState(state.value)
  clearTimeout(later)
  later = setTimeout(() => history.replaceState(null, '', `#${text}`), 300)
})
