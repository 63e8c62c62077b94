import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { Command, Report } from '../../../src/studio/engine/protocol.ts'
import { examplePlan, type Plan, withSteps } from '../../../src/studio/plan.ts'
import { anew } from '../../../src/studio/trainable.ts'

const sent: Command[] = []
let tell: (report: Report) => void = () => {}

vi.mock('../../../src/studio/page/connection/backend.ts', () => ({
  machine: null,
  backend: { value: 'page' },
  startClient: (receive: (report: Report) => void) => {
    tell = receive
    return { send: (command: Command) => sent.push(command) }
  },
}))

const long = { ...examplePlan, stages: [{ ...examplePlan.stages[0], steps: 24_000 }] }

let store: typeof import('../../../src/studio/page/state/store.ts')
let training: typeof import('../../../src/studio/page/state/training.ts')
let undoing: typeof import('../../../src/studio/page/state/undo.ts')
beforeAll(async () => {
  vi.stubGlobal('location', { hash: '' })
  vi.stubGlobal('requestAnimationFrame', () => 0)
  store = await import('../../../src/studio/page/state/store.ts')
  training = await import('../../../src/studio/page/state/training.ts')
  undoing = await import('../../../src/studio/page/state/undo.ts')
  training.begin()
})

/** The training says how it stands, having heard some of the commands. */
function report(plan: Plan, revision: number, playing = false, run = 'run-1'): void {
  const rest = { samples: Float32Array.of(1, 2), line: null, distance: null, goal: null }
  tell({ type: 'progress', run, plan, revision, playing, ...rest })
}
const newest = (): number => Math.max(...sent.map(each => ('revision' in each && each.revision) || 0))
const stage = () => store.selected.value.stages.at(-1)!
const lsd = anew(examplePlan, {}, { objective: 'lsd' })

beforeEach(() => {
  training.open(lsd)
  report(lsd, newest())
  sent.length = 0
})

test('an objective and Reset at once begin with that objective', () => {
  const before = newest()
  training.change({ ...stage(), objective: 'psd', keep: true })
  training.open(anew(store.selected.value))
  report(lsd, before)
  expect(sent).toMatchObject([
    { type: 'change', stage: { objective: 'psd' } },
    { type: 'open', plan: { stages: [{ objective: 'psd' }] } },
  ])
  expect(stage().objective).toBe('psd')
})

test('a rate and an objective at once are both there', () => {
  training.change({ ...stage(), learningRate: 0.1, keep: true })
  training.change({ ...stage(), objective: 'meanflow', keep: true })
  expect(sent.at(-1)).toMatchObject({ stage: { objective: 'meanflow', learningRate: 0.1 } })
})

test('a training that has ended is played by opening it again', () => {
  training.play()
  report(lsd, newest(), true)
  expect(store.selectedLive.value!.playing).toBe(true)
  tell({ type: 'refused', run: 'run-1', id: null, message: "the training's process ended", ended: true })
  expect(store.selectedLive.value).toMatchObject({ playing: false, stepsPerSecond: 0 })
  expect(store.selectedLive.value!.problem).toContain('ended')
  sent.length = 0
  training.play()
  expect(sent).toMatchObject([{ type: 'open', replay: 'on' }])
  expect(store.selectedLive.value).toMatchObject({ playing: true, problem: null })
  training.pause()
  expect(sent.at(-1)!.type).toBe('pause')
})

test('a link that is refused is no longer being replayed', () => {
  const long = { ...lsd, stages: [{ ...lsd.stages[0], steps: 20 }] }
  training.open(long)
  tell({ type: 'refused', run: 'run-1', id: null, message: 'lmd: needs a teacher', ended: true })
  expect(store.selectedLive.value).toMatchObject({ playing: false, goal: null })
})

test('steps on a training that has ended are taken behind those of its plan', () => {
  const trained = withSteps(lsd, 20)
  training.pause()
  report(trained, newest())
  tell({ type: 'refused', run: 'run-1', id: null, message: 'it ended', ended: true })
  sent.length = 0
  training.takeSteps(5)
  expect(sent).toMatchObject([{ type: 'open', plan: { stages: [{ steps: 25 }] }, replay: 'now' }])
})

test('what a link would train for long waits; what is short is replayed at once', () => {
  const show = (...runs: Plan[]) =>
    training.replace({ state: { ...store.state.value, selected: 0, runs }, problem: null })
  const opened = () => sent.flatMap(each => (each.type === 'open' ? [each.replay] : []))
  show(long, lsd)
  expect(opened()).toEqual(['held', 'now'])
  expect(store.waiting.value).toEqual([long])
  sent.length = 0
  training.playWaiting()
  expect(sent).toMatchObject([{ type: 'play' }])
  expect(store.waiting.value).toEqual([])
  sent.length = 0
  show(withSteps(lsd, 100), lsd)
  expect(opened()).toEqual(['now', 'now'])
  expect(store.waiting.value).toEqual([])
})

test('a run that cannot begin is not kept beside the others', () => {
  const { selected } = store.state.value
  const before = store.state.value.runs.length
  training.add(lsd)
  const { run } = sent.at(-1)!
  tell({ type: 'refused', run, id: null, message: 'it is no flow map', ended: true })
  expect(store.state.value.runs).toHaveLength(before)
  expect(store.state.value.selected).toBe(selected)
  expect(store.problem.value).toBe('it is no flow map')
})

/** Two runs, the second of which has trained. */
function withTrained(): { name: string; trained: Plan } {
  training.replace({ state: { ...store.state.value, selected: 0, runs: [lsd] }, problem: null })
  training.add(lsd)
  const { name } = store.runs.value[1]
  const trained = withSteps(lsd, 20)
  report(trained, newest(), true, name)
  sent.length = 0
  return { name, trained }
}
const names = () => store.runs.value.map(({ name }) => name)
const told = () => sent.map(({ type, run }) => [type, run])

test('a run that was removed stands still until it comes back, with all that it was', () => {
  const { name, trained } = withTrained()
  const [first] = names()
  undoing.removeRun(1)
  expect(names()).toEqual([first])
  expect(told()).toEqual([['pause', name]])
  // It heard the command after some more steps.
  report(withSteps(trained, 7), newest(), false, name)
  undoing.undo()
  expect(names()).toEqual([first, name])
  expect(store.selected.value).toEqual(withSteps(trained, 7))
  expect(told()).toEqual([['pause', name]])
  expect(store.undoable.value).toBe(null)
})

test('a run that was replaced comes back in its place, and what replaced it can come back too', () => {
  const { name, trained } = withTrained()
  undoing.replaceRun(anew(lsd, { seed: 5 }), 1, 'held')
  const [, other] = names()
  expect(other).not.toBe(name)
  expect(told()).toEqual([
    ['pause', name],
    ['open', other],
  ])
  const second = withSteps(anew(lsd, { seed: 5 }), 3)
  report(second, newest(), false, other)
  undoing.undo()
  expect(store.runs.value[1].plan).toEqual(trained)
  undoing.undo()
  expect(store.runs.value[1].plan).toEqual(second)
  expect(told().filter(([type]) => type === 'close')).toEqual([])
  training.giveUp()
  expect(sent.at(-1)).toMatchObject({ type: 'close', run: name })
})

test('only the last that was given up is kept; nothing is kept of what has not begun', () => {
  const { name } = withTrained()
  training.add(lsd)
  const { name: fresh } = store.runs.value[2]
  undoing.removeRun(1)
  undoing.removeRun(1)
  expect(sent.at(-1)).toMatchObject({ type: 'close', run: fresh })
  expect(store.undoable.value!.run.name).toBe(name)
  training.add(withSteps(lsd, 4))
  report(withSteps(lsd, 4), newest(), false, store.runs.value[1].name)
  undoing.removeRun(1)
  expect(told()).toContainEqual(['close', name])
})

test('where no room is left, what comes back takes the place of the selected run, which can come back', () => {
  const { name, trained } = withTrained()
  undoing.removeRun(1)
  for (let seed = 1; seed <= 3; seed++) training.add(anew(lsd, { seed }))
  const last = store.runs.value[3].name
  report(withSteps(lsd, 2), newest(), false, last)
  undoing.undo()
  expect(names()).toHaveLength(store.MOST_RUNS)
  expect(store.runs.value[3].plan).toEqual(trained)
  expect(store.undoable.value!.run.name).toBe(last)
  expect(told()).not.toContainEqual(['close', name])
})

test('what ended while it was kept takes its steps again', () => {
  const { name, trained } = withTrained()
  undoing.removeRun(1)
  report(trained, newest(), false, name)
  tell({ type: 'refused', run: name, id: null, message: 'the process ended', ended: true })
  sent.length = 0
  undoing.undo()
  expect(sent).toMatchObject([{ type: 'open', run: name, plan: trained, replay: 'now' }])
  expect(store.runs.value[1].again).toBe(20)
})

test('what follows the plans does not hear of reports that leave them alone', () => {
  store.update({ selected: 0 })
  const [before, shared] = [store.state.value, store.shared.value]
  const [run] = store.runs.value
  store.setRun(0, { ...run, live: { ...run.live!, stepsPerSecond: 12 } })
  expect(store.selectedLive.value!.stepsPerSecond).toBe(12)
  expect(store.state.value).toBe(before)
  expect(store.shared.value).toBe(shared)
})
