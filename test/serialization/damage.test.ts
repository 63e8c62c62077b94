import { copyFileSync, cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { onnxProblem } from '../../src/runtime/protobuf.ts'
import { checkpointSteps } from '../../src/serialization/checkpoint.ts'
import { load } from '../../src/serialization/load.ts'
import { encodeOnnxModel } from '../../src/serialization/model.ts'
import { readModel } from '../../src/serialization/model-files.ts'
import { paths, readRecord } from '../../src/serialization/run.ts'
import {
  decodeSafetensors,
  encodeSafetensors,
  SafetensorsError,
} from '../../src/serialization/safetensors.ts'
import { encodeOnnxSampler } from '../../src/serialization/sampler-graph.ts'
import { train } from '../../src/training/train.ts'
import { runHere } from '../helpers/cli.ts'
import { temporaryFolder } from '../helpers/folder.ts'
import { metricsOf, newestCheckpoint, tiny } from '../helpers/training.ts'

const folder = temporaryFolder('damage')
const whole = join(folder, 'whole')
const config = { ...tiny, logEvery: 5, checkpointEvery: 10, chunk: 5 }
let runs = 0

/** A run of 20 steps with checkpoints of steps 10 and 20, to be damaged. */
function copy(): string {
  const directory = join(folder, `run-${runs++}`)
  cpSync(whole, directory, { recursive: true })
  return directory
}

const flip = (bytes: Uint8Array, at: number, bit = 0): void => {
  bytes[at] ^= 1 << bit
}

function flipIn(path: string, at: number): void {
  const bytes = readFileSync(path)
  flip(bytes, at < 0 ? bytes.length + at : at, 2)
  writeFileSync(path, bytes)
}

const checkpointOf = (directory: string, step: number): string =>
  join(paths(directory).checkpoints, `step-${String(step).padStart(6, '0')}.safetensors`)

const command = (words: string) => runHere(words.split(' '))

beforeAll(async () => {
  await train({ ...config, steps: 20 }, { directory: whole, threads: 1 })
  cpSync(whole, join(folder, 'straight'), { recursive: true })
  await train({ steps: 30 }, { directory: join(folder, 'straight'), resume: true, threads: 1 })
})

/** Every bit where it matters how the file is made, and every seventh further on. */
function everyFlip(bytes: Uint8Array, dense: number, isFound: (damaged: Uint8Array) => boolean): number[] {
  const missed: number[] = []
  for (let bit = 0; bit < 8 * bytes.length; bit += bit < 8 * dense ? 1 : 7) {
    flip(bytes, bit >> 3, bit & 7)
    if (!isFound(bytes)) missed.push(bit)
    flip(bytes, bit >> 3, bit & 7)
  }
  return missed
}

describe('one flipped bit anywhere is found', () => {
  const refuses = (bytes: Uint8Array): boolean => {
    try {
      decodeSafetensors(bytes, 'a.safetensors')
      return false
    } catch (error) {
      return error instanceof SafetensorsError
    }
  }

  test('in a safetensors file', () => {
    const data = Float32Array.from({ length: 40 }, Math.sin)
    const bytes = encodeSafetensors({
      tensors: { a: { shape: [40], data } },
      metadata: { format: 'oxbow', config: '{"oxbow_crc32":"00000000"}' },
    })
    expect(refuses(bytes)).toBe(false)
    expect(everyFlip(bytes, bytes.length, refuses)).toEqual([])
  })

  test('in an ONNX model and in a sampler', () => {
    const model = readModel(whole)
    const { bytes: sampler } = encodeOnnxSampler(model, { grid: [1, 0.5, 0], method: 'jump' })
    for (const bytes of [encodeOnnxModel(model), sampler]) {
      expect(onnxProblem(bytes)).toBeUndefined()
      expect(everyFlip(bytes, 1500, damaged => onnxProblem(damaged) !== undefined)).toEqual([])
    }
  })

  test('and files of others and of version 0.1.0 have no checksum', () => {
    const text = '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}'
    const bytes = new Uint8Array(8 + text.length + 4)
    new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
    bytes.set(new TextEncoder().encode(text), 8)
    expect(decodeSafetensors(bytes, 'a.safetensors').metadata).toEqual({ format: 'pt' })
  })
})

describe('a damaged model', () => {
  let run: string
  beforeAll(() => {
    run = copy()
    flipIn(paths(run).model, -5)
    flipIn(paths(run).onnx, 2000)
    copyFileSync(paths(run).model, join(folder, 'damaged.safetensors'))
  })

  test.each([
    ['sample RUN --out FOLDER/a.csv', 2],
    ['sample FOLDER/damaged.safetensors --out FOLDER/a.csv', 2],
    ['sample RUN/model.onnx --out FOLDER/a.csv', 2],
    ['evaluate RUN --count 100 --steps 1 --weights ema', 2],
    ['export RUN --out FOLDER/a.onnx', 2],
    ['import FOLDER/damaged.safetensors --convention oxbow --out FOLDER/imported', 2],
    ['train --objective lmd --teacher RUN --steps 1 --out FOLDER/student', 2],
    ['train --init-from FOLDER/damaged.safetensors --steps 1 --out FOLDER/from', 2],
    ['compare --objectives lmd --teacher RUN --training.steps 1 --out FOLDER/compared', 2],
  ])('%s', async (words, code) => {
    const outcome = await command(words.replaceAll('RUN', run).replaceAll('FOLDER', folder))
    expect(outcome.stderr).toMatch(
      /^oxbow: [^\n]*(model|damaged)\.\w+: is damaged \(its checksum differs\)[^\n]*\n$/,
    )
    expect(outcome.code).toBe(code)
    for (const name of ['a.csv', 'a.onnx', 'imported', 'student', 'from']) {
      expect(existsSync(join(folder, name))).toBe(false)
    }
  })

  test('is refused by load', async () => {
    await expect(load(run)).rejects.toThrow(/is damaged.*--resume --out .* writes it again/)
  })

  test('is written again by --resume', async () => {
    expect((await command(`train --resume --out ${run}`)).code).toBe(0)
    expect(readFileSync(paths(run).model)).toEqual(readFileSync(paths(whole).model))
  })
})

describe('a damaged checkpoint', () => {
  const onOneThread = { resume: true, threads: 1 }
  const notesOf = async (directory: string): Promise<readonly string[]> => {
    let notes: readonly string[] = []
    const onStart = (found: readonly string[]) => {
      notes = found
    }
    await train({ steps: 30 }, { directory, ...onOneThread, onStart })
    return notes
  }

  test.each([3, 60, 1200, -1])('is told, and the one before continues bit for bit (byte %i)', async at => {
    const run = copy()
    flipIn(checkpointOf(run, 20), at)
    const notes = await notesOf(run)
    expect(notes).toHaveLength(1)
    expect(notes[0]).toMatch(/step-000020\.safetensors: .*; goes on from step 10$/)
    expect(newestCheckpoint(run)).toEqual(newestCheckpoint(join(folder, 'straight')))
    expect(metricsOf(run)).toEqual(metricsOf(join(folder, 'straight')))
    expect(existsSync(`${checkpointOf(run, 20)}.damaged`)).toBe(true)
    expect(checkpointSteps(run)).toEqual([10, 20, 30])
  })

  test('with none before it is refused, and nothing is changed', async () => {
    const run = copy()
    for (const step of [10, 20]) flipIn(checkpointOf(run, step), -1)
    const { code, stderr } = await command(`train --resume --steps 30 --out ${run}`)
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^oxbow: .*step-000020\.safetensors: is damaged .*; so are the 1 before it; nothing is left/,
    )
    expect(checkpointSteps(run)).toEqual([10, 20])
  })

  test('is refused where raw weights are sampled', async () => {
    const run = copy()
    flipIn(checkpointOf(run, 20), -1)
    const { code, stderr } = await command(`sample ${run} --weights raw --out ${run}/a.csv`)
    expect([code, stderr]).toEqual([2, expect.stringMatching(/step-000020.*is damaged/)])
  })
})

describe('damaged lines of metrics.jsonl', () => {
  const damagedLog = (): { run: string; lines: string[] } => {
    const run = copy()
    const lines = readFileSync(paths(run).metrics, 'utf8').split('\n')
    lines[1] = lines[1].replace('"step"', '"stxp"')
    lines[2] = lines[2].slice(0, 30)
    writeFileSync(paths(run).metrics, lines.join('\n'))
    return { run, lines }
  }

  test('are told and kept by --resume', async () => {
    const { run, lines } = damagedLog()
    const { code, stderr } = await command(`train --resume --steps 25 --out ${run}`)
    expect(code).toBe(0)
    expect(stderr).toMatch(/metrics\.jsonl: lines 2, 3 are damaged/)
    const after = readFileSync(paths(run).metrics, 'utf8').split('\n')
    expect(after.slice(0, 4)).toEqual(lines.slice(0, 4))
    expect(after).toHaveLength(lines.length + 1)
  })

  test('are told by evaluate and report', async () => {
    const { run } = damagedLog()
    const evaluated = await command(
      `evaluate ${run} --count 200 --steps 1 --weights ema --metrics slicedWasserstein --no-report`,
    )
    expect([evaluated.code, evaluated.stderr]).toEqual([0, expect.stringMatching(/lines 2, 3 are damaged/)])
    const reported = await command(`report ${run}`)
    expect([reported.code, reported.stderr]).toEqual([0, expect.stringMatching(/lines 2, 3 are damaged/)])
  })

  test.each([
    [
      'an order that does not rise',
      (text: string) => text.replace('"step":10', '"step":70'),
      /line [23] is damaged/,
    ],
    [
      'a loss that is no number',
      (text: string) => text.replace(/"loss":[\d.]+/, '"loss":"x"'),
      /line 1 is damaged/,
    ],
    ['a line of something else', (text: string) => `[1]\n${text}`, /line 1 is damaged/],
  ])('%s', async (_, change, expected) => {
    const run = copy()
    writeFileSync(paths(run).metrics, change(readFileSync(paths(run).metrics, 'utf8')))
    expect((await command(`train --resume --out ${run}`)).stderr).toMatch(expected)
  })

  test('an unfinished last line of a killed process is none', async () => {
    const run = copy()
    writeFileSync(paths(run).metrics, readFileSync(paths(run).metrics, 'utf8').slice(0, -20))
    expect((await command(`train --resume --out ${run}`)).stderr).toBe('')
  })
})

describe('a config.json that was edited by hand', () => {
  const edited = (change: (text: string) => string): string => {
    const run = copy()
    const text = readFileSync(paths(run).config, 'utf8')
    writeFileSync(paths(run).config, change(text))
    return run
  }
  const resumed = (run: string) => command(`train --resume --steps 30 --out ${run}`)

  test.each([
    [
      '"learningRate": 0.001',
      '"learningRate": 0.002',
      /optimizer\.learningRate was changed from 0\.001 to 0\.002/,
    ],
    ['"batch": 32', '"batch": 64', /batch was changed from 32 to 64/],
    ['"dimension": 2', '"dimension": 3', /data\.dimension was changed from 2 to 3/],
  ])('%s to %s is refused, naming the key and both values', async (from, to, expected) => {
    const { code, stderr } = await resumed(edited(text => text.replace(from, to)))
    expect([code, stderr]).toEqual([2, expect.stringMatching(expected)])
  })

  test('is found without its checksum too', async () => {
    const run = edited(text =>
      text.replace('"batch": 32', '"batch": 64').replace(/,\s*"checksum": "\w+"/, ''),
    )
    expect((await resumed(run)).stderr).toMatch(/batch was changed from 32 to 64/)
  })

  test('is told where the key may change', async () => {
    const { code, stderr } = await command(
      `train --resume --out ${edited(text => text.replace('"steps": 20', '"steps": 25'))}`,
    )
    expect([code, stderr]).toEqual([0, expect.stringMatching(/steps was changed from 20 to 25/)])
  })

  test('is none where only its layout was changed, or a flag changes a key', async () => {
    const run = edited(text => JSON.stringify(JSON.parse(text)))
    expect(await resumed(run)).toMatchObject({ code: 0, stderr: '' })
    expect(await command(`train --resume --steps 35 --out ${run}`)).toMatchObject({ code: 0, stderr: '' })
  })

  test('is not used for raw weights', async () => {
    const run = edited(text => text.replace('"frequencies": 4', '"frequencies": 5'))
    const { code, stderr } = await command(`sample ${run} --weights raw --out ${run}/a.csv`)
    expect([code, stderr]).toEqual([2, expect.stringMatching(/config\.json: was changed/)])
  })
})

test('the number of threads is recorded, and another one is told', async () => {
  const run = copy()
  expect(readRecord(run).threads).toBe(1)
  let notes: readonly string[] = []
  const onStart = (found: readonly string[]) => {
    notes = found
  }
  await train({ steps: 30 }, { directory: run, resume: true, threads: 2, onStart })
  expect(notes).toEqual([expect.stringMatching(/^threads: the run began with 1 and goes on with 2/)])
})
