import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { UserConfig } from '../../src/config/index.ts'
import type { State } from '../../src/serialization/checkpoint.ts'
import { encodeSafetensors } from '../../src/serialization/safetensors.ts'
import { splitFiles } from '../../src/training/split/folder.ts'
import { takeBack } from '../../src/training/split/take-back.ts'
import { writeSplitTraining } from '../../src/training/split/write.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { some } from '../helpers/long.ts'
import { runSplit } from '../helpers/split.ts'
import { metricsOf, mixture, newestCheckpoint, stopAfter, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('split')

/** The largest difference of two vectors over the largest number of one. */
function distance(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(found.length).toBe(expected.length)
  let [difference, largest] = [0, 0]
  for (let i = 0; i < expected.length; i++) {
    difference = Math.max(difference, Math.abs(found[i] - expected[i]))
    largest = Math.max(largest, Math.abs(expected[i]))
  }
  return difference / (largest || 1)
}

/** The largest distance of the state's vectors that are parameters. */
function apart(
  found: State,
  expected: Readonly<Record<string, { readonly data: ArrayLike<number> }>>,
): number {
  const names = Object.keys(found).filter(name => /parameters|average/.test(name))
  return Math.max(...names.map(name => distance(found[name], expected[name].data)))
}

const STEPS = 20
const base = { ...tiny, batch: 32, diagonal: { fraction: 0.25 }, steps: STEPS, data: mixture } as const
const { diagonal: _, ...whole } = base
const dit = { kind: 'dit', hidden: 16, depth: 1, heads: 2, patch: 4 } as const

const CASES: Readonly<Record<string, UserConfig>> = {
  'lsd with an averaged target': base,
  'flow-matching': { ...whole, objective: 'flow-matching' },
  psd: { ...base, objective: 'psd' },
  meanflow: { ...whole, objective: 'meanflow' },
  'esd with schedules, clipping and decay': {
    ...base,
    objective: 'esd',
    schedule: { kind: 'cosine', warmup: 5 },
    optimizer: { name: 'adamw', weightDecay: 0.01, clip: 1 },
  },
  'lmd from an exact teacher': { ...whole, objective: 'lmd', teacher: 'exact' },
  'freeflow with an auxiliary network': { ...whole, objective: 'freeflow', teacher: 'exact' },
  'lsd with a learned weight': { ...base, loss: { learned: true } },
  'lsd by muon': { ...base, network: { ...tiny.network, layers: 2 }, optimizer: { name: 'muon' } },
  'psd of several batches': { ...base, objective: 'psd', optimizer: { accumulate: 3 } },
  'psd told of classes': { ...base, objective: 'psd', data: 'ring', condition: { kind: 'class' } },
  'lsd with matched noise': { ...base, coupling: { kind: 'ot' } },
  'psd of pictures': { ...base, objective: 'psd', batch: 8, steps: 6, data: 'glyphs', network: dit },
}

describe('the exported graphs train what oxbow train does', () => {
  test.each(some(Object.entries(CASES)))('%s', async (name, config) => {
    const run = join(folder, name.replaceAll(' ', '-'))
    await train(config, { directory: run, threads: 1 })
    const options = { fromStart: true, steps: config.steps }
    await writeSplitTraining(run, { ...options, folder: `${run}/one`, parts: 1 })
    await writeSplitTraining(run, { ...options, folder: `${run}/two`, parts: 2 })
    const [one, two] = [await runSplit(`${run}/one`), await runSplit(`${run}/two`)]
    expect(apart(one.state, newestCheckpoint(run))).toBeLessThan(2e-5)
    const halves = Object.fromEntries(Object.entries(one.state).map(([name, data]) => [name, { data }]))
    expect(apart(two.state, halves)).toBeLessThan(2e-5)
  })
})

/** Stands in for the launcher: writes what it would leave. */
async function launch(training: string, to?: number): Promise<void> {
  const { state, steps } = await runSplit(training, to)
  const { result, log } = splitFiles(training)
  const tensors = Object.fromEntries(
    Object.entries(state).map(([name, data]) => [name, { shape: [data.length], data }]),
  )
  writeFileSync(result, encodeSafetensors({ tensors, metadata: { step: String(steps.at(-1)!.step) } }))
  const lines = steps.map(step => JSON.stringify({ ...step, seconds: step.step / 10 }))
  // Steps that were made before it was killed, and again.
  writeFileSync(log, `${lines.slice(0, 3).join('\n')}\n{"step":4,"no\n${lines.join('\n')}\n`)
}

describe('a training that went elsewhere', () => {
  const config = { ...base, objective: 'psd', logEvery: 4 } as const

  test('comes back to its run, which goes on as if it had been trained there', async () => {
    const [run, other] = [join(folder, 'back'), join(folder, 'stayed')]
    await train(config, { directory: other, threads: 1 })
    await train({ ...config, chunk: 2 }, { directory: run, threads: 1, shouldStop: stopAfter(3) })
    const { step } = await writeSplitTraining(run, { folder: `${run}/training`, parts: 2 })
    expect(step).toBeGreaterThan(0)
    expect(step).toBeLessThan(14)
    await launch(`${run}/training`, 14)
    expect(await takeBack(`${run}/training`)).toMatchObject({ step: 14, steps: STEPS })
    await train({}, { directory: run, resume: true, threads: 1 })
    const expected = newestCheckpoint(other)
    for (const [name, { data }] of Object.entries(newestCheckpoint(run))) {
      expect(distance(data, expected[name].data), name).toBeLessThan(2e-5)
    }
    const [lines, same] = [run, other].map(metricsOf)
    expect(lines.map(line => line.step)).toEqual(same.map(line => line.step))
    lines.forEach(({ loss, gradientNorm }, i) => {
      expect(loss).toBeCloseTo(same[i].loss, 5)
      expect(gradientNorm).toBeCloseTo(same[i].gradientNorm, 5)
    })
  })

  test('is refused where it does not belong, and nothing is changed', async () => {
    const [run, further, another] = ['refused', 'further', 'another'].map(name => join(folder, name))
    const training = `${run}/training`
    await train({ ...config, steps: 1 }, { directory: run, threads: 1 })
    await writeSplitTraining(run, { folder: training, parts: 1, fromStart: true, steps: 6 })
    await expect(takeBack(training)).rejects.toThrow('result.safetensors: no such file')
    await launch(training)
    await train(config, { directory: further, threads: 1 })
    await expect(takeBack(training, further)).rejects.toThrow(/is already at step 20, and .* brings step 6/)
    await train({ ...config, batch: 64, steps: 1 }, { directory: another, threads: 1 })
    await expect(takeBack(training, another)).rejects.toThrow('batch: cannot change')
    const { log, result, signature } = splitFiles(training)
    const lines = readFileSync(log, 'utf8')
    writeFileSync(log, lines.replaceAll(/^\{"step":5,.*$/gm, ''))
    await expect(takeBack(training)).rejects.toThrow('log.jsonl: has no line of step 5')
    writeFileSync(log, lines)
    const bytes = readFileSync(result)
    writeFileSync(result, bytes.subarray(0, -4))
    await expect(takeBack(training)).rejects.toThrow(result)
    writeFileSync(result, bytes)
    const text = readFileSync(signature, 'utf8')
    writeFileSync(signature, text.replace('"batches": 1', '"batches": 0'))
    await expect(takeBack(training)).rejects.toThrow('training (batches is missing or wrong)')
    writeFileSync(signature, text)
    expect(metricsOf(run).map(line => line.step)).toEqual([1])
    expect(await takeBack(training)).toMatchObject({ step: 6 })
  })
})

describe('what cannot be divided is refused by name', () => {
  test.each<[string, UserConfig, number]>([
    ['objective: self-e trains its networks in alternation', { ...whole, objective: 'self-e' }, 1],
    ['adversarial: its network is trained in alternation', { ...base, adversarial: { weight: 0.1 } }, 1],
    [
      'coupling.kind: trajectory draws from trajectories',
      { ...whole, objective: 'cmt', teacher: 'exact', coupling: { kind: 'trajectory', pairs: 64 } },
      1,
    ],
    [
      'powerAverages: only oxbow train writes snapshots during training',
      { ...base, powerAverages: [0.1] },
      1,
    ],
    ['objective: imm compares the samples of a batch', { ...whole, objective: 'imm' }, 2],
    ['batch: 8 samples of a batch train the term diagonal, which 3 parts', base, 3],
  ])('%s', async (message, config, parts) => {
    const run = join(folder, `not-${message.split(' ').slice(0, 2).join('-').replace(':', '')}-${parts}`)
    await train({ ...config, steps: 1 }, { directory: run, threads: 1 })
    const options = { folder: `${run}/training`, parts, fromStart: true, steps: 5 }
    await expect(writeSplitTraining(run, options)).rejects.toThrow(message)
    if (parts > 1) await writeSplitTraining(run, { ...options, parts: 1 })
  })

  test('and a run that has no step left', async () => {
    const run = join(folder, 'done')
    await train({ ...base, steps: 1 }, { directory: run, threads: 1 })
    await expect(writeSplitTraining(run, { folder: `${run}/training`, parts: 1 })).rejects.toThrow(
      'steps: the run is at its last step, 1; set a larger number with --train-to',
    )
  })
})
