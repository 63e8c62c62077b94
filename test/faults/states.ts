import { existsSync, readFileSync, rmSync } from 'node:fs'
import { expect } from 'vitest'
import { checkpointSteps, newestIntact, type State } from '../../src/serialization/checkpoint.ts'
import type { MetricsLine } from '../../src/serialization/metrics-log.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { isRun, paths, readMetrics, readRecord } from '../../src/serialization/run.ts'
import { Disk, hashOf, materialise, type Tree } from './disk.ts'
import type { Change } from './record.ts'

/** A state of the disk in which a command may have been stopped. */
export interface Stopped {
  readonly tree: Tree
  /** Changes before it. */
  readonly after: number
  readonly how: string
}

/** Every state, each once, in which a kill or a power cut can leave a folder. */
export function* statesOf(changes: readonly Change[], root: string): Generator<Stopped> {
  const disk = new Disk(root)
  const seen = new Set<string>()
  const isNew = (tree: Tree): boolean => {
    const { size } = seen
    return seen.add(hashOf(tree)).size > size
  }
  for (let after = 0; after <= changes.length; after++) {
    if (after > 0) disk.apply(changes[after - 1])
    const killed = disk.afterKill()
    if (isNew(killed)) yield { tree: killed, after, how: 'killed' }
    for (const { how, tree } of disk.afterCut()) if (isNew(tree)) yield { tree, after, how }
  }
}

/** What a training that nobody stopped gives. */
export interface Straight {
  readonly states: ReadonlyMap<number, State>
  readonly lines: readonly Omit<MetricsLine, 'stepsPerSecond'>[]
  readonly model: Buffer
}

const withoutPace = ({ stepsPerSecond: _, ...line }: MetricsLine) => line

/** What of a run was finished before the changes: the step of its newest checkpoint, and whether its model was there. */
export function finishedBefore(
  changes: readonly Change[],
  after: number,
  run: string,
): { step: number; model: boolean } {
  let [step, model] = [-1, false]
  changes.slice(0, after).forEach((change, i) => {
    if (change.kind !== 'rename') return
    // The command goes on when the name is on the disk.
    const folder = change.to.slice(0, change.to.lastIndexOf('/'))
    const isDone = changes.slice(i + 1, after).some(({ kind, path }) => kind === 'sync' && path === folder)
    const [, found] = /step-(\d+)\.safetensors$/.exec(change.to) ?? []
    if (isDone && found) step = Math.max(step, Number(found))
    if (isDone && change.to === paths(run).onnx) model = true
  })
  return { step, model }
}

/** Checks that nothing finished is lost and nothing half-written is read. */
export function expectNothingLost(
  directory: string,
  finished: { readonly step: number; readonly model: boolean },
  straight: Straight,
): void {
  if (!isRun(directory)) {
    expect(finished).toEqual({ step: -1, model: false })
    return
  }
  expect(readRecord(directory).intact).toBe(true)
  const { checkpoint, damaged } = newestIntact(directory)
  expect(damaged).toEqual([])
  const step = checkpoint?.step ?? -1
  expect(step).toBeGreaterThanOrEqual(finished.step)
  if (checkpoint) expect(checkpoint.state).toEqual(straight.states.get(step))
  const lines = readMetrics(directory).map(withoutPace)
  expect(lines).toEqual(straight.lines.slice(0, lines.length))
  const due = straight.lines.filter(line => line.step <= step)
  expect(lines.length, 'lines before the checkpoint').toBeGreaterThanOrEqual(due.length)
  const { model } = paths(directory)
  if (finished.model) expect(existsSync(model)).toBe(true)
  if (existsSync(model)) {
    readModel(directory, 'ema')
    expect(readFileSync(model).equals(straight.model)).toBe(true)
  }
}

/** Lays a state out in a folder, and takes it away again. */
export async function inFolder(
  tree: Tree,
  at: string,
  check: (at: string) => void | Promise<void>,
): Promise<void> {
  rmSync(at, { recursive: true, force: true })
  materialise(tree, at)
  try {
    await check(at)
  } finally {
    rmSync(at, { recursive: true, force: true })
  }
}

/** The states of all checkpoints that a recorded training wrote, from its changes. */
function writtenStates(changes: readonly Change[], run: string, scratch: string): ReadonlyMap<number, State> {
  const disk = new Disk(run)
  const states = new Map<number, State>()
  for (const change of changes) {
    disk.apply(change)
    if (change.kind !== 'rename' || !/step-\d+\.safetensors$/.test(change.to)) continue
    rmSync(scratch, { recursive: true, force: true })
    materialise(disk.afterKill(), scratch)
    const step = checkpointSteps(scratch).at(-1)!
    states.set(step, newestIntact(scratch).checkpoint!.state)
  }
  rmSync(scratch, { recursive: true, force: true })
  return states
}

export const straightOf = (changes: readonly Change[], run: string, scratch: string): Straight => ({
  states: writtenStates(changes, run, scratch),
  lines: readMetrics(run).map(withoutPace),
  model: readFileSync(paths(run).model),
})

export const nameOf = ({ after, how }: Stopped): string => `after change ${after}: ${how}`
