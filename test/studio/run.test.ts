import { expect, test } from 'vitest'
import type { Report } from '../../src/studio/engine/protocol.ts'
import {
  beyondPlan,
  changed,
  isReplaying,
  newRun,
  opened,
  pausing,
  played,
  type Run,
  refused,
  reported,
  stepped,
  stepsSince,
  takenOf,
} from '../../src/studio/page/state/run.ts'
import { freshPlan, type Plan, withStage } from '../../src/studio/plan.ts'
import { anew } from '../../src/studio/trainable.ts'

type Progress = Extract<Report, { type: 'progress' }>
const [stage] = freshPlan.stages
const trained: Plan = { ...freshPlan, stages: [{ ...stage, steps: 40 }] }
const objectives = ({ plan }: Run): string[] => plan.stages.map(({ objective }) => objective)

const report = (plan: Plan, revision: number, more: Partial<Progress> = {}) => {
  const { playing = false, goal = null, ...others } = more
  const samples = Float32Array.of(1, 2)
  const rest = { line: null, distance: null, samples, run: 'run-1' }
  return { type: 'progress', plan, revision, playing, goal, ...rest, ...others } satisfies Report
}

/** A run that has trained for a while. */
const running = reported(newRun('run-1', freshPlan), report(trained, 0, { playing: true }))

test('a change leads, and a report that has not heard of it does not undo it', () => {
  const psd = changed(running, { ...stage, objective: 'psd', keep: true })
  expect(objectives(psd)).toEqual(['lsd', 'psd'])
  const later = reported(psd, report({ ...trained, stages: [{ ...stage, steps: 60 }] }, 0, { playing: true }))
  expect(objectives(later)).toEqual(['lsd', 'psd'])
  const reset = opened(later, anew(later.plan))
  expect(objectives(reset)).toEqual(['psd'])
  expect(objectives(reported(reset, report(psd.plan, 1)))).toEqual(['psd'])
})

test('of many changes the last one stays, with all that was chosen before', () => {
  const fast = changed(running, { ...stage, learningRate: 0.1, keep: true })
  const last = (run: Run) => run.plan.stages.at(-1)!
  const mean = changed(fast, { ...last(fast), objective: 'meanflow' })
  expect(last(mean)).toMatchObject({ objective: 'meanflow', learningRate: 0.1 })
  expect(mean.plan.stages).toHaveLength(2)
  expect(last(reported(mean, report(fast.plan, 1))).objective).toBe('meanflow')
  const grown = { ...mean.plan, stages: [trained.stages[0], { ...last(mean), steps: 10 }] }
  expect(last(reported(mean, report(grown, 2))).steps).toBe(10)
})

test('a change that was refused goes back to what the training says', () => {
  const psd = changed(running, { ...stage, objective: 'psd', keep: true })
  expect(objectives(reported(refused(psd, { message: 'no' }), report(trained, 1)))).toEqual(['lsd'])
  // Where it was lost on its way too.
  expect(objectives(reported(refused(psd, { message: 'no' }), report(trained, 0)))).toEqual(['lsd'])
})

test('Play and Pause lead too', () => {
  const paused = played(running, false)
  expect(reported(paused, report(trained, 0, { playing: true })).live!.playing).toBe(false)
  const begun = played(opened(running, anew(trained)), true)
  expect(reported(begun, report(anew(trained), 1)).live!.playing).toBe(true)
  expect(reported(begun, report(anew(trained), 2)).live!.playing).toBe(false)
})

test('what is refused is not being replayed', () => {
  const replaying = reported(
    opened(newRun('run-1', trained), trained),
    report(freshPlan, 1, { goal: 40, playing: true }),
  )
  expect(replaying).toMatchObject({ whole: trained, live: { goal: 40 } })
  expect(refused(replaying, { message: 'no' })).toMatchObject({ whole: null, live: { goal: null } })
  expect(
    refused(opened(newRun('run-1', trained), trained), { ended: true, message: 'it ended' }),
  ).toMatchObject({
    whole: null,
    plan: trained,
    live: { goal: null, playing: false, ended: true },
  })
})

test('a run whose training has ended keeps its picture and plan until it is opened again', () => {
  const replaying = reported(
    opened(newRun('run-1', trained), trained),
    report(freshPlan, 1, { goal: 40, playing: true }),
  )
  const over = refused(replaying, { ended: true, message: 'it ended' })
  expect(over).toMatchObject({
    plan: trained,
    live: { playing: false, ended: true, stepsPerSecond: 0, samples: Float32Array.of(1, 2) },
  })
  expect(opened(over, over.plan).live).toMatchObject({ playing: true, ended: false })
})

test('what was refused is said until the run is told something else', () => {
  const wrong = refused(running, { message: 'it diverged' })
  expect(reported(wrong, report(trained, 0)).live!.problem).toBe('it diverged')
  const acts = [
    played(wrong, true),
    opened(wrong, freshPlan),
    changed(wrong, { ...stage, keep: true }),
    stepped(wrong),
  ]
  for (const { live } of acts) expect(live!.problem).toBeNull()
})

test('samples that have left the picture are said to until they are back', () => {
  const at = (run: Run, value: number, plan = trained): Run =>
    reported(run, { ...report(plan, 0), distance: { value, floor: 0, low: 0, high: 0 } })
  const far = at(running, 9)
  expect([at(running, 7), far, at(far, 5), at(far, 3)].map(({ live }) => live!.strayed)).toEqual([
    false,
    true,
    true,
    false,
  ])
  expect(reported(far, report(trained, 0)).live!.strayed).toBe(true)
  expect(at(far, 9, freshPlan).live!.strayed).toBe(false)
})

test('what is held does not play, what goes on does', () => {
  expect(opened(running, trained, 'held')).toMatchObject({ whole: trained, live: { playing: false } })
  expect(opened(running, freshPlan, 'on').live!.playing).toBe(true)
})

test('a stage without a step is replaced', () => {
  const psd = withStage(trained, { ...stage, objective: 'psd', keep: true })
  expect(withStage(psd, { ...stage, objective: 'esd', keep: true }).stages).toMatchObject([
    { objective: 'lsd', steps: 40 },
    { objective: 'esd', steps: 0, keep: true },
  ])
})

test('a report without a distance leaves the one before, but not over a new beginning', () => {
  const distance = { value: 0.5, floor: 0.2, low: 0.1, high: 0.3 }
  const first = { ...report(trained, 0), distance }
  const without = (plan: Plan) => ({ ...report(plan, 9), distance: undefined })
  const measured = reported(newRun('run-1', trained), first)
  expect(reported(measured, without(trained)).live!.distance).toEqual(distance)
  expect(reported(measured, report(trained, 0)).live!.distance).toBeNull()
  expect(reported(opened(measured, freshPlan), without(freshPlan)).live!.distance).toBeNull()
})

test('steps that are taken for the first time are not replayed; those of a link or of Undo are', () => {
  const at = (run: Run, steps: number): Run =>
    reported(run, report({ ...trained, stages: [{ ...stage, steps }] }, 9, { playing: true, goal: 40 }))
  const first = opened(newRun('run-1', trained), trained)
  expect([first, at(first, 10)].map(isReplaying)).toEqual([false, false])
  // Of what is brought back at step 10, the rest is new.
  expect([first, at(first, 10)].map(takenOf)).toEqual([0, 10])
  expect([first, at(first, 10)].map(stepsSince)).toEqual([0, 10])
  const back = opened(at(first, 10), trained, 'now', 10)
  expect([back, at(back, 5), at(back, 10), at(back, 20)].map(isReplaying)).toEqual([true, true, false, false])
  expect([back, at(back, 5), at(back, 20)].map(takenOf)).toEqual([10, 10, 20])
  const over = refused(at(back, 20), { ended: true, message: 'it ended' })
  expect([isReplaying(over), takenOf(over)]).toEqual([false, 20])
  expect(isReplaying(opened(newRun('run-1', trained), trained, 'held', 40))).toBe(false)
})

const line = (terms: Record<string, number>, measures?: Record<string, number>) => ({
  step: 40,
  loss: 1,
  gradientNorm: 1,
  learningRate: 1e-3,
  stepsPerSecond: 10,
  terms: Object.fromEntries(Object.entries(terms).map(([name, loss]) => [name, { loss, residual: loss }])),
  ...(measures && { measures }),
})

test('a pause of a player leads, until a report has heard of it', () => {
  const paused = pausing(running, ['critic'])
  expect(paused.live!.paused).toEqual(['critic'])
  expect(reported(paused, report(trained, 0)).live!.paused).toEqual(['critic'])
  expect(reported(paused, report(trained, 1, { paused: ['critic'] })).live!.paused).toEqual(['critic'])
  // It was refused.
  expect(reported(paused, report(trained, 1)).live!.paused).toEqual([])
  expect(changed(paused, { ...stage, objective: 'psd', keep: true }).live!.paused).toEqual([])
  expect(opened(paused, trained).live!.paused).toEqual([])
})

test('the last number of each loss and measure stays until the next one, or the next stage', () => {
  const first = reported(
    running,
    report(trained, 0, { line: line({ critic: 1.4, gan: 0.7 }, { criticAccuracy: 0.6 }) }),
  )
  const later = reported(first, report(trained, 0, { line: line({ gan: 0.5 }), pausedSteps: 12 }))
  expect(later.live!.latest).toEqual({ critic: 1.4, gan: 0.5, criticAccuracy: 0.6 })
  expect(later.live!.pausedSteps).toBe(12)
  expect(reported(later, report(trained, 0)).live!.latest).toEqual(later.live!.latest)
  expect(changed(later, { ...stage, objective: 'cafm', keep: true }).live!.latest).toEqual({})
  expect(reported(later, report(freshPlan, 0)).live!.latest).toEqual({})
})

test('trainings of one plan differ by their pauses', () => {
  const steps = { pausedSteps: 12 }
  const first = reported(pausing(running, ['critic']), report(trained, 1, steps))
  const second = reported(pausing(first, ['map']), report(trained, 2, steps))
  expect(beyondPlan(running)).toBeUndefined()
  // Nothing was trained in the meantime.
  expect(beyondPlan(pausing(running, ['critic']))).toBeUndefined()
  expect(beyondPlan(first)).toEqual([expect.any(String), 12])
  expect(beyondPlan(second)).not.toEqual(beyondPlan(first))
  expect(beyondPlan(reported(opened(second, trained), report(trained, 3)))).toBeUndefined()
})
