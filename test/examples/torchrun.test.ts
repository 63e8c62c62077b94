import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { decodeSafetensors } from '../../src/serialization/safetensors.ts'
import { COMMAND, run } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { newestCheckpoint } from '../helpers/training.ts'

const LAUNCHER = resolve('examples/torchrun/train.py')
/** `OXBOW_PYTHON` names one that has torch, onnxruntime, numpy and safetensors. */
const python = process.env.OXBOW_PYTHON ?? 'python3'
const folder = temporaryFolder('torchrun')

function hasPackages(): boolean {
  try {
    execFileSync(python, ['-c', 'import torch.distributed, onnxruntime, safetensors.numpy'], {
      stdio: 'ignore',
    })
    return true
  } catch {
    return false
  }
}

/** Launches a training by some processes, which go on from what they saved. */
function launch(training: string, processes: number): string {
  const one = ['-m', 'torch.distributed.run', '--standalone', '--nproc-per-node', String(processes)]
  const command = `"${process.execPath}" "${COMMAND}"`
  const args = [...one, LAUNCHER, training, '--threads', '1', '--oxbow', command]
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', timeout: 600_000 })
  expect(status, stderr).toBe(0)
  return stdout
}

const stateOf = (training: string) => {
  const file = join(training, 'result.safetensors')
  return decodeSafetensors(readFileSync(file), file).tensors
}

/** The largest difference of any two numbers over the largest number. */
function distance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const all = Array.from(b)
  return Math.max(...all.map((value, i) => Math.abs(a[i] - value))) / Math.max(...all.map(Math.abs))
}

test('the launcher is under 150 lines', () => {
  expect(readFileSync(LAUNCHER, 'utf8').split('\n').length).toBeLessThan(150)
})

test('two processes train what one does, and one what oxbow train does', {
  timeout: 1_200_000,
}, async context => {
  if (!hasPackages()) {
    return context.skip(`${python} has no torch, onnxruntime and safetensors; OXBOW_PYTHON names another`)
  }
  const [begun, one, two, own] = ['begun', 'one', 'two', 'own'].map(name => join(folder, name))
  const config = [
    '--objective',
    'lsd',
    '--batch',
    '64',
    '--diagonal.fraction',
    '0.25',
    '--network.hidden',
    '32',
  ]
  const training = async (out: string, ...more: string[]) => {
    const { code, stderr } = await run(['train', ...config, '--data', 'ring', '--out', out, ...more])
    expect(code, stderr).toBe(0)
  }
  await training(begun, '--steps', '1')
  const exported = await run([
    'export',
    begun,
    '--format',
    'training',
    '--from-start',
    '--train-to',
    '50',
    '--parts',
    '2',
    '--json',
  ])
  expect(exported, exported.stderr).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(exported.stdout)).toMatchObject({ step: 0, steps: 50, parts: 2 })
  for (const copy of [one, two]) cpSync(begun, copy, { recursive: true })
  expect(launch(join(one, 'training'), 1)).toContain('step 50 of 50')
  launch(join(two, 'training'), 2)
  const [single, double] = [one, two].map(each => stateOf(join(each, 'training')))
  for (const [name, { data }] of Object.entries(single)) {
    expect(distance(double[name].data, data), name).toBeLessThan(1e-6)
  }
  await training(own, '--steps', '50')
  const expected = newestCheckpoint(own)
  for (const name of ['map.parameters', 'map.average']) {
    expect(distance(single[name].data, expected[name].data), name).toBeLessThan(1e-5)
  }
  const back = await run(['import', join(two, 'training'), '--json'])
  expect(JSON.parse(back.stdout)).toMatchObject({ step: 50, steps: 50 })
  expect(newestCheckpoint(two)['map.parameters'].data).toEqual(double['map.parameters'].data)
})
