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
beforeAll(async () => {
  vi.stubGlobal('location', { hash: '' })
  store = await import('../../../src/studio/page/state/store.ts')
  training = await import('../../../src/studio/page/state/training.ts')
  training.begin()
})

/** The training says how it stands, having heard some of the commands. */
function report(plan: Plan, revision: number, playing = false): void {
  const rest = { samples: Float32Array.of(1, 2), line: null, distance: null, goal: null }
  tell({ type: 'progress', run: 'run-1', plan, revision, playing, ...rest })
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

test('what a link would train for long waits for Play; what is short is replayed at once', () => {
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

test('what follows the plans does not hear of reports that leave them alone', () => {
  const [before, shared] = [store.state.value, store.shared.value]
  const [run] = store.runs.value
  store.setRun(0, { ...run, live: { ...run.live!, stepsPerSecond: 12 } })
  expect(store.selectedLive.value!.stepsPerSecond).toBe(12)
  expect(store.state.value).toBe(before)
  expect(store.shared.value).toBe(shared)
})
