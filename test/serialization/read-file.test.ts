import { constants } from 'node:buffer'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { readEvaluation } from '../../src/evaluation/evaluate.ts'
import { openFeatures } from '../../src/evaluation/features/open.ts'
import { readWeights } from '../../src/importing/weights-file.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { load } from '../../src/serialization/load.ts'
import { readBytes, readText } from '../../src/serialization/read-file.ts'
import { paths, readMetrics, readRecord } from '../../src/serialization/run.ts'
import { train } from '../../src/training/train.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { tiny } from '../helpers/training.ts'

const folder = temporaryFolder('read-file')
const run = join(folder, 'run')
beforeAll(async () => {
  await train({ ...tiny, steps: 2 }, { directory: run })
})

/** A file with nothing in it, which takes no room on the disk. */
function sparse(path: string, bytes: number): string {
  writeFileSync(path, '')
  truncateSync(path, bytes)
  return path
}

let runs = 0
/** A run with one file of it in the place of another. */
function runWith(change: (directory: string) => void): string {
  const directory = join(folder, `run-${runs++}`)
  cpSync(run, directory, { recursive: true })
  change(directory)
  return directory
}

const HUGE = 3 * 2 ** 30
const LONG = constants.MAX_STRING_LENGTH + 1

/** The name of the file, what is wrong and what was expected, in a line. */
const tooLarge = (name: string, bytes: number, most = 2 ** 31 - 1) =>
  new RegExp(`^[^\\n]*${name}: is too large: ${bytes} bytes, expected at most ${most}[^\\n]*$`)

const outcome = async (action: () => unknown): Promise<string> => {
  try {
    await action()
    return 'read'
  } catch (error) {
    return (error as Error).message
  }
}

describe('a file that is too large to be read at once is refused by its name and size', () => {
  test.each([
    ['big.onnx', (file: string) => load(file)],
    ['big.safetensors', (file: string) => load(file)],
    ['features.onnx', (file: string) => openFeatures(nodeRuntime(), file, { dimension: 2 })],
    ['import.npz', (file: string) => readWeights(file)],
  ])('%s', async (name, read) => {
    const file = sparse(join(folder, name), HUGE)
    expect(await outcome(() => read(file))).toMatch(tooLarge(name, HUGE))
  })

  test('the files of a run', async () => {
    const checkpoint = join('checkpoints', readdirSync(paths(run).checkpoints)[0])
    for (const [name, read] of [
      ['model.safetensors', (directory: string) => load(directory)],
      [checkpoint, (directory: string) => load(directory, { weights: 'raw' })],
      [checkpoint, (directory: string) => train({ ...tiny }, { directory, resume: true })],
    ] as const) {
      const directory = runWith(at => sparse(join(at, name), HUGE))
      expect(await outcome(() => read(directory))).toMatch(tooLarge(name, HUGE))
    }
  })

  // A string has another limit than a file.
  test('texts of a run', async () => {
    for (const [name, read] of [
      ['metrics.jsonl', readMetrics],
      ['config.json', readRecord],
      ['evaluation.json', readEvaluation],
    ] as const) {
      const directory = runWith(at => sparse(join(at, name), LONG))
      expect(await outcome(() => read(directory))).toMatch(tooLarge(name, LONG, constants.MAX_STRING_LENGTH))
    }
  })
})

test('what is no file is not read: a pipe waits for ever, a device has no end', async () => {
  const pipe = join(folder, 'pipe.onnx')
  spawnSync('mkfifo', [pipe])
  symlinkSync('/dev/zero', join(folder, 'zero.onnx'))
  mkdirSync(join(folder, 'folder'))
  expect(() => readBytes(pipe)).toThrow(/pipe\.onnx: is a pipe or a device, expected a file/)
  expect(() => readText(join(folder, 'folder'))).toThrow(/folder: is a directory, expected a file/)
  expect(await outcome(() => load(join(folder, 'zero.onnx')))).toMatch(/zero\.onnx: is a pipe or a device/)
  const directory = runWith(at => {
    rmSync(paths(at).metrics)
    symlinkSync('/dev/zero', paths(at).metrics)
  })
  expect(() => readMetrics(directory)).toThrow(/metrics\.jsonl: is a pipe or a device, expected a file/)
})
