import { batch } from '@preact/signals'
import type { QuestionName, Questions, Replay, Report } from '../../engine/protocol.ts'
import { fileOfPlan, type Plan, type Stage, withSteps } from '../../plan.ts'
import { type Backend, backend, startClient } from '../connection/backend.ts'
import type { Client } from '../connection/client.ts'
import { fileOf } from '../connection/model-files.ts'
import { firstState, type Read } from './address.ts'
import { pacedReports } from './paced-reports.ts'
import {
  changed,
  isEnded,
  newRun,
  opened,
  pausing,
  played,
  type Run,
  refused,
  reported,
  stepped,
  takenOf,
  wholePlan,
} from './run.ts'
import {
  engine,
  freshName,
  loading,
  MOST_RUNS,
  problem,
  runs,
  setRun,
  setState,
  state,
  undoable,
  update,
} from './store.ts'

let client: Client | undefined
const theClient = (): Client => (client ??= startClient(pacedReports(receive)))

function receive(report: Report): void {
  if (report.type === 'ready') engine.value = report.engine
  if (report.type === 'loading') loading.value = report
  if (report.type === 'refused') {
    runs.value.forEach(({ name }, at) => {
      if (name === report.run) refuse(at, report)
      else if (report.run === '' && report.ended)
        setRun(at, refused(runs.value[at], { ended: true, message: null }))
    })
    if (report.run === '') problem.value = report.message
  }
  if (report.type === 'refused' || report.type === 'progress') tellKept(report)
  if (report.type !== 'progress') return
  const at = runs.value.findIndex(({ name }) => name === report.run)
  if (at >= 0) setRun(at, reported(runs.value[at], report))
}

/** What can come back hears how it stands too. */
function tellKept(report: Extract<Report, { type: 'refused' | 'progress' }>): void {
  const kept = undoable.value
  if (!kept || (report.run !== kept.run.name && report.run !== '')) return
  if (report.type === 'progress') undoable.value = { ...kept, run: reported(kept.run, report) }
  else if (report.ended) undoable.value = { ...kept, run: refused(kept.run, report) }
}

/** Ends what could have come back. */
export function giveUp(): void {
  const kept = undoable.value
  undoable.value = null
  if (kept) close(kept.run)
}

/** What is refused to a run is told of it; one that cannot even begin is not kept. */
function refuse(at: number, { message, ended }: { message: string; ended?: boolean }): void {
  const { addedFrom } = runs.value[at]
  setRun(at, refused(runs.value[at], { message, ended }))
  const gone = ended && addedFrom !== null
  if (gone) {
    batch(() => {
      remove(at)
      update({ selected: Math.min(addedFrom, runs.value.length - 1) })
    })
  }
  if (gone || !runs.value[at].live) problem.value = message
}

/**
 * Begins a run by its plan: from the start, and as far as the plan goes.
 *
 * @param again  steps of the plan that were taken before
 */
export function open(plan: Plan, at = state.value.selected, replay: Replay = 'now', again = 0): void {
  problem.value = null
  const next = opened(runs.value[at], plan, replay, again)
  const { name: run, revision } = next
  setRun(at, next)
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
export function add(plan: Plan, replay: Replay = 'now', again = 0): void {
  const at = runs.value.length
  if (at >= MOST_RUNS) return
  batch(() => {
    runs.value = [...runs.value, newRun(freshName(), plan, { addedFrom: state.value.selected })]
    update({ selected: at })
  })
  open(plan, at, replay, again)
}

export const close = (run: Run): void => {
  if (!isEnded(run)) theClient().send({ type: 'close', run: run.name })
}

/** Ends a run; the last one stays. */
export function remove(at: number): void {
  if (runs.value.length === 1) return
  close(runs.value[at])
  takeOut(at)
}

/** Leaves out a run, whose training is not ended; those behind it move up. */
export function takeOut(at: number): void {
  const { selected } = state.value
  const last = runs.value.length - 1
  const next = selected > at || selected === last ? selected - 1 : selected
  batch(() => {
    update({ selected: Math.max(0, next) })
    runs.value = runs.value.filter((_, i) => i !== at)
  })
}

function command(at: number, playing: boolean): void {
  const next = played(runs.value[at], playing)
  setRun(at, next)
  theClient().send({ type: playing ? 'play' : 'pause', run: next.name, revision: next.revision })
}

/** Trains; a run that has ended first takes the steps of its plan again. */
export function play(at = state.value.selected): void {
  const run = runs.value[at]
  if (isEnded(run)) open(run.plan, at, 'on', run.again)
  else command(at, true)
}

/** Plays what waits for it. */
export const playWaiting = (): void =>
  runs.value.forEach(({ held }, at) => {
    if (held) play(at)
  })

export function pause(at = state.value.selected): void {
  if (!isEnded(runs.value[at])) command(at, false)
}

/** Has these players of a run stand still, and all others train. */
export function pausePlayers(players: readonly string[], at = state.value.selected): void {
  if (isEnded(runs.value[at])) return
  const next = pausing(runs.value[at], players)
  setRun(at, next)
  theClient().send({ type: 'pause-players', run: next.name, players, revision: next.revision })
}

export function takeSteps(steps: number, at = state.value.selected): void {
  const run = runs.value[at]
  if (isEnded(run)) {
    open(withSteps(run.plan, steps), at, 'now', run.again)
    return
  }
  setRun(at, stepped(run))
  theClient().send({ type: 'step', run: run.name, steps })
}

export function change(stage: Omit<Stage, 'steps'>, at = state.value.selected): void {
  const run = runs.value[at]
  const next = changed(run, stage)
  if (isEnded(run)) {
    open(next.plan, at, 'now', run.again)
    return
  }
  setRun(at, next)
  // The last stage of the new plan, which has taken no step yet.
  const { steps: _, ...begun } = { steps: 0, ...stage }
  theClient().send({ type: 'change', run: next.name, stage: begun, revision: next.revision })
}

/** How many samples the reports hold, of the weights and the class that are looked at. */
export function show(count: number, at = state.value.selected): void {
  const run = runs.value[at]
  const { weights, class: told } = state.value
  if (isEnded(run)) return
  theClient().send({
    type: 'show',
    run: run.name,
    count,
    weights,
    ...(told !== undefined && { class: told }),
  })
}

/** Asks the run at a place, whose map is told the class that is looked at. */
export const ask = <N extends QuestionName>(
  at: number,
  name: N,
  question: Questions[N]['ask'],
): Promise<Questions[N]['answer']> => theClient().ask(runs.value[at].name, name, question, state.value.class)

/** What trains starts while the page is still being put together. */
setTimeout(theClient)

/** Opens every run of the state; what a link would train for long waits until it is played. */
export const begin = (): void => beginAll(runs.value.map(({ held }) => (held ? 'held' : 'now')))

function beginAll(how: readonly Replay[]): void {
  const said = problem.value
  runs.value.forEach(({ plan, again }, at) => {
    open(plan, at, how[at], again)
  })
  problem.value = said
}

/** How a run goes on that is taken to another place. */
function carriedOn({ live }: Run): Replay {
  if (!live || live.ended) return 'now'
  if (live.goal === null) return live.playing ? 'on' : 'now'
  return live.playing ? 'now' : 'held'
}

/** Trains in another place from now on: every run is taken there again. */
export function moveTo(next: Backend): void {
  if (backend.value === next) return
  const how = runs.value.map(carriedOn)
  client?.end()
  client = undefined
  backend.value = next
  engine.value = null
  runs.value = runs.value.map(run => ({ ...run, plan: wholePlan(run), again: takenOf(run), live: null }))
  const kept = undoable.value
  if (kept) undoable.value = { ...kept, run: refused(kept.run, { ended: true, message: null }) }
  beginAll(how)
}

/** Shows another state: its runs begin, and those that were there end. */
export function replace(next: Read): void {
  runs.value.forEach(close)
  giveUp()
  setState(next)
  begin()
}

/** Shows what the page shows without a link. */
export const beginAnew = (): void => replace(firstState)
